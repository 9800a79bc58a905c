//! The scheduled cleanup: ends memberships and invitations, finalises tombstones, redrives overdue mails and jobs, and
//! reminds of the ends of memberships and API keys. It is idempotent and may run twice, late or concurrently.

mod key;
mod member;
mod team;

use rollcall_api::{
    Authority, Context, NotCommitted, Plan, Problem, invitation_end::Ending, invitation_expiry::expire,
};
use rollcall_domain::{
    Code, Timestamp,
    app::App,
    audit::{Action, Change, Target},
    id::{AppId, TeamId},
    limits::{DUE_HOUR_GRACE, MAX_DUE_PER_CLEANUP, OUTBOX_LIFETIME},
};
use rollcall_store::{due::DueItem, outbox::Redrive};
use serde::{Deserialize, Serialize};

/// The event of the schedule. Its content is not used.
#[derive(Debug, Default, Deserialize)]
pub struct CleanupEvent {}

/// The report of one run.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct CleanupReport {
    /// Whether another run held the lease, in which case this run did nothing.
    pub skipped: bool,
    /// Hours of the due index that were read.
    pub hours: usize,
    /// Applications whose deletion was finalised.
    pub apps_deleted: usize,
    /// Applications whose deletion was reverted because they held an account after all.
    pub apps_restored: usize,
    /// Invitations that were marked as expired.
    pub invitations_expired: usize,
    /// Members that were removed because their membership had ended.
    pub members_expired: usize,
    /// Members that were mailed that their membership will end.
    pub members_reminded: usize,
    /// Members that were removed from deleted teams.
    pub members_removed: usize,
    /// Deleted teams that were removed completely.
    pub teams_deleted: usize,
    /// Overdue mails that were sent to the mailer again.
    pub mails_driven: usize,
    /// Due jobs that were sent to their workers again.
    pub jobs_driven: usize,
    /// API keys whose end somebody was reminded of.
    pub keys_reminded: usize,
    /// Whether due items are left for the next run.
    pub more: bool,
}

/// Processes the due index from where the last run stopped up to now.
pub async fn run(context: Context, _event: CleanupEvent) -> Result<CleanupReport, Problem> {
    let run = context.uuid()?.to_string();
    let now = context.now();
    let mut report = CleanupReport::default();
    let Some(first_hour) = context.store.begin_cleanup(&run, now).await? else {
        return Ok(CleanupReport { skipped: true, ..report });
    };
    let swept = sweep(&context, first_hour, now, &mut report).await;
    // The lease is released even after a failure, so that the next run need not wait for its end.
    let next_hour = *swept.as_ref().unwrap_or(&first_hour);
    context.store.end_cleanup(&run, next_hour).await?;
    swept?;
    // Metric filters in `infra/alarms.yaml` use these names.
    tracing::info!(
        apps_deleted = report.apps_deleted,
        apps_restored = report.apps_restored,
        invitations_expired = report.invitations_expired,
        members_expired = report.members_expired,
        members_reminded = report.members_reminded,
        members_removed = report.members_removed,
        teams_deleted = report.teams_deleted,
        mails_driven = report.mails_driven,
        jobs_driven = report.jobs_driven,
        keys_reminded = report.keys_reminded,
        hours = report.hours,
        more = report.more,
        "cleaned up"
    );
    Ok(report)
}

/// Processes the due items hour by hour. Returns the first hour the next run has to read: one that is not finished, or
/// that a clock running behind may still write to.
async fn sweep(context: &Context, first_hour: i64, now: Timestamp, report: &mut CleanupReport) -> Result<i64, Problem> {
    let mut budget = MAX_DUE_PER_CLEANUP;
    let mut stuck = None;
    for hour in first_hour..=now.unix_hours() {
        report.hours += 1;
        let mut position = String::new();
        loop {
            let due = context.store.due(hour, &position, now, budget).await?;
            for entry in &due {
                match process(context, entry.item, now, report).await {
                    Ok(DueOutcome::Done) => {}
                    // An hour is not kept open for a mail that has itself expired.
                    Ok(DueOutcome::Driven) if hour < (now - OUTBOX_LIFETIME).unix_hours() => {}
                    Ok(DueOutcome::Driven | DueOutcome::Pending) => drop(stuck.get_or_insert(hour)),
                    // A corrupt item keeps its hour open but does not stop the others.
                    Err(Problem::Internal(reason)) => {
                        tracing::error!(reason, item = ?entry.item, "a due item is left for the next run");
                        report.more = true;
                        stuck.get_or_insert(hour);
                    }
                    Err(problem) => return Err(problem),
                }
            }
            // An empty page counts too: after a long pause there are many hours to read.
            budget = budget.saturating_sub(due.len().max(1));
            if budget == 0 {
                report.more = true;
                return Ok(stuck.unwrap_or(hour));
            }
            let Some(last) = due.into_iter().next_back() else { break };
            position = last.position;
        }
    }
    Ok(stuck.unwrap_or((now - DUE_HOUR_GRACE).unix_hours().max(first_hour)))
}

/// The outcome for a due item.
enum DueOutcome {
    /// There is nothing left to do.
    Done,
    /// The mailer was told; the item stays due until the mail is sent or expires.
    Driven,
    /// The next run has to try again.
    Pending,
}

async fn process(
    context: &Context,
    item: DueItem,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    match item {
        DueItem::App(app_id) => end_app(context, app_id, now, report).await,
        DueItem::Team(team_id) => team::end(context, team_id, now, report).await,
        DueItem::Member(team_id, user_id) => member::attend(context, team_id, user_id, now, report).await,
        DueItem::Invitation(team_id, invitation_id) => match expire(context, team_id, invitation_id, now).await {
            Ok(ending) => {
                report.invitations_expired += usize::from(ending == Ending::Ended);
                Ok(DueOutcome::Done)
            }
            Err(problem) if problem.is(Code::Conflict) => Ok(DueOutcome::Pending),
            Err(problem) => Err(problem),
        },
        DueItem::Mail(mail_id) => match context.store.redrive_mail(mail_id, now).await? {
            Redrive::Redriven => {
                report.mails_driven += 1;
                Ok(DueOutcome::Driven)
            }
            Redrive::NotDue => Ok(DueOutcome::Done),
        },
        // What is due with a job, its worker does: the cleanup has no access to its files.
        DueItem::Job(app_id, job_id) => {
            if !context.store.redrive_job(app_id, job_id, now).await? {
                return Ok(DueOutcome::Done);
            }
            // It is due now, in an hour that the next run reads again.
            report.jobs_driven += 1;
            Ok(DueOutcome::Done)
        }
        DueItem::KeyReminder(user_id, key_id) => key::remind(context, user_id, key_id, now, report).await,
        DueItem::Unknown => Ok(DueOutcome::Done),
    }
}

/// Finalises the deletion of an application, or reverts it if an account was created between the check for accounts and
/// the tombstone. Requests that read the application before its deletion have passed their deadline by now.
async fn end_app(
    context: &Context,
    app_id: AppId,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    let found = context.store.app_or_tombstone(app_id).await?;
    let due = found.filter(|app| app.deleting_at.is_some_and(|at| at <= now));
    let Some(tombstone) = due else { return Ok(DueOutcome::Done) };
    let (plan, count) = if context.store.has_accounts(app_id).await? {
        let team = match tombstone.team_id {
            Some(team_id) => context.store.team(team_id).await?,
            None => None,
        };
        let restored = tombstone.clone().reverted(team.as_ref(), now);
        let plan = Plan::new(Authority::System, rollcall_store::app::change(&tombstone, &restored)?);
        (plan.audit(restoration(&tombstone, &restored)), &mut report.apps_restored)
    } else {
        let writes = rollcall_store::app::finalise(&tombstone);
        (Plan::new(Authority::System, writes), &mut report.apps_deleted)
    };
    match context.try_commit(plan).await {
        Ok(_) => *count += 1,
        // A concurrent run was first, or the team was deleted. The next run decides again.
        Err(NotCommitted::Refused(refused)) if refused.is(Code::Conflict) => return Ok(DueOutcome::Pending),
        Err(error) => return Err(error.into()),
    }
    Ok(DueOutcome::Done)
}

fn restoration(before: &App, after: &App) -> Change {
    #[derive(Serialize)]
    struct Deletion {
        deleting_at: Option<Timestamp>,
        team_id: Option<TeamId>,
    }
    let of = |app: &App| Deletion { deleting_at: app.deleting_at, team_id: app.team_id };
    let target = Target::app(before.app_id);
    Change::between(Action::AppRestore, target, before.team_id, Some(&of(before)), Some(&of(after)))
}
