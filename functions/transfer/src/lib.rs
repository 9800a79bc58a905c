//! Works on jobs, step by step.
//!
//! A step takes the job's lease, works until its time is up, and leaves a checkpoint in the job. Every write depends on
//! the version of the job that was read, so a step that runs twice, late or beside another one changes nothing twice. A
//! workflow (on AWS) or a task (on one machine) calls [`step`] until the job needs no more of them.

mod apply;
mod bulk;
mod export;
mod import;
mod listing;
mod matching;
mod parts;
mod report;
mod upload;
mod worker;

use std::time::Duration;

use rollcall_api::{Authority, Context, Plan, Problem, Reply};
use rollcall_domain::{
    Code, Timestamp,
    id::{AppId, JobId},
    job::{Job, JobError, JobFile, JobKind, JobStatus},
    limits::{DUE_PAGE, JOB_FILES_LIFETIME, JOB_LEASE, MAX_JOB_ATTEMPTS},
};
use rollcall_objects::Objects;
use rollcall_store::due::DueItem;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub use listing::Checkpoint as ListingCheckpoint;
pub use upload::{UPLOAD, Uploaded};
use worker::{Next, Stop, Worker};

/// How long a step works: 80 % of the function's 15 minutes.
pub const STEP_TIME: Duration = Duration::from_mins(12);

/// Which job to work on, and for whom.
#[derive(Debug, Deserialize)]
pub struct TransferEvent {
    /// The application.
    pub app_id: AppId,
    /// The job.
    pub job_id: JobId,
    /// Names the workflow, which may go on where a step of its own was cut off.
    pub worker: String,
}

/// What a step achieved.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct TransferReport {
    /// Whether the job needs no more steps now: it has ended, waits for somebody, or is worked on elsewhere.
    pub over: bool,
}

/// Works on a job for one step.
pub async fn run(context: Context, objects: Objects, event: TransferEvent) -> Result<TransferReport, Problem> {
    let deadline = Instant::now() + STEP_TIME;
    let over = step(&context, &objects, (event.app_id, event.job_id), &event.worker, deadline).await?;
    Ok(TransferReport { over })
}

/// Works on a job until it needs no more steps or the time is up. Returns whether it needs no more steps.
pub async fn step(
    context: &Context,
    objects: &Objects,
    (app_id, job_id): (AppId, JobId),
    worker: &str,
    deadline: Instant,
) -> Result<bool, Problem> {
    loop {
        let Some(job) = context.store.job(app_id, job_id).await? else { return Ok(true) };
        if !job.is_free_for(worker, context.now()) {
            return match settle(context, objects, job).await {
                // Somebody was faster: with a start, an end, or the same.
                Err(problem) if problem.is(Code::Conflict) => Ok(true),
                settled => settled.map(|()| true),
            };
        }
        match work(context, objects, job, worker, deadline).await {
            Ok(Next::More) => return Ok(false),
            Ok(Next::Over) => return Ok(true),
            // Somebody else has changed the job: to end it, or because they work on it.
            Err(Stop::Lost) if Instant::now() >= deadline => return Ok(false),
            Err(Stop::Lost) => {}
            Err(Stop::Problem(problem)) => return Err(problem),
            Err(Stop::Failed(error)) => return Err(Problem::Internal(format!("a job could not be ended: {error:?}"))),
        }
    }
}

/// Takes the lease and works. A reason to end the job ends it here.
async fn work(context: &Context, objects: &Objects, job: Job, worker: &str, deadline: Instant) -> Result<Next, Stop> {
    let mut worker = Worker::begin(context, objects, job, worker, deadline).await?;
    let outcome = match &worker.job {
        job if job.is_ending => Err(Stop::cancelled()),
        job if job.attempts > MAX_JOB_ATTEMPTS => Err(Code::Internal.into()),
        _ => go_on(&mut worker).await,
    };
    match outcome {
        Ok(next) => Ok(next),
        Err(Stop::Failed(error)) => worker.end_early(error).await,
        // Trying again would not help, and the job would keep its place for ever.
        Err(Stop::Problem(Problem::Internal(reason))) => {
            tracing::error!(reason, job_id = %worker.job.job_id, "a job failed");
            worker.end_early(Some(JobError::of(Code::Internal))).await
        }
        Err(stop) => Err(stop),
    }
}

async fn go_on(worker: &mut Worker<'_>) -> Result<Next, Stop> {
    worker.load_rights().await?;
    match worker.job.kind {
        JobKind::Export => export::run(worker).await,
        JobKind::Import => import::run(worker).await,
        JobKind::Edit | JobKind::Delete if worker.job.matched.is_none() => listing::run(worker).await,
        JobKind::Edit | JobKind::Delete => bulk::run(worker).await,
    }
}

/// Does what is due with a job that takes no work now: gives up one that has waited too long, and removes the files of
/// one that has ended.
async fn settle(context: &Context, objects: &Objects, job: Job) -> Result<(), Problem> {
    let now = context.now();
    if job.due_at.is_none_or(|at| at > now) {
        // Its last worker may have died before it removed what the job needs no more.
        return if job.status.is_over() { remove_objects(objects, &job, &job.files).await } else { Ok(()) };
    }
    if !job.status.is_over() {
        return expire(context, objects, &job, now).await;
    }
    remove_objects(objects, &job, &[]).await?;
    commit(context, Authority::System, &job, job.clone().without_files()).await.map(drop)
}

/// Ends a job if it has waited too long. Its place is free then.
pub async fn expire(context: &Context, objects: &Objects, job: &Job, now: Timestamp) -> Result<(), Problem> {
    let after = job.clone().at(now);
    if after.status == job.status {
        return Ok(());
    }
    commit(context, Authority::System, job, after).await?;
    remove_objects(objects, job, &[]).await
}

/// Ends a job that nobody works on, by the right of the caller. A job that is worked on is asked to end; its worker
/// does the rest. A job that is over loses its files.
pub async fn end(context: &Context, objects: &Objects, job: Job, authority: Authority<'_>) -> Result<Reply, Problem> {
    // What an import has done is reported, and a worker makes the report.
    let has_report = job.status == JobStatus::Queued && job.kind == JobKind::Import && job.checkpoint.is_some();
    if has_report || job.status == JobStatus::Running {
        let after = Job { is_ending: true, ..job.clone() };
        return commit(context, authority, &job, after).await;
    }
    if job.status.is_over() {
        remove_objects(objects, &job, &[]).await?;
        return commit(context, authority, &job, job.clone().without_files()).await;
    }
    // First the job: a worker that begins at the same moment must find all files or none. If its objects cannot be
    // removed here, they are at once due to be removed.
    let now = context.now();
    let after = Job { files: Vec::new(), due_at: Some(now), ..job.clone().ended(JobStatus::Cancelled, None, now) };
    let reply = commit(context, authority, &job, after).await?;
    remove_objects(objects, &job, &[]).await?;
    Ok(reply)
}

async fn commit(context: &Context, authority: Authority<'_>, before: &Job, after: Job) -> Result<Reply, Problem> {
    let writes = rollcall_store::job::change(before, &after.next())?;
    context.commit(Plan::new(authority, writes)).await
}

/// Removes all objects of a job but the files in `kept`, and all uploads that were not completed. Idempotent.
///
/// They are listed, since no checkpoint knows what a worker wrote or began just before it died.
async fn remove_objects(objects: &Objects, job: &Job, kept: &[JobFile]) -> Result<(), Problem> {
    let prefix = job.object("");
    for upload in objects.open_uploads(&prefix).await? {
        objects.abort(&upload).await?;
    }
    for key in objects.list(&prefix).await?.into_iter().filter(|key| kept.iter().all(|file| file.key != *key)) {
        objects.delete(&key).await?;
    }
    Ok(())
}

/// The jobs that are due, or whose lease ends soon: that of a process which has died may be taken over by its
/// successor.
///
/// For one machine: on AWS, a workflow is started for each job.
pub async fn due(context: &Context) -> Result<Vec<(AppId, JobId)>, Problem> {
    let (now, until) = (context.now(), context.now() + JOB_LEASE);
    let mut jobs = Vec::new();
    // The cleanup makes due again what has been due for longer.
    for hour in (now - JOB_FILES_LIFETIME).unix_hours()..=until.unix_hours() {
        let mut after = String::new();
        loop {
            let due = context.store.due(hour, &after, until, DUE_PAGE).await?;
            let is_last = due.len() < DUE_PAGE;
            after = due.last().map(|entry| entry.position.clone()).unwrap_or_default();
            jobs.extend(due.into_iter().filter_map(|entry| match entry.item {
                DueItem::Job(app_id, job_id) => Some((app_id, job_id)),
                _ => None,
            }));
            if is_last {
                break;
            }
        }
    }
    Ok(jobs)
}
