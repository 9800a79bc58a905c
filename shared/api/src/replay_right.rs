//! The right to be shown a stored reply again. A reply with a generated password or an invitation code is one that may
//! still work, so a caller who has lost the right to obtain it since is refused, as a new request would be.

use rollcall_domain::{
    Code,
    id::{TeamId, UserId},
    permission::{Permission, UserAction},
    role_id::RoleId,
    webhook::Webhook,
};
use serde::{Deserialize, Serialize};

use crate::{actor::Actor, context::Context, problem::Problem};

/// What the caller must still be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplayRight {
    /// To create a user of the type that this one has.
    CreateUser(UserId),
    /// To reset this user's password.
    ResetPassword(UserId),
    /// To give this role of a team.
    Grant(TeamId, RoleId),
    /// To manage the webhooks of a team or, without one, of the platform.
    ManageWebhooks(Option<TeamId>),
    /// To manage the API keys of this user: one's own, or as an admin of the platform.
    ManageKeys(UserId),
    /// To manage the API keys of this service account of a team.
    ManageTeamKeys(TeamId, UserId),
}

impl ReplayRight {
    /// Checks the right as it is now.
    pub(crate) async fn check(self, context: &Context, actor: &Actor) -> Result<(), Problem> {
        match self {
            Self::CreateUser(user_id) => check_user(context, actor, UserAction::Create, user_id).await,
            Self::ResetPassword(user_id) => check_user(context, actor, UserAction::ResetPassword, user_id).await,
            Self::ManageKeys(user_id) if user_id == actor.user.user_id => Ok(()),
            Self::ManageKeys(user_id) => check_user(context, actor, UserAction::ManageKeys, user_id).await,
            Self::Grant(team_id, role_id) => check_grant(context, actor, (team_id, role_id)).await,
            Self::ManageTeamKeys(team_id, user_id) => {
                // If the account has another role now, others may manage its keys. If it has left the team, none of its
                // keys works.
                let Some(member) = context.store.member(team_id, user_id).await? else { return Ok(()) };
                check_grant(context, actor, (team_id, member.role_id)).await
            }
            Self::ManageWebhooks(owner) => Ok(Webhook::permit(&actor.rights, owner)?),
        }
    }
}

async fn check_grant(context: &Context, actor: &Actor, (team_id, role_id): (TeamId, RoleId)) -> Result<(), Problem> {
    actor.rights.permit(Permission::MembersManage, team_id)?;
    let role = context.store.role(team_id, role_id).await?;
    let may_grant = role.is_some_and(|role| actor.rights.may_grant(&role, team_id));
    if may_grant { Ok(()) } else { Err(Code::Forbidden.into()) }
}

async fn check_user(context: &Context, actor: &Actor, action: UserAction, user_id: UserId) -> Result<(), Problem> {
    if !actor.rights.is_platform_admin() {
        return Err(Code::NotFound.into());
    }
    // Nobody can sign in as a user who is gone, so nothing has to be kept from the caller.
    let Some(user) = context.store.user(user_id).await? else { return Ok(()) };
    let is_allowed = action.is_allowed(actor.acting_type(), user.user_type);
    if is_allowed { Ok(()) } else { Err(Code::Forbidden.into()) }
}
