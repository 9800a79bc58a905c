//! Invitations: issue, reissue, revoke and redeem.

use rollcall_domain::{
    Code,
    id::{InvitationId, TeamId},
    invitation::InvitationStatus::{Expired, Live, Redeemed, Revoked},
    limits::INVITATION_LIFETIME,
    permission::Permission,
    role_id::RoleId,
};

use super::{Attempt, Outcome};
use crate::model::{operation::Operation, state::InvitationState};

impl Attempt<'_> {
    pub(super) fn invitation_outcome(self, operation: &Operation, new_id: &str) -> Outcome {
        match operation {
            Operation::Issue { team, role, login } => {
                self.permit(Permission::MembersManage, *team)?;
                self.check_role_in_body(*team, *role)?;
                self.check_bound(*team, login.as_deref(), Code::ValidationFailed)?;
                let mut after = self.state.clone();
                let issued = self.new_invitation(*team, *role, login.clone());
                after.invitations.insert(InvitationId::parse(new_id).unwrap(), issued);
                Ok(after)
            }
            Operation::Reissue { team, invitation } => {
                let before = self.manageable(*team, *invitation)?;
                if matches!(before.status, Redeemed | Revoked) || self.state.role(*team, before.role_id).is_none() {
                    return Err(Code::InvitationEnded);
                }
                self.check_bound(*team, before.login.as_deref(), Code::NotAMember)?;
                let mut after = self.state.clone();
                let issued = self.new_invitation(*team, before.role_id, before.login.clone());
                if before.status == Live {
                    after.invitations.get_mut(invitation).unwrap().status = Revoked;
                }
                after.invitations.insert(InvitationId::parse(new_id).unwrap(), issued);
                Ok(after)
            }
            Operation::Revoke { team, invitation } => {
                let before = self.manageable(*team, *invitation)?;
                let mut after = self.state.clone();
                match before.status {
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

    /// An invitation that the caller may reissue or revoke: they may grant its role, or, if the role was deleted, the
    /// permissions it had at issue.
    fn manageable(self, team: TeamId, invitation: InvitationId) -> Result<InvitationState, Code> {
        self.permit(Permission::MembersManage, team)?;
        let found = self.state.invitations.get(&invitation).filter(|found| found.team_id == team);
        let found = found.ok_or(Code::NotFound)?;
        let allowed = self.state.role(team, found.role_id).unwrap_or_else(|| found.allowed.clone());
        if self.may_grant(team, found.role_id, &allowed) { Ok(found.clone()) } else { Err(Code::Forbidden) }
    }

    fn new_invitation(self, team_id: TeamId, role_id: RoleId, login: Option<String>) -> InvitationState {
        let allowed = self.state.role(team_id, role_id).unwrap_or_default();
        let expires_at = self.state.now + INVITATION_LIFETIME;
        InvitationState { team_id, role_id, allowed, login, issuer: self.user, status: Live, expires_at }
    }

    /// An invitation is bound only to a login that could redeem it.
    fn check_bound(self, team: TeamId, login: Option<&str>, refusal: Code) -> Result<(), Code> {
        let bound = login.and_then(|login| self.state.named(login)).map(|(_, user)| user);
        let cannot = bound.is_some_and(|user| user.user_type.is_admin() || user.teams.contains_key(&team));
        if cannot { Err(refusal) } else { Ok(()) }
    }

    fn redeem(self, invitation: InvitationId) -> Outcome {
        if self.is_admin() {
            return Err(Code::Forbidden);
        }
        if !self.person.has_verified_email {
            return Err(Code::EmailNotVerified);
        }
        let found = self.state.invitations.get(&invitation).filter(|found| found.status == Live);
        let found = found.ok_or(Code::InvitationInvalid)?;
        let (team, role) = (found.team_id, found.role_id);
        let issuer = self.state.users.get(&found.issuer).filter(|issuer| issuer.is_enabled);
        let issuer = Attempt { user: found.issuer, person: issuer.ok_or(Code::InvitationInvalid)?, ..self };
        let allowed = self.state.role(team, role).ok_or(Code::InvitationInvalid)?;
        let is_for_caller = found.login.as_ref().is_none_or(|login| *login == self.person.login);
        if !issuer.may_grant(team, role, &allowed) || !is_for_caller {
            return Err(Code::InvitationInvalid);
        }
        self.state.check_can_join(self.user, team)?;
        let mut after = self.state.clone();
        after.users.get_mut(&self.user).unwrap().teams.insert(team, role);
        after.invitations.get_mut(&invitation).unwrap().status = Redeemed;
        after.end_bound(team, &self.person.login);
        Ok(after)
    }
}
