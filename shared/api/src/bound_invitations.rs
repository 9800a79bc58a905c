//! Invitations that are bound to a login: ended once the login has joined the team another way, because it has no use
//! for them any more.

use rollcall_domain::{Timestamp, audit::Action, id::TeamId, limits::MAX_ENDED_AT_ONCE, text::Login};

use crate::{context::Context, invitation_end::end_by_system, problem::Problem};

/// Ends the team's live invitations that are bound to this login, after it has joined.
///
/// A failure is only logged: the membership is committed. What is left expires within a day. Until then it can be
/// redeemed if the login leaves the team.
pub async fn end_after_joining(context: &Context, team_id: TeamId, login: &Login, now: Timestamp) {
    if let Err(problem) = end_all(context, team_id, login, now).await {
        tracing::warn!(%problem, %team_id, "bound invitations could not be ended");
    }
}

async fn end_all(context: &Context, team_id: TeamId, login: &Login, now: Timestamp) -> Result<(), Problem> {
    // Read after the login has joined: no invitation can be bound to it any more.
    if context.store.team(team_id).await?.is_none_or(|team| team.bound == 0) {
        return Ok(());
    }
    let bound = context.store.invitations_bound_to(team_id, login, now).await?;
    for invitation in bound.into_iter().take(MAX_ENDED_AT_ONCE) {
        let id = (team_id, invitation.invitation_id);
        end_by_system(context, id, Action::InvitationRevoke, |live| live.is_live(now).then(|| live.revoked())).await?;
    }
    Ok(())
}
