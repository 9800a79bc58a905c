//! Invitations past their 24 hours: ended by the cleanup, or earlier where they stand in a request's way.

use rollcall_domain::{
    Code, Timestamp,
    audit::Action,
    id::{InvitationId, TeamId},
    limits::MAX_ENDED_AT_ONCE,
};

use crate::{
    context::Context,
    invitation_end::{Ending, end_by_system},
    problem::Problem,
};

/// Ends an invitation whose 24 hours are over.
pub async fn expire(
    context: &Context,
    team_id: TeamId,
    invitation_id: InvitationId,
    now: Timestamp,
) -> Result<Ending, Problem> {
    end_by_system(context, (team_id, invitation_id), Action::InvitationExpire, |live| live.expired(now)).await
}

/// Makes room where a request was refused because of live invitations: ends some of the team's that are past their time
/// but not yet cleaned up. Returns `conflict`, so that the request is decided again, or `refused` if there were none.
pub async fn make_room(context: &Context, refused: Problem, team_id: TeamId, now: Timestamp) -> Problem {
    let ended = async {
        let overdue = context.store.overdue_invitations(team_id, now, MAX_ENDED_AT_ONCE).await?;
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
