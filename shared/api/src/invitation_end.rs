//! Ending an invitation that nobody asked to end: its time is over, or its login has joined the team another way.

use rollcall_domain::{
    Code,
    audit::Action,
    id::{InvitationId, TeamId},
    invitation::{self, Invitation},
};
use rollcall_store::invitation::end;

use crate::{
    context::Context,
    plan::{Authority, Plan},
    problem::Problem,
    retry::retry_on_conflict,
};

/// Whether a call has ended an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is stored as ended from now on.
    Ended,
    /// It is as it was, has ended before, or its team is gone.
    Unchanged,
}

/// Ends an invitation as `decide` says, recorded as done by the system. Idempotent: of several callers one writes the
/// change.
pub(crate) async fn end_by_system(
    context: &Context,
    (team_id, invitation_id): (TeamId, InvitationId),
    action: Action,
    decide: impl Fn(Invitation) -> Option<Invitation>,
) -> Result<Ending, Problem> {
    retry_on_conflict(|| async {
        let Some(before) = context.store.invitation(team_id, invitation_id).await? else {
            return Ok(Ending::Unchanged);
        };
        let Some(after) = decide(before.clone()) else { return Ok(Ending::Unchanged) };
        // The cleanup of a deleted team removes its invitations.
        let Some(team) = context.store.team(team_id).await? else { return Ok(Ending::Unchanged) };
        let role = context.store.role(team.team_id, before.role.role_id).await?.ok_or(Code::Conflict)?;
        let change = invitation::change(action, Some(&before), Some(&after));
        context.commit(Plan::new(Authority::System, end(&before, &after, &role)?).audit(change)).await?;
        Ok(Ending::Ended)
    })
    .await
}
