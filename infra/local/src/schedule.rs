//! The schedule: the cleanup, and the removal of expired items and old files, which on AWS table and bucket do by
//! themselves.

use std::time::Duration;

use cleanup::{CleanupEvent, CleanupReport};
use rollcall_api::{Context, Problem};

use crate::{expiry::Expiry, objects::LocalS3};

/// How often the schedule runs, as in the template.
const INTERVAL: Duration = Duration::from_mins(15);

/// What runs on a schedule.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    context: Context,
    expiry: Expiry,
    s3: LocalS3,
}

impl Schedule {
    pub(crate) fn new(context: Context, expiry: Expiry, s3: LocalS3) -> Self {
        Self { context, expiry, s3 }
    }

    /// Runs the cleanup and then removes expired items and old files. The report is the cleanup's.
    pub(crate) async fn run_once(&self) -> Result<CleanupReport, Problem> {
        let report = cleanup::run(self.context.clone(), CleanupEvent::default()).await;
        self.expiry.remove_expired(self.context.now()).await.map_err(Problem::Unavailable)?;
        self.s3.remove_expired(self.context.now()).await.map_err(Problem::Unavailable)?;
        report
    }

    /// Runs until the process ends. The next run goes on where a failed one stopped.
    pub(crate) async fn keep_running(self) {
        let mut ticks = tokio::time::interval(INTERVAL);
        loop {
            ticks.tick().await;
            if let Err(problem) = self.run_once().await {
                tracing::error!(%problem, "the cleanup failed");
            }
        }
    }
}
