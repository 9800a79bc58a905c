//! Invitations: issued, issued again, taken back, redeemed.

use rollcall_domain::{
    Code,
    id::{InvitationId, TeamId},
    invitation::InvitationStatus::{Expired, Live, Redeemed, Revoked},
    limits::INVITATION_LIFETIME,
    permission::Permission,
    role_id::RoleId,
};

use super::{Attempt, Outcome};
use crate::model::{operation::Operation, state::Offer};

impl Attempt<'_> {
    pub(super) fn act_on_invitations(self, operation: &Operation, made: &str) -> Outcome {
        match operation {
            Operation::Issue { team, role, login } => {
                self.permit(Permission::MembersManage, *team)?;
                self.check_named(*team, *role)?;
                let mut after = self.state.clone();
                let offer = self.offer(*team, *role, login.clone());
                after.invitations.insert(InvitationId::parse(made).unwrap(), offer);
                Ok(after)
            }
            Operation::Reissue { team, invitation } => {
                let offer = self.found(*team, *invitation)?;
                if matches!(offer.status, Redeemed | Revoked) || self.state.role(*team, offer.role_id).is_none() {
                    return Err(Code::InvitationEnded);
                }
                let mut after = self.state.clone();
                let fresh = self.offer(*team, offer.role_id, offer.login.clone());
                if offer.status == Live {
                    after.invitations.get_mut(invitation).unwrap().status = Revoked;
                }
                after.invitations.insert(InvitationId::parse(made).unwrap(), fresh);
                Ok(after)
            }
            Operation::Revoke { team, invitation } => {
                let offer = self.found(*team, *invitation)?;
                let mut after = self.state.clone();
                match offer.status {
                    Live => after.invitations.get_mut(invitation).unwrap().status = Revoked,
                    Expired | Revoked => {}
                    Redeemed => return Err(Code::InvitationEnded),
                }
                Ok(after)
            }
            Operation::Redeem { invitation, .. } => self.redeem(*invitation),
            _ => unreachable!("{operation:?} is about something else"),
        }
    }

    /// One that the caller may end: its role, or what it was at issue, must be the caller's to give.
    fn found(self, team: TeamId, invitation: InvitationId) -> Result<Offer, Code> {
        self.permit(Permission::MembersManage, team)?;
        let offer = self.state.invitations.get(&invitation).filter(|offer| offer.team_id == team);
        let offer = offer.ok_or(Code::NotFound)?;
        let allowed = self.state.role(team, offer.role_id).unwrap_or_else(|| offer.allowed.clone());
        if self.may_grant(team, offer.role_id, &allowed) { Ok(offer.clone()) } else { Err(Code::Forbidden) }
    }

    fn offer(self, team_id: TeamId, role_id: RoleId, login: Option<String>) -> Offer {
        let allowed = self.state.role(team_id, role_id).unwrap_or_default();
        let expires_at = self.state.now + INVITATION_LIFETIME;
        Offer { team_id, role_id, allowed, login, issuer: self.user, status: Live, expires_at }
    }

    fn redeem(self, invitation: InvitationId) -> Outcome {
        if self.is_admin() {
            return Err(Code::Forbidden);
        }
        if !self.person.is_proved {
            return Err(Code::EmailNotVerified);
        }
        let offer = self.state.invitations.get(&invitation).filter(|offer| offer.status == Live);
        let offer = offer.ok_or(Code::InvitationInvalid)?;
        let (team, role) = (offer.team_id, offer.role_id);
        let issuer = self.state.users.get(&offer.issuer).filter(|issuer| issuer.is_enabled);
        let issuer = Attempt { user: offer.issuer, person: issuer.ok_or(Code::InvitationInvalid)?, ..self };
        let allowed = self.state.role(team, role).ok_or(Code::InvitationInvalid)?;
        let is_for_me = offer.login.as_ref().is_none_or(|login| *login == self.person.login);
        if !issuer.may_grant(team, role, &allowed) || !is_for_me {
            return Err(Code::InvitationInvalid);
        }
        self.state.check_may_join(self.user, team)?;
        let mut after = self.state.clone();
        after.users.get_mut(&self.user).unwrap().teams.insert(team, role);
        after.invitations.get_mut(&invitation).unwrap().status = Redeemed;
        Ok(after)
    }
}
