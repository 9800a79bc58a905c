//! Memberships with an end: the member is reminded before it, and removed after it.

use rollcall_api::{Authority, Context, Plan, Problem, membership_expiry::expire};
use rollcall_domain::{
    Code, Timestamp,
    id::{TeamId, UserId},
    mail::Message,
    team::Member,
};
use rollcall_store::member::remind;

use crate::{CleanupReport, DueOutcome};

/// Removes a member whose membership has ended, or reminds them of the end if it is near.
pub(crate) async fn attend(
    context: &Context,
    team_id: TeamId,
    user_id: UserId,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    let Some(member) = context.store.member(team_id, user_id).await? else { return Ok(DueOutcome::Done) };
    let (done, count) = if member.held().has_ended(now) {
        (expire(context, team_id, user_id, now).await, &mut report.members_expired)
    } else if member.remind_at.is_some_and(|at| at <= now) {
        (mail_reminder(context, team_id, &member).await, &mut report.members_reminded)
    } else {
        return Ok(DueOutcome::Done);
    };
    match done {
        Ok(done) => *count += usize::from(done),
        // A concurrent change was first. The next run decides again.
        Err(problem) if problem.is(Code::Conflict) => return Ok(DueOutcome::Pending),
        Err(problem) => return Err(problem),
    }
    Ok(DueOutcome::Done)
}

/// Writes the mail about a membership that ends soon. Returns whether there still is a team to tell of.
async fn mail_reminder(context: &Context, team_id: TeamId, member: &Member) -> Result<bool, Problem> {
    let Some((team, expires_at)) = context.store.team(team_id).await?.zip(member.expires_at) else { return Ok(false) };
    let user = context.store.user(member.user_id).await?.ok_or(Code::Conflict)?;
    let message = Message::MembershipEnding { login: user.login.clone(), team: team.name, expires_at };
    let plan = Plan::new(Authority::System, remind(team_id, member)?);
    context.commit(plan.notify(&user, message)).await?;
    Ok(true)
}
