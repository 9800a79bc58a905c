//! Redeeming an invitation: everything that the decision needs, and the commit.

use rollcall_domain::{
    Code, Timestamp,
    id::UserId,
    invitation::Invitation,
    role::Role,
    role_id::RoleId,
    team::{Member, Team},
    user::User,
};

use crate::{
    commit::Commit,
    error::Fault,
    invitation::put_ended,
    invitation_code::CodePointer,
    keys,
    member::{join_invited, still_authorised},
    table::Store,
};

/// An invitation and what it refers to, as of one moment.
#[derive(Debug)]
pub struct InvitationDetails {
    /// The invitation itself.
    pub invitation: Invitation,
    /// Its team, also if that is deleted.
    pub team: Team,
    /// Its role as stored now.
    pub role: Role,
    /// Who issued it.
    pub issuer: User,
}

impl InvitationDetails {
    /// The number of the team's live invitations that are bound to a login and stay so once this one is redeemed.
    pub fn bound_left(&self) -> u32 {
        self.team.bound.saturating_sub(u32::from(self.invitation.is_counted_as_bound))
    }
}

impl Store {
    /// The details of a code's invitation, and the redeemer, in one consistent read. There are no details if any part
    /// of them is missing.
    pub async fn invitation_details(
        &self,
        pointer: &CodePointer,
        redeemer: Option<UserId>,
    ) -> Result<(Option<InvitationDetails>, Option<User>), Fault> {
        let team_id = pointer.team_id;
        let invitation = keys::invitation(team_id, pointer.invitation_id);
        let (team, issuer) = (keys::team(team_id), keys::user(pointer.issuer_id));
        let custom_role = pointer.role_id.custom().map(|role_id| keys::role(team_id, role_id));
        let redeemer = redeemer.map(keys::user);
        let required = [invitation.clone(), team.clone(), issuer.clone()];
        let items = self.items_by_key(required.into_iter().chain(custom_role).chain(redeemer.clone())).await?;
        let role = match pointer.role_id {
            RoleId::Preset(preset) => Some(preset.into()),
            RoleId::Custom(role_id) => items.get(&keys::role(team_id, role_id))?,
        };
        let details = match (items.get(&invitation)?, items.get(&team)?, role, items.get(&issuer)?) {
            (Some(invitation), Some(team), Some(role), Some(issuer)) => {
                Some(InvitationDetails { invitation, team, role, issuer })
            }
            _ => None,
        };
        let redeemer = redeemer.map_or(Ok(None), |key| items.get(&key))?;
        Ok((details, redeemer))
    }
}

/// Redeems an invitation: it ends, and the user becomes a member. The caller adds the team to the user.
///
/// Condition: the issuer is still authorised at `now` to grant the role, by the role that was read.
pub fn redeem(
    details: &InvitationDetails,
    after: &Invitation,
    joining: (&User, &Member),
    issuers_role: Option<&Role>,
    now: Timestamp,
) -> Result<Commit, Fault> {
    let commit = Commit::new(put_ended(&details.invitation, after)?);
    let commit = commit.extended(join_invited(details, joining)?);
    let by_role = issuers_role.map(|role| (details.team.team_id, role));
    Ok(commit.with_checks(still_authorised(&details.issuer, by_role, now, Code::Conflict)))
}
