//! Removing a deleted team in steps, each of which keeps user and team consistent.

use rollcall_api::{Authority, Context, NotCommitted, Plan, Problem, membership_end::without_team};
use rollcall_domain::{
    Timestamp,
    id::TeamId,
    limits::{MAX_PAGE, TEAM_CLEANUP_STEPS},
    team::Team,
};
use rollcall_store::{Commit, invitation, member::purge_member, role::purge_role, team::finalise, webhook};

use crate::{CleanupReport, DueOutcome};

/// Removes a deleted team: first its members, then its invitations, webhooks and roles, then the team itself. The next
/// run goes on where this one stops.
pub(crate) async fn end(
    context: &Context,
    team_id: TeamId,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    let found = context.store.team_or_tombstone(team_id).await?;
    let Some(team) = found.filter(|team| team.deleting_at.is_some()) else { return Ok(DueOutcome::Done) };
    let mut steps = 0;
    while steps < TEAM_CLEANUP_STEPS {
        let taken = match remove_members(context, &team, now, report).await? {
            0 => forget_rest(context, &team).await?,
            taken => taken,
        };
        if taken == 0 {
            if written(context, finalise(&team)).await? {
                report.teams_deleted += 1;
            }
            return Ok(DueOutcome::Done);
        }
        steps += taken;
    }
    report.more = true;
    Ok(DueOutcome::Pending)
}

/// Removes some members. Returns how many were found.
async fn remove_members(
    context: &Context,
    team: &Team,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<usize, Problem> {
    let users = context.store.users_of_team(team.team_id, None, MAX_PAGE).await?.items;
    for before in &users {
        let (commit, deletion) = without_team(before, team.team_id, now)?;
        let commit = commit.and(purge_member(team.team_id, before.user_id));
        // A user who changed concurrently is found again by the next read.
        if done(context, Plan::new(Authority::System, commit).audit_all(deletion)).await? {
            report.members_removed += 1;
        }
    }
    Ok(users.len())
}

/// Removes some invitations or, once there are none, the webhooks and the roles. Returns how many were found.
async fn forget_rest(context: &Context, team: &Team) -> Result<usize, Problem> {
    let invitations = context.store.invitations(team.team_id, None, MAX_PAGE).await?.items;
    for invitation in &invitations {
        written(context, invitation::purge(invitation)).await?;
    }
    if !invitations.is_empty() {
        return Ok(invitations.len());
    }
    let webhooks = context.store.webhooks_of([Some(team.team_id)]).await?;
    for webhook in &webhooks {
        written(context, webhook::delete(webhook)).await?;
    }
    if !webhooks.is_empty() {
        return Ok(webhooks.len());
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
    done(context, Plan::new(Authority::System, writes)).await
}

/// [`written`] for a plan.
async fn done(context: &Context, plan: Plan<'_>) -> Result<bool, Problem> {
    match context.try_commit(plan).await {
        Ok(_) => Ok(true),
        Err(NotCommitted::Refused(_)) => Ok(false),
        Err(NotCommitted::Problem(problem)) => Err(problem),
    }
}
