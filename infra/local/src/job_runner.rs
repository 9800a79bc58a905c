//! Work on jobs on one machine, in place of a workflow for each.

use std::{collections::HashMap, time::Duration};

use rollcall_api::Context;
use rollcall_domain::id::{AppId, JobId};
use rollcall_objects::Objects;
use tokio::{
    task::{Id, JoinSet},
    time::Instant,
};
use transfer::STEP_TIME;

use crate::embedded::Embedded;

/// How often to look for jobs that are due by the clock alone.
const TICK: Duration = Duration::from_secs(5);

/// How many jobs are worked on at once.
const MAX_AT_ONCE: usize = 4;

/// The worker's name. It is the same after a restart, so that the jobs of a process that died go on at once.
const WORKER: &str = "local";

/// Works on due jobs.
#[derive(Debug)]
pub(crate) struct JobRunner {
    context: Context,
    objects: Objects,
    tasks: JoinSet<()>,
    /// The job of each task.
    jobs: HashMap<Id, (AppId, JobId)>,
}

impl JobRunner {
    pub(crate) fn new(context: Context, objects: Objects) -> Self {
        Self { context, objects, tasks: JoinSet::new(), jobs: HashMap::new() }
    }

    /// Runs until the process ends.
    pub(crate) async fn keep_running(mut self, database: Embedded) {
        loop {
            match transfer::due(&self.context).await {
                Ok(jobs) => jobs.into_iter().for_each(|job| self.begin(job)),
                Err(problem) => tracing::error!(%problem, "due jobs could not be read"),
            }
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => {
                    let task = ended.map_or_else(|panic| panic.id(), |(task, ())| task);
                    self.jobs.remove(&task);
                }
                () = database.jobs_written() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    fn begin(&mut self, job: (AppId, JobId)) {
        if self.jobs.len() >= MAX_AT_ONCE || self.jobs.values().any(|busy| *busy == job) {
            return;
        }
        let (context, objects) = (self.context.clone(), self.objects.clone());
        let task = self.tasks.spawn(async move {
            if let Err(problem) = transfer::step(&context, &objects, job, WORKER, Instant::now() + STEP_TIME).await {
                tracing::error!(%problem, job_id = %job.1, "a job could not go on");
                tokio::time::sleep(TICK).await;
            }
        });
        self.jobs.insert(task.id(), job);
    }
}
