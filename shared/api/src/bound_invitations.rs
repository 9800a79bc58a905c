//! Invitations that are bound to a login: ended once the login has joined the team another way, because nobody could
//! redeem them any more.

use rollcall_domain::{Code, Timestamp, audit::Action, id::InvitationId, invitation, team::Team, text::Login};
use rollcall_store::invitation::end;

use crate::{
    context::Context,
    plan::{Authority, Plan},
    problem::Problem,
    retry::retry_on_conflict,
};

/// Ends the team's live invitations that are bound to this login, after it has joined. `team` is the team before that.
///
/// A failure is only logged: the membership is committed, and what is left expires within a day, unusable.
pub async fn end_after_joining(context: &Context, team: &Team, login: &Login, now: Timestamp) {
    if team.bound > 0
        && let Err(problem) = end_all(context, team, login, now).await
    {
        tracing::warn!(%problem, team_id = %team.team_id, "bound invitations could not be ended");
    }
}

async fn end_all(context: &Context, team: &Team, login: &Login, now: Timestamp) -> Result<(), Problem> {
    for invitation in context.store.invitations_bound_to(team.team_id, login, now).await? {
        retry_on_conflict(|| end_one(context, team, invitation.invitation_id, now)).await?;
    }
    Ok(())
}

async fn end_one(context: &Context, team: &Team, invitation_id: InvitationId, now: Timestamp) -> Result<(), Problem> {
    let found = context.store.invitation(team.team_id, invitation_id).await?;
    let Some(before) = found.filter(|invitation| invitation.is_live(now)) else { return Ok(()) };
    let role = context.store.role(team.team_id, before.role.role_id).await?.ok_or(Code::Conflict)?;
    let after = before.clone().revoked();
    let change = invitation::change(Action::InvitationRevoke, Some(&before), Some(&after));
    context.commit(Plan::new(Authority::System, end(&before, &after, &role)?).audit(change)).await.map(drop)
}
