//! The end of a team that was deleted: in steps, each of which leaves both sides of a membership in agreement.

use rollcall_api::{Authority, Context, NotCommitted, Plan, Problem};
use rollcall_domain::{
    Timestamp,
    id::TeamId,
    limits::{MAX_PAGE, TEAM_END_STEPS},
    team::Team,
};
use rollcall_store::{
    Commit, credential::CredentialChange, invitation, member::purge_member, role::purge_role, team::finalise,
    user::change,
};

use crate::{CleanupReport, DueOutcome};

/// Takes a deleted team apart: its members leave, its invitations and roles go, then the team itself. What one run does
/// not get to, the next does.
pub(crate) async fn end(
    context: &Context,
    team_id: TeamId,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    let found = context.store.team_or_tombstone(team_id).await?;
    let Some(team) = found.filter(|team| team.deleting_at.is_some()) else { return Ok(DueOutcome::Over) };
    let mut steps = 0;
    while steps < TEAM_END_STEPS {
        let taken = match remove_members(context, &team, now, report).await? {
            0 => forget_rest(context, &team).await?,
            taken => taken,
        };
        if taken == 0 {
            if written(context, finalise(&team)).await? {
                report.teams_deleted += 1;
            }
            return Ok(DueOutcome::Over);
        }
        steps += taken;
    }
    report.more = true;
    Ok(DueOutcome::Pending)
}

/// Takes some members off, and tells how many were there.
async fn remove_members(
    context: &Context,
    team: &Team,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<usize, Problem> {
    let users = context.store.users_of_team(team.team_id, None, MAX_PAGE).await?.items;
    for before in &users {
        let after = before.clone().left(team.team_id, now);
        let commit = change(before, &after, CredentialChange::Kept)?.and(purge_member(team.team_id, before.user_id));
        // Whoever changed meanwhile is there again when the next ones are read.
        if written(context, commit).await? {
            report.members_removed += 1;
        }
    }
    Ok(users.len())
}

/// Forgets some invitations, and once there are none the roles; tells how many there were.
async fn forget_rest(context: &Context, team: &Team) -> Result<usize, Problem> {
    let invitations = context.store.invitations(team.team_id, None, MAX_PAGE).await?.items;
    for invitation in &invitations {
        written(context, invitation::purge(invitation)).await?;
    }
    if !invitations.is_empty() {
        return Ok(invitations.len());
    }
    let roles = context.store.custom_roles(team.team_id).await?;
    let role_ids = roles.iter().filter_map(|role| role.role_id.custom());
    for role_id in role_ids {
        written(context, Commit::new([purge_role(team.team_id, role_id)])).await?;
    }
    Ok(roles.len())
}

/// Writes, and returns whether the conditions held: they do not if a concurrent run or request was first.
async fn written(context: &Context, writes: Commit) -> Result<bool, Problem> {
    match context.try_commit(Plan::new(Authority::System, writes)).await {
        Ok(_) => Ok(true),
        Err(NotCommitted::Refused(_)) => Ok(false),
        Err(NotCommitted::Problem(problem)) => Err(problem),
    }
}
