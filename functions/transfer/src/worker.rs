//! Whoever works on a job: the lease, the rights, the clock, and the job's next states.

use rollcall_api::{Authority, Context, NotCommitted, Plan, Problem, actor::JobActor};
use rollcall_domain::{
    Code, Timestamp,
    app::App,
    job::{Job, JobError, JobKind, JobStatus},
    limits::JOB_LEASE,
};
use rollcall_objects::Objects;
use rollcall_store::{Fault, job};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use crate::{import, remove_objects};

/// Whether a job needs more steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It goes on in the next step.
    More,
    /// It has ended or waits for somebody.
    Over,
}

/// Why a step stops before its time is up.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Somebody else has changed the job.
    Lost,
    /// The job is over early. Without an error it was cancelled.
    Failed(Option<JobError>),
    /// A dependency failed. The next step goes on at the checkpoint.
    Problem(Problem),
}

impl Stop {
    pub(crate) fn cancelled() -> Self {
        Self::Failed(None)
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self::Failed(Some(JobError::of(code)))
    }
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Failed(Some(error))
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Problem(fault.into())
    }
}

/// A job in work.
pub(crate) struct Worker<'a> {
    pub(crate) context: &'a Context,
    pub(crate) objects: &'a Objects,
    /// The job as it is stored.
    pub(crate) job: Job,
    name: &'a str,
    deadline: Instant,
    /// When the lease was renewed.
    renewed: Instant,
    rights: Option<(App, JobActor)>,
}

impl<'a> Worker<'a> {
    /// Takes the lease of a job.
    pub(crate) async fn begin(
        context: &'a Context,
        objects: &'a Objects,
        job: Job,
        name: &'a str,
        deadline: Instant,
    ) -> Result<Self, Stop> {
        let mut worker = Self { context, objects, job, name, deadline, renewed: Instant::now(), rights: None };
        let job = Job { attempts: worker.job.attempts + 1, ..worker.job.clone() };
        worker.save(job).await?;
        Ok(worker)
    }

    /// Reads the application, and what the user in whose name the job works may do now.
    pub(crate) async fn load_rights(&mut self) -> Result<(), Stop> {
        self.rights = None;
        let app = self.context.store.app(self.job.app_id).await?.ok_or(Code::NotFound)?;
        let actor = JobActor::load(self.context, &self.job).await?.ok_or(Code::Forbidden)?;
        app.permit(&actor.rights, self.job.kind.permission()).map_err(|_| Code::Forbidden)?;
        if self.job.kind == JobKind::Delete && self.job.start.is_some() {
            app.deletion_allowed()?;
        }
        self.rights = Some((app, actor));
        Ok(())
    }

    /// The application, and the user in whose name the job works.
    pub(crate) fn rights(&self) -> Result<(&App, &JobActor), Stop> {
        let (app, actor) = self.rights.as_ref().ok_or(Code::Forbidden)?;
        Ok((app, actor))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.context.now()
    }

    /// Whether the step has to leave the rest to the next one.
    pub(crate) fn is_time_up(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// The checkpoint of the job's present part; `None` at its beginning.
    pub(crate) fn checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, Stop> {
        let read = self.job.checkpoint.clone().map(serde_json::from_value).transpose();
        read.map_err(|error| Problem::Internal(format!("a checkpoint cannot be read: {error}")).into())
    }

    /// Stores the job with this checkpoint, and renews the lease.
    pub(crate) async fn save_checkpoint(&mut self, job: Job, checkpoint: &impl Serialize) -> Result<(), Stop> {
        self.save(with_checkpoint(job, checkpoint)?).await
    }

    /// Renews the lease if it is due, in work that has no checkpoints.
    pub(crate) async fn keep_lease(&mut self) -> Result<(), Stop> {
        if self.renewed.elapsed() < JOB_LEASE / 10 { Ok(()) } else { self.save(self.job.clone()).await }
    }

    /// Stores the job, in work.
    pub(crate) async fn save(&mut self, job: Job) -> Result<(), Stop> {
        let after = self.next_state(job);
        self.commit(after).await
    }

    /// Leaves the job to the next step.
    pub(crate) async fn release(&mut self) -> Result<Next, Stop> {
        let after = self.job.clone().released(self.now()).next();
        self.commit(after).await?;
        Ok(Next::More)
    }

    /// Lets the job wait for somebody to start it.
    pub(crate) async fn await_start(&mut self, job: Job) -> Result<Next, Stop> {
        self.commit(job.awaiting_start(self.now()).next()).await?;
        Ok(Next::Over)
    }

    /// Ends the job, which has done everything. Only its files remain.
    pub(crate) async fn succeed(&mut self, job: Job) -> Result<Next, Stop> {
        self.end(job, JobStatus::Succeeded, None).await
    }

    /// Ends the job early. What was done is reported: an import keeps its report.
    pub(crate) async fn end_early(&mut self, error: Option<JobError>) -> Result<Next, Stop> {
        let reported = match import::report_early(self).await {
            Ok(reported) => reported,
            // The uploaded file is gone or another one, or the checkpoint cannot be read.
            Err(Stop::Failed(_) | Stop::Problem(Problem::Internal(_))) => Vec::new(),
            Err(stop) => return Err(stop),
        };
        let status = if error.is_some() { JobStatus::Failed } else { JobStatus::Cancelled };
        self.end(Job { files: reported, ..self.job.clone() }, status, error).await
    }

    /// Ends the job, then removes its objects but for its files: a worker that goes on after a fault needs them all.
    async fn end(&mut self, job: Job, status: JobStatus, error: Option<JobError>) -> Result<Next, Stop> {
        let before = self.job.clone();
        self.commit(job.ended(status, error, self.now()).next()).await?;
        remove_objects(self.objects, &before, &self.job.files).await?;
        Ok(Next::Over)
    }

    /// The state of the job that the next write stores: leased for this worker.
    pub(crate) fn next_state(&self, job: Job) -> Job {
        job.leased(self.name, self.now()).next()
    }

    /// Takes over what a commit of this worker has stored.
    pub(crate) fn stored(&mut self, job: Job) {
        self.job = job;
        self.renewed = Instant::now();
    }

    async fn commit(&mut self, after: Job) -> Result<(), Stop> {
        let plan = Plan::new(Authority::System, job::change(&self.job, &after)?);
        match self.context.try_commit(plan).await {
            Ok(_) => {
                self.stored(after);
                Ok(())
            }
            Err(NotCommitted::Refused(_)) => Err(Stop::Lost),
            Err(NotCommitted::Problem(problem)) => Err(problem.into()),
        }
    }
}

/// The job, which has got on to this checkpoint.
pub(crate) fn with_checkpoint(job: Job, checkpoint: &impl Serialize) -> Result<Job, Stop> {
    let checkpoint = serde_json::to_value(checkpoint);
    let checkpoint =
        checkpoint.map_err(|error| Problem::Internal(format!("a checkpoint cannot be written: {error}")))?;
    Ok(Job { checkpoint: Some(checkpoint), attempts: 0, ..job })
}
