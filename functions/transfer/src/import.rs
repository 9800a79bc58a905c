//! Imports: the rows of a file become accounts.
//!
//! The file is read several times: once to see that it can be read to its end, then to write its rows, and at last for
//! the report. A step that goes on skips the records that are done.

mod rows;
mod trial;

use std::collections::BTreeSet;

use rollcall_api::Problem;
use rollcall_domain::{
    Code, Fields, Refusal,
    account::{Account, AccountType},
    audit::{Action, Change, Target},
    job::{Counts, Job, JobError, JobFile, JobKind, Progress},
    limits::JOB_CHUNK_ROWS,
    permission::Permission,
    text::AccountId,
};
use rollcall_files::read::{ImportStart, OnExisting, Plan, Recognised, Rejection, Row, Unreadable};
use rollcall_objects::is_replaced;
use rollcall_store::account;
use serde::{Deserialize, Serialize};

use crate::{
    apply::{Chunk, Outcome, RowFunction, write_chunk},
    report::{self, RejectedRow},
    upload::Uploaded,
    worker::{Next, Stop, Worker},
};
use rows::{ImportRow, Rows};
use trial::Trial;

/// How many rows a trial looks at together: what one request reads. It writes no account, so it is not bounded by a
/// transaction.
const TRIAL_ROWS: usize = 100;

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    /// Whether the file was read to its end.
    is_checked: bool,
    /// The number of records that are done.
    done: u64,
}

/// Works on an import.
pub(crate) async fn run(worker: &mut Worker<'_>) -> Result<Next, Stop> {
    let import = Import::open(worker).await?;
    let mut checkpoint: Checkpoint = worker.checkpoint()?.unwrap_or_default();
    if !checkpoint.is_checked {
        let total = import.check(worker).await?;
        checkpoint.is_checked = true;
        let job = Job { progress: Progress { done: 0, total: Some(total) }, ..worker.job.clone() };
        worker.save_checkpoint(job, &checkpoint).await?;
    }
    if import.write(worker, checkpoint.done).await? == Next::More {
        return worker.release().await;
    }
    let report = report::write(worker, &import.uploaded, &import.recognised).await?;
    let job = Job { files: vec![report], ..worker.job.clone() };
    if import.start.dry_run { worker.await_start(job).await } else { worker.succeed(job).await }
}

/// The report of a job that ends early; nothing if it is no import or has written nothing.
pub(crate) async fn report_early(worker: &mut Worker<'_>) -> Result<Vec<JobFile>, Stop> {
    let checkpoint: Option<Checkpoint> = if worker.job.kind == JobKind::Import { worker.checkpoint()? } else { None };
    if checkpoint.is_none_or(|checkpoint| !checkpoint.is_checked) {
        return Ok(Vec::new());
    }
    let import = Import::open(worker).await?;
    Ok(vec![report::write(worker, &import.uploaded, &import.recognised).await?])
}

/// What became of a file that was uploaded over another one.
const REPLACED: &str = "The uploaded file was replaced after the start. Begin a new import.";

/// The reason to stop for a file that cannot be read.
pub(crate) fn stopped_by(unreadable: Unreadable) -> Stop {
    match unreadable {
        Unreadable::Io(error) if is_replaced(&error) => JobError::unreadable(REPLACED).into(),
        Unreadable::Io(error) => Problem::Unavailable(format!("an uploaded file cannot be read: {error}")).into(),
        other => JobError::unreadable(other).into(),
    }
}

/// An import, as it was started.
struct Import {
    start: ImportStart,
    uploaded: Uploaded,
    recognised: Recognised,
    plan: Plan,
}

impl Import {
    async fn open(worker: &Worker<'_>) -> Result<Self, Stop> {
        let start = worker.job.start.clone().unwrap_or_default();
        let start = Fields::of(start.into()).parse(ImportStart::read);
        let start = start.map_err(|refusal| Problem::Internal(format!("a start is invalid: {refusal:?}")))?;
        let uploaded = Uploaded::find(worker.objects, &worker.job).await?;
        let uploaded =
            uploaded.ok_or_else(|| JobError::unreadable("The uploaded file is gone. Begin a new import."))?;
        // A file that replaces the one of the start would be mixed with it, and nobody has seen its preview.
        if worker.job.upload_tag.as_deref().is_some_and(|tag| tag != uploaded.tag()) {
            return Err(JobError::unreadable(REPLACED).into());
        }
        let recognised = uploaded.recognise(start.reading().given()).await.map_err(stopped_by)?;
        let plan = Plan::new(&recognised, start.reading().mapping.as_ref(), worker.now().date());
        let plan = plan.map_err(|violations| JobError::refused(&Refusal::invalid(violations)))?;
        Ok(Self { start, uploaded, recognised, plan })
    }

    /// Reads the file to its end. Returns the number of its records.
    async fn check(&self, worker: &mut Worker<'_>) -> Result<u64, Stop> {
        let mut records = self.uploaded.records(&self.recognised);
        while records.next().await.map_err(stopped_by)?.is_some() {
            worker.keep_lease().await?;
        }
        Ok(records.position)
    }

    /// Writes the rows after the first `done`, or looks what they would change.
    async fn write(&self, worker: &mut Worker<'_>, done: u64) -> Result<Next, Stop> {
        let function = ImportRows { import: self, trial: self.start.dry_run.then(Trial::default) };
        let is_trial = function.trial.is_some();
        if is_trial && done > 0 {
            // A trial remembers what it has seen, so it is begun anew, as a run of its own: the rows that it rejected
            // may be others now.
            worker.job = Job { counts: Counts::default(), run: worker.job.run + 1, ..worker.job.clone() };
            worker.job.progress.done = 0;
        }
        let first = if is_trial { 0 } else { done };
        let mut rows = Rows::after(worker, self.uploaded.records(&self.recognised), first).await?;
        loop {
            let chunk = rows.chunk(&self.plan, if is_trial { TRIAL_ROWS } else { JOB_CHUNK_ROWS }).await?;
            let Some(at) = chunk.first().map(|row| row.at) else { return Ok(Next::Over) };
            let after = |taken: usize| Checkpoint { is_checked: true, done: at + taken as u64 };
            let taken = write_chunk(worker, &function, &chunk, after).await?;
            rows.give_back(chunk, taken);
            if let Some(trial) = &function.trial {
                trial.keep_chunk();
            }
            // After a chunk, so that a step always gets on, however long it takes to skip what is done.
            if worker.is_time_up() && !is_trial {
                return Ok(Next::More);
            }
        }
    }
}

/// Creates and changes accounts, or only looks what it would do.
struct ImportRows<'a> {
    import: &'a Import,
    trial: Option<Trial>,
}

impl RowFunction for ImportRows<'_> {
    type Row = ImportRow;

    const ACTION: Action = Action::AccountImport;

    async fn decide(&self, worker: &Worker<'_>, rows: &[ImportRow], given_up: Option<Code>) -> Result<Chunk, Stop> {
        if let Some(trial) = &self.trial {
            trial.begin_chunk();
        }
        let (app, _) = worker.rights()?;
        let mut chunk = Chunk::new(rows.len());
        let ids: BTreeSet<&AccountId> = rows.iter().filter_map(ImportRow::user_id).collect();
        let mut accounts = worker.context.store.accounts_of_ids(app.app_id, ids).await?;
        for row in rows {
            let decided = match (&row.read, given_up) {
                (Err(rejection), _) => Err(rejection.clone()),
                (Ok(_), Some(code)) => Err(self.import.plan.rejection(&code.into())),
                (Ok((fields, user_id)), None) => {
                    let found = user_id
                        .as_ref()
                        .and_then(|user_id| accounts.iter().position(|account| account.user_id == *user_id));
                    let existing = found.map(|index| accounts.swap_remove(index));
                    self.decide_row(worker, fields, existing, &mut chunk)?
                }
            };
            if let Err(rejection) = decided {
                chunk.reject(RejectedRow::new(row.at, rejection));
            }
        }
        Ok(chunk)
    }
}

impl ImportRows<'_> {
    /// Adds what a row changes to the chunk, or says why it is not imported.
    fn decide_row(
        &self,
        worker: &Worker<'_>,
        row: &Row,
        existing: Option<Account>,
        chunk: &mut Chunk,
    ) -> Result<Result<(), Rejection>, Stop> {
        let now = worker.now();
        let rejected = |refusal: Refusal| Ok(Err(self.import.plan.rejection(&refusal)));
        let Some(before) = existing else {
            let account = match row.new_account(now.date()) {
                Ok(new) => new.create(now),
                Err(refusal) => return rejected(refusal),
            };
            return self.create(worker, &account, chunk);
        };
        match self.import.start.on_existing {
            OnExisting::Skip => chunk.count(&before.user_id, Outcome::Skipped),
            OnExisting::Fail => return rejected(Code::AccountExists.into()),
            OnExisting::Update => {
                let after = match row.edited(before.clone(), now) {
                    Ok(after) => after,
                    Err(refusal) => return rejected(refusal),
                };
                self.change(worker, (Some(&before), &after), chunk)?;
            }
        }
        Ok(Ok(()))
    }

    fn create(&self, worker: &Worker<'_>, account: &Account, chunk: &mut Chunk) -> Result<Result<(), Rejection>, Stop> {
        let (app, actor) = worker.rights()?;
        let rejected = |code: Code| Ok(Err(self.import.plan.rejection(&code.into())));
        let is_admin = account.account_type == AccountType::Admin;
        if is_admin && app.permit(&actor.rights, Permission::AccountsAdmin).is_err() {
            return rejected(Code::Forbidden);
        }
        if let Some(trial) = &self.trial {
            match (trial.has_seen(&account.user_id), self.import.start.on_existing) {
                (false, _) if is_admin && !trial.has_room_for_admin(app.admins.len()) => {
                    return rejected(Code::AdminLimitReached);
                }
                (false, _) => chunk.count(&account.user_id, Outcome::Created),
                (true, OnExisting::Skip) => chunk.count(&account.user_id, Outcome::Skipped),
                (true, OnExisting::Update) => chunk.count(&account.user_id, Outcome::Updated),
                (true, OnExisting::Fail) => return rejected(Code::AccountExists),
            }
            return Ok(Ok(()));
        }
        self.change(worker, (None, account), chunk)?;
        Ok(Ok(()))
    }

    /// Adds the creation or the change of an account.
    fn change(
        &self,
        worker: &Worker<'_>,
        (before, after): (Option<&Account>, &Account),
        chunk: &mut Chunk,
    ) -> Result<(), Stop> {
        let (app, _) = worker.rights()?;
        let outcome = match before {
            None => Outcome::Created,
            Some(before) if before == after => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        if outcome == Outcome::Unchanged || self.trial.is_some() {
            chunk.count(&after.user_id, outcome);
            return Ok(());
        }
        let target = Target::account(app.app_id, &after.user_id);
        let change = Change::between(Self::ACTION, target, app.team_id, before, Some(after));
        let writes = match before {
            None => account::create(app.app_id, after, worker.now())?,
            Some(before) => account::change(app.app_id, before, after, worker.now())?,
        };
        chunk.write(&after.user_id, outcome, writes, change);
        Ok(())
    }
}
