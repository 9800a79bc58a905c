//! Work on jobs, as a local server does it.

use std::time::Duration;

use rollcall_api::Problem;
use rollcall_domain::{
    id::{AppId, JobId},
    job::Job,
};
use tokio::time::Instant;

use super::{World, faults::as_function};

/// The name of the worker, which keeps its leases.
pub const WORKER: &str = "local";

impl World {
    /// Works on due jobs until they need no more steps.
    pub async fn work_on_jobs(&self) {
        let mut has_more = true;
        while has_more {
            has_more = false;
            for job in transfer::due(&self.context).await.unwrap() {
                has_more |= !self.step(job, WORKER, transfer::STEP_TIME).await.unwrap();
            }
        }
    }

    /// Works on a job for one step that takes this long. Returns whether it needs no more steps.
    pub async fn step(&self, job: (AppId, JobId), worker: &str, time: Duration) -> Result<bool, Problem> {
        as_function("transfer", transfer::step(&self.context, &self.objects(), job, worker, Instant::now() + time))
            .await
    }

    /// A job as stored.
    pub async fn stored_job(&self, (app_id, job_id): (AppId, JobId)) -> Job {
        self.store().job(app_id, job_id).await.unwrap().unwrap()
    }
}
