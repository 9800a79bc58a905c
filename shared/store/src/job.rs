//! Jobs: reads and commits.

use std::{collections::BTreeSet, time::Duration};

use rollcall_domain::{
    Code, Timestamp,
    id::{AppId, JobId},
    job::{Job, JobStatus},
    limits::{JOB_LIFETIME, MAX_JOBS_PER_APP},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    commit::Commit,
    error::{CommitError, Fault},
    item::{Item, from_items, indexed, number, string, string_set, timestamp, to_item, with_ttl},
    keys::{self, Key},
    query::{Page, Range},
    table::Store,
    write::{Bookkeeping, Write},
};

/// The prefix of the sort keys of the signals that jobs are to be worked on. No other item has it.
pub const WAKE: &str = keys::WAKE;

/// How long a signal is kept. Nothing reads it: it only appears in the table's stream.
const WAKE_LIFETIME: Duration = Duration::from_hours(24);

/// How long rejected rows are kept: the report is made from them when the import is over.
const ROWS_LIFETIME: Duration = Duration::from_hours(72);

/// Whether the key is a job's.
pub fn is_job(key: &Key) -> bool {
    key.job_id().is_some()
}

impl Store {
    /// A job of an application.
    pub async fn job(&self, app_id: AppId, job_id: JobId) -> Result<Option<Job>, Fault> {
        self.get(&keys::job(app_id, job_id)).await
    }

    /// The jobs of an application that are not stored as over.
    pub async fn unfinished_jobs(&self, app_id: AppId) -> Result<BTreeSet<JobId>, Fault> {
        #[derive(Default, Deserialize)]
        struct Places {
            #[serde(default)]
            unfinished: BTreeSet<JobId>,
        }
        let places: Option<Places> = self.get(&keys::jobs(app_id)).await?;
        Ok(places.unwrap_or_default().unfinished)
    }

    /// A page of an application's jobs, newest first, after the job `after`. Expired jobs may be among them.
    pub async fn jobs(&self, app_id: AppId, after: Option<JobId>, limit: usize) -> Result<Page<Job>, Fault> {
        let range = Range::new(keys::app_partition(app_id), limit + 1)
            .prefix(keys::JOB)
            .descending()
            .after(after.map(|job_id| keys::job(app_id, job_id).sk));
        let jobs = from_items(self.query(range).await?.items)?;
        Ok(Page::cut(jobs, limit, |last: &Job| last.job_id.to_string()))
    }

    /// What was stored of the rejected rows of a run, in the order of their positions, after the position `after`.
    pub async fn rejected_rows<T: DeserializeOwned>(
        &self,
        (job_id, run): (JobId, u32),
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<T>, Fault> {
        let after = after.map(|at| keys::rows(job_id, run, at).sk);
        from_items(self.query(Range::new(keys::rows_partition(job_id, run), limit).after(after)).await?.items)
    }

    /// Signals again that a job is to be worked on, if it was due before `now`. Then it is due now, so that whoever
    /// looks for due jobs does not have to look back further than the last run of the cleanup.
    pub async fn redrive_job(&self, app_id: AppId, job_id: JobId, now: Timestamp) -> Result<bool, Fault> {
        const DUE_NOW: &str = "SET #due_at = :now, #gsi1pk = :hour, #gsi1sk = :position";
        let (hour, position) = keys::due_index(now, &job_id);
        let values = vec![(":now", timestamp(now)), (":hour", string(hour)), (":position", string(position))];
        let job = Write::update(keys::job(app_id, job_id), DUE_NOW, values);
        let job = job.only_if("#due_at < :now", Vec::new(), Code::Conflict);
        match self.commit(Commit::new([job, wake(app_id, job_id, now)])).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

/// Begins a job, unless its application has too many unfinished ones.
pub fn create(job: &Job) -> Result<Commit, Fault> {
    const HAS_ROOM: &str = "attribute_not_exists(#unfinished) OR size(#unfinished) < :max";
    let ids = vec![(":id", string_set([job.job_id]))];
    let limit = vec![(":max", number(MAX_JOBS_PER_APP))];
    let place = Write::update(keys::jobs(job.app_id), "ADD #unfinished :id", ids);
    let commit = Commit::new([
        Write::put(item_of(job)?).only_if_absent(Code::Conflict),
        place.only_if(HAS_ROOM, limit, Code::TooManyJobs),
    ]);
    Ok(commit.extended(signal(job)))
}

/// Writes the next state of a job. A job that is over leaves its place to another, if it has not left it before.
pub fn change(before: &Job, after: &Job) -> Result<Commit, Fault> {
    let mut commit = Commit::new([Write::put(item_of(after)?).only_if_version(before.version)]);
    if after.status.is_over() {
        let ids = vec![(":id", string_set([after.job_id]))];
        commit.extend([Write::update(keys::jobs(after.app_id), "DELETE #unfinished :id", ids)]);
    }
    // Who has worked on it goes on with it, unless it dies: then the cleanup finds that the job is due.
    Ok(commit.extended(signal(after).filter(|_| before.status != JobStatus::Running)))
}

/// The signal of a queued job.
fn signal(job: &Job) -> Option<Write> {
    let queued_at = job.due_at.filter(|_| job.status == JobStatus::Queued)?;
    Some(wake(job.app_id, job.job_id, queued_at))
}

fn wake(app_id: AppId, job_id: JobId, now: Timestamp) -> Write {
    Write::put(with_ttl(keys::wake(app_id, job_id).to_item(), now + WAKE_LIFETIME))
}

/// Stores what became of rows, for the report.
pub fn reject_rows<T: Serialize>(
    job_id: JobId,
    (run, position): (u32, u64),
    rows: &T,
    now: Timestamp,
) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::rows(job_id, run, position), rows)?;
    Ok(Write::put(with_ttl(item, now + ROWS_LIFETIME)).bookkeeping())
}

fn item_of(job: &Job) -> Result<Item, Fault> {
    let item = with_ttl(to_item(&keys::job(job.app_id, job.job_id), job)?, job.created_at + JOB_LIFETIME);
    Ok(match job.due_at {
        Some(at) => indexed(item, keys::due_index(at, &job.job_id)),
        None => item,
    })
}
