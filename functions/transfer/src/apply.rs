//! Writing accounts in chunks: what a chunk changes, its audit record, what became of its rows and the job's checkpoint
//! are one transaction.

use rollcall_api::{Authority, NotCommitted, Plan};
use rollcall_domain::{
    Code,
    audit::{Action, Change, Target},
    id::TeamId,
    job::{Counts, Job},
    limits::{JOB_CHUNK_ROWS, MAX_CONFLICT_RETRIES},
    text::AccountId,
};
use rollcall_store::{Commit, app::still_owned, job};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    report::{RejectedRow, RejectedRows},
    worker::{Stop, Worker, with_checkpoint},
};

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Created,
    Updated,
    Unchanged,
    Skipped,
    Deleted,
    Failed,
}

/// What some rows change.
pub(crate) struct Chunk {
    /// How many rows it concerns.
    pub(crate) rows: usize,
    writes: Commit,
    counts: Counts,
    outcomes: Map<String, Value>,
    before: Map<String, Value>,
    after: Map<String, Value>,
    rejected: Vec<RejectedRow>,
}

impl Chunk {
    pub(crate) fn new(rows: usize) -> Self {
        Self {
            rows,
            writes: Commit::default(),
            counts: Counts::default(),
            outcomes: Map::new(),
            before: Map::new(),
            after: Map::new(),
            rejected: Vec::new(),
        }
    }

    /// Counts what became of an account, which changes nothing in the table.
    pub(crate) fn count(&mut self, user_id: &AccountId, outcome: Outcome) {
        self.add_outcome(user_id.as_str(), outcome);
    }

    /// Adds the change of an account. `change` has its fields before and after.
    pub(crate) fn write(&mut self, user_id: &AccountId, outcome: Outcome, writes: Commit, change: Change) {
        self.add_outcome(user_id.as_str(), outcome);
        self.writes.extend(writes);
        for (fields, state) in [(&mut self.before, change.before), (&mut self.after, change.after)] {
            if !state.is_null() {
                fields.insert(user_id.to_string(), state);
            }
        }
    }

    /// Adds writes that concern several of its accounts.
    pub(crate) fn and(&mut self, writes: Commit) {
        self.writes.extend(writes);
    }

    /// Adds a row that cannot be processed.
    pub(crate) fn reject(&mut self, row: RejectedRow) {
        self.counts.failed += 1;
        self.rejected.push(row);
    }

    fn add_outcome(&mut self, user_id: &str, outcome: Outcome) {
        let count = match outcome {
            Outcome::Created => &mut self.counts.created,
            Outcome::Updated => &mut self.counts.updated,
            Outcome::Unchanged => &mut self.counts.unchanged,
            Outcome::Skipped => &mut self.counts.skipped,
            Outcome::Deleted => &mut self.counts.deleted,
            Outcome::Failed => &mut self.counts.failed,
        };
        *count += 1;
        self.outcomes.insert(user_id.to_owned(), json!(outcome));
    }

    /// The audit record of the chunk; none if it changes no account and gives none up.
    fn audited(&self, job: &Job, action: Action, team_id: Option<TeamId>) -> Option<Change> {
        let has_given_up = self.outcomes.values().any(|outcome| *outcome == json!(Outcome::Failed));
        if self.writes.is_empty() && !has_given_up {
            return None;
        }
        let first_row = job.progress.done + 1;
        let after = json!({
            "job_id": job.job_id, "first_row": first_row, "outcomes": self.outcomes, "accounts": self.after,
        });
        let before = json!({"accounts": self.before});
        Some(Change { action, target: Target::app(job.app_id), team_id, before, after })
    }
}

/// What a kind of job does with its rows. It knows nothing of files.
pub(crate) trait RowFunction: Sync {
    /// A row.
    type Row: Sync;

    /// The kind of change, for the audit log.
    const ACTION: Action;

    /// Decides what rows change. Gets a reason if a row on its own was refused again and again: then it gives it up.
    fn decide(
        &self,
        worker: &Worker<'_>,
        rows: &[Self::Row],
        given_up: Option<Code>,
    ) -> impl Future<Output = Result<Chunk, Stop>> + Send;
}

/// Decides and writes the first of these rows, and returns how many. If the table has changed since it was read, the
/// chunk is decided once more, and after that only its first row.
pub(crate) async fn write_chunk<Function: RowFunction, Checkpoint: Serialize>(
    worker: &mut Worker<'_>,
    function: &Function,
    rows: &[Function::Row],
    checkpoint: impl Fn(usize) -> Checkpoint,
) -> Result<usize, Stop> {
    let (mut size, mut attempts, mut given_up) = (rows.len(), 0, None);
    loop {
        let chunk = function.decide(worker, &rows[..size], given_up).await?;
        let taken = chunk.rows;
        let Some(refusal) = commit(worker, chunk, Function::ACTION, checkpoint(taken)).await? else { return Ok(taken) };
        // The lock, the right or the application may have changed: then the job ends here.
        worker.load_rights().await?;
        attempts += 1;
        if size == 1 && (attempts > MAX_CONFLICT_RETRIES || refusal == Code::AdminLimitReached) {
            given_up = Some(refusal);
        }
        if attempts > 1 {
            size = 1;
        }
    }
}

/// Commits a chunk with the job's next state. Returns the reason if the table refused it.
async fn commit(
    worker: &mut Worker<'_>,
    chunk: Chunk,
    action: Action,
    checkpoint: impl Serialize,
) -> Result<Option<Code>, Stop> {
    let now = worker.now();
    let (app, actor) = worker.rights()?;
    let (authority, change) = (Authority::Job(actor, app.team_id), chunk.audited(&worker.job, action, app.team_id));
    let mut job = worker.job.clone();
    job.counts = job.counts + chunk.counts;
    job.progress.done += chunk.rows as u64;
    let after = worker.next_state(with_checkpoint(job, &checkpoint)?);
    // The right is one over what the team owns, so it ends when the application moves.
    let mut writes = chunk.writes.extended(job::change(&worker.job, &after)?).with_checks([still_owned(app)]);
    for rows in chunk.rejected.chunks(JOB_CHUNK_ROWS) {
        let place = (worker.job.run, rows[0].at);
        let rows = RejectedRows { rows: rows.to_vec() };
        writes = writes.and(job::reject_rows(worker.job.job_id, place, &rows, now)?);
    }
    let plan = Plan::new(authority, writes).audit_all(change);
    match worker.context.try_commit(plan).await {
        Ok(_) => {
            worker.stored(after);
            Ok(None)
        }
        Err(NotCommitted::Refused(refused)) if refused.keys(Code::Conflict).any(job::is_job) => Err(Stop::Lost),
        Err(NotCommitted::Refused(refused)) => Ok(Some(refused.code())),
        Err(NotCommitted::Problem(problem)) => Err(problem.into()),
    }
}
