//! The states of a job, each from the one before.

use serde_json::{Map, Value};

use super::{Counts, Job, JobCaller, JobError, JobStatus, Lease, Progress};
use crate::{
    limits::{JOB_FILES_LIFETIME, JOB_LEASE, JOB_WAIT},
    time::Timestamp,
};

impl Job {
    /// Whether its last start asked only what would happen.
    fn is_trial(&self) -> bool {
        self.start.as_ref().is_some_and(|start| start.get("dry_run") == Some(&Value::Bool(true)))
    }

    /// The next state of the job.
    #[must_use]
    pub fn next(self) -> Self {
        Self { version: self.version + 1, ..self }
    }

    /// Waits for somebody to start the job.
    #[must_use]
    pub fn awaiting_start(self, now: Timestamp) -> Self {
        let due_at = Some(now + JOB_WAIT);
        Self { status: JobStatus::AwaitingStart, due_at, lease: None, checkpoint: None, ..self }
    }

    /// Queues the job in the name of a user, with the body of their request.
    #[must_use]
    pub fn started(self, caller: JobCaller<'_>, start: Map<String, Value>, now: Timestamp) -> Self {
        Self {
            status: JobStatus::Queued,
            acts_for: caller.user.user_id,
            key_id: caller.key_id,
            origin: caller.origin,
            start: Some(start),
            attempts: 0,
            run: self.run + 1,
            progress: Progress { done: 0, total: self.progress.total },
            counts: Counts::default(),
            files: Vec::new(),
            checkpoint: None,
            due_at: Some(now),
            ..self
        }
    }

    /// Is worked on by `worker`, who has to write again before the lease ends.
    #[must_use]
    pub fn leased(self, worker: &str, now: Timestamp) -> Self {
        let until = now + JOB_LEASE;
        Self {
            status: JobStatus::Running,
            started_at: self.started_at.or(Some(now)),
            lease: Some(Lease { worker: worker.to_owned(), until }),
            due_at: Some(until),
            ..self
        }
    }

    /// Goes on in the next step, by whoever takes it first.
    #[must_use]
    pub fn released(self, now: Timestamp) -> Self {
        Self { status: JobStatus::Queued, lease: None, due_at: Some(now), ..self }
    }

    /// Is over. Its files are due to be removed when they expire.
    #[must_use]
    pub fn ended(self, status: JobStatus, error: Option<JobError>, now: Timestamp) -> Self {
        Self {
            status,
            error,
            finished_at: Some(now),
            due_at: Some(now + JOB_FILES_LIFETIME),
            lease: None,
            checkpoint: None,
            is_ending: false,
            // What a trial has counted did not happen.
            counts: if self.is_trial() { Counts::default() } else { self.counts },
            ..self
        }
    }

    /// The job by the clock: one whose file nobody uploaded or that nobody started in time is over since then, although
    /// its worker stores that only later. Its version is that of the stored job.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        let is_waiting = matches!(self.status, JobStatus::AwaitingUpload | JobStatus::AwaitingStart);
        match self.due_at.filter(|due_at| is_waiting && *due_at <= now) {
            Some(due_at) => {
                let over = self.ended(JobStatus::Cancelled, Some(JobError::expired()), due_at);
                Self { files: Vec::new(), ..over }
            }
            None => self,
        }
    }

    /// Its files are gone.
    #[must_use]
    pub fn without_files(self) -> Self {
        Self { files: Vec::new(), due_at: None, ..self }
    }
}
