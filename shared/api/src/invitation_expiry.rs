//! Invitations past their 24 hours: ended by the cleanup, or earlier where they stand in a request's way.

use rollcall_domain::{
    Code, Timestamp,
    audit::Action,
    id::{InvitationId, TeamId},
    invitation,
    limits::MAX_EXPIRED_AT_ONCE,
};
use rollcall_store::invitation::end;

use crate::{
    context::Context,
    plan::{Authority, Plan},
    problem::Problem,
    retry::retry_on_conflict,
};

/// Whether an invitation was ended by [`expire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It is stored as expired from now on.
    Expired,
    /// It is still live, has ended before, or its team is gone.
    Unchanged,
}

/// Ends an invitation whose 24 hours are over. Idempotent: of several callers one writes the change.
pub async fn expire(
    context: &Context,
    team_id: TeamId,
    invitation_id: InvitationId,
    now: Timestamp,
) -> Result<Expiry, Problem> {
    retry_on_conflict(|| async {
        let Some(before) = context.store.invitation(team_id, invitation_id).await? else {
            return Ok(Expiry::Unchanged);
        };
        let Some(after) = before.clone().expired(now) else { return Ok(Expiry::Unchanged) };
        // The cleanup of a deleted team removes its invitations.
        let Some(team) = context.store.team(team_id).await? else { return Ok(Expiry::Unchanged) };
        let role = context.store.role(team.team_id, before.role.role_id).await?.ok_or(Code::Conflict)?;
        let change = invitation::change(Action::InvitationExpire, Some(&before), Some(&after));
        let writes = end(&before, &after, &role)?;
        context.commit(Plan::new(Authority::System, writes).audit(change)).await?;
        Ok(Expiry::Expired)
    })
    .await
}

/// Makes room where a request was refused because of live invitations: ends some of the team's that are past their time
/// but not yet cleaned up. Returns `conflict`, so that the request is decided again, or `refused` if there were none.
pub async fn make_room(context: &Context, refused: Problem, team_id: TeamId, now: Timestamp) -> Problem {
    let ended = async {
        let overdue = context.store.overdue_invitations(team_id, now, MAX_EXPIRED_AT_ONCE).await?;
        for invitation in &overdue {
            expire(context, team_id, invitation.invitation_id, now).await?;
        }
        Ok::<_, Problem>(!overdue.is_empty())
    };
    match ended.await {
        Ok(true) => Code::Conflict.into(),
        Ok(false) => refused,
        Err(problem) => problem,
    }
}
