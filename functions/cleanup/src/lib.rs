//! The scheduled function that ends what is over. Running it twice, late, or beside itself changes nothing further.

mod team;

use rollcall_api::{
    Authority, Context, NotCommitted, Plan, Problem,
    invitation_expiry::{Expiry, expire},
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

/// What the schedule sends; nothing in it matters.
#[derive(Debug, Default, Deserialize)]
pub struct CleanupEvent {}

/// What one run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct CleanupReport {
    /// Whether another run held the lease, so that this one did nothing.
    pub skipped: bool,
    /// Hours of the due index that were looked at.
    pub hours: usize,
    /// Applications whose deletion became final.
    pub apps_deleted: usize,
    /// Applications whose deletion was reverted, since an account had slipped in.
    pub apps_restored: usize,
    /// Invitations that were found to have run out.
    pub invitations_expired: usize,
    /// Members that were taken off teams which were deleted.
    pub members_removed: usize,
    /// Teams of which nothing is left.
    pub teams_deleted: usize,
    /// Mails that were overdue, of which the sender was told again.
    pub mails_driven: usize,
    /// Whether something due was left for the next run.
    pub more: bool,
}

/// Sweeps the due index from where the last run stopped up to now.
pub async fn run(context: Context, _event: CleanupEvent) -> Result<CleanupReport, Problem> {
    let run = context.uuid()?.to_string();
    let now = context.now();
    let mut report = CleanupReport::default();
    let Some(first_hour) = context.store.begin_cleanup(&run, now).await? else {
        return Ok(CleanupReport { skipped: true, ..report });
    };
    let swept = sweep(&context, first_hour, now, &mut report).await;
    // The lease goes back even after a failure: the next run may do better at once.
    let next_hour = *swept.as_ref().unwrap_or(&first_hour);
    context.store.end_cleanup(&run, next_hour).await?;
    swept?;
    // The names by which `infra/alarms.yaml` counts them.
    tracing::info!(
        apps_deleted = report.apps_deleted,
        apps_restored = report.apps_restored,
        invitations_expired = report.invitations_expired,
        members_removed = report.members_removed,
        teams_deleted = report.teams_deleted,
        mails_driven = report.mails_driven,
        hours = report.hours,
        more = report.more,
        "cleaned up"
    );
    Ok(report)
}

/// Takes what is due, hour by hour, and returns the first hour the next run has to look at: one that is not done, or
/// into which a clock that runs behind may still write.
async fn sweep(context: &Context, first_hour: i64, now: Timestamp, report: &mut CleanupReport) -> Result<i64, Problem> {
    let mut budget = MAX_DUE_PER_CLEANUP;
    let mut stuck = None;
    for hour in first_hour..=now.unix_hours() {
        report.hours += 1;
        let mut position = String::new();
        loop {
            let due = context.store.due(hour, &position, now, budget).await?;
            for entry in &due {
                match end(context, entry.item, now, report).await {
                    Ok(DueOutcome::Over) => {}
                    // The hour of a mail that nobody sends is left behind when the mail itself is over.
                    Ok(DueOutcome::Driven) if hour < (now - OUTBOX_LIFETIME).unix_hours() => {}
                    Ok(DueOutcome::Driven | DueOutcome::Pending) => drop(stuck.get_or_insert(hour)),
                    // One item that cannot be read keeps its hour, and holds up nothing else.
                    Err(Problem::Internal(reason)) => {
                        tracing::error!(reason, item = ?entry.item, "left for the next run");
                        report.more = true;
                        stuck.get_or_insert(hour);
                    }
                    Err(problem) => return Err(problem),
                }
            }
            // An empty answer counts as well: after a long sleep there are many hours to look at.
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

/// What became of something that was due.
enum DueOutcome {
    /// It is due no more, as far as this run is concerned.
    Over,
    /// It stays due for whoever sends it, until its time is over.
    Driven,
    /// It stays due for the next run, however late that is.
    Pending,
}

async fn end(
    context: &Context,
    item: DueItem,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    match item {
        DueItem::App(app_id) => end_app(context, app_id, now, report).await,
        DueItem::Team(team_id) => team::end(context, team_id, now, report).await,
        DueItem::Invitation(team_id, invitation_id) => match expire(context, team_id, invitation_id, now).await {
            Ok(expiry) => {
                report.invitations_expired += usize::from(expiry == Expiry::Expired);
                Ok(DueOutcome::Over)
            }
            Err(problem) if problem.is(Code::Conflict) => Ok(DueOutcome::Pending),
            Err(problem) => Err(problem),
        },
        DueItem::Mail(mail_id) => match context.store.redrive_mail(mail_id, now).await? {
            Redrive::Redriven => {
                report.mails_driven += 1;
                Ok(DueOutcome::Driven)
            }
            Redrive::NotDue => Ok(DueOutcome::Over),
        },
        DueItem::Unknown => Ok(DueOutcome::Over),
    }
}

/// Makes a deletion final, or takes it back where an account slipped in between the look and the tombstone.
///
/// No request that read the application before its deletion still runs: it would have passed its deadline long ago.
async fn end_app(
    context: &Context,
    app_id: AppId,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    let found = context.store.app_or_tombstone(app_id).await?;
    let due = found.filter(|app| app.deleting_at.is_some_and(|at| at <= now));
    let Some(tombstone) = due else { return Ok(DueOutcome::Over) };
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
        // Another run was here between the reading and the writing, or its team went: the next run sees.
        Err(NotCommitted::Refused(refused)) if refused.is(Code::Conflict) => return Ok(DueOutcome::Pending),
        Err(error) => return Err(error.into()),
    }
    Ok(DueOutcome::Over)
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
