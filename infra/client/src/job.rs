//! A job: waiting for its end, and what remains of it on this machine.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{download, failure::Failure, interrupt::Interrupt, output, progress, server::Server};

/// The first wait between two looks at a job. Each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest wait between two looks at a job: a person sees the bar move.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What the commands read of a job.
#[derive(Debug, Deserialize)]
pub(crate) struct ShownJob {
    pub(crate) job_id: String,
    kind: String,
    status: String,
    progress: Done,
    counts: Counts,
    pub(crate) files: Vec<ShownFile>,
    error: Option<Reason>,
    pub(crate) upload: Option<UploadLink>,
}

#[derive(Debug, Deserialize)]
struct Done {
    done: u64,
    total: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Counts {
    failed: u64,
}

#[derive(Debug, Deserialize)]
struct Reason {
    code: String,
    detail: String,
}

/// A file of a job.
#[derive(Debug, Deserialize)]
pub(crate) struct ShownFile {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) download_url: String,
}

/// How to upload the file of an import.
#[derive(Debug, Deserialize)]
pub(crate) struct UploadLink {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) max_bytes: u64,
}

impl ShownJob {
    /// Reads a job from a reply.
    pub(crate) fn read(value: &Value) -> Result<Self, Failure> {
        Self::deserialize(value)
            .map_err(|error| Failure::no_server(format!("the server's job has another form: {error}")))
    }

    fn is_unfinished(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "running")
    }

    /// Whether it could still be started.
    pub(crate) fn is_waiting(&self) -> bool {
        self.status == "awaiting_start"
    }

    fn has_failed_rows(&self) -> bool {
        self.counts.failed > 0
    }

    /// The failure of a job that did not do all it was begun for.
    pub(crate) fn outcome(&self) -> Result<(), Failure> {
        if let Some(Reason { code, detail }) = &self.error {
            return Err(Failure::refused(format!("the job is {}: {code}: {detail}", self.status)));
        }
        match (self.status.as_str(), self.counts.failed) {
            ("failed" | "cancelled", _) => Err(Failure::refused(format!("the job is {}", self.status))),
            (_, 0) => Ok(()),
            (_, failed) => Err(Failure::refused(format!("rows failed: {failed}; the report says why"))),
        }
    }
}

/// The values that name a job.
pub(crate) fn named(app_id: &str, job_id: &str) -> Map<String, Value> {
    Map::from_iter([("app_id".to_owned(), json!(app_id)), ("job_id".to_owned(), json!(job_id))])
}

/// Gets a job.
pub(crate) async fn get(server: &Server<'_>, app_id: &str, job_id: &str) -> Result<Value, Failure> {
    server.call("get_job", named(app_id, job_id)).await
}

/// Waits for the end of a job, saves what it leaves, and prints it.
pub(crate) async fn follow(
    server: &Server<'_>,
    interrupt: &mut Interrupt,
    app_id: &str,
    job_id: &str,
) -> Result<ShownJob, Failure> {
    let followed = interrupt.race(async {
        let value = wait(server, app_id, job_id).await?;
        let job = ShownJob::read(&value)?;
        // The report of an import without failed rows says nothing.
        if job.kind == "export" || job.has_failed_rows() {
            for file in &job.files {
                download::save(server, app_id, job_id, &file.name).await?;
            }
        }
        Ok((value, job))
    });
    let (value, job) = followed.await.map_err(|failure| failure.advise(&how_to_follow(app_id, job_id)))?;
    output::print(&value)?;
    Ok(job)
}

/// What to do about a job that goes on without the command.
pub(crate) fn how_to_follow(app_id: &str, job_id: &str) -> String {
    format!("To wait for the job and get its files: rollcall jobs {app_id} {job_id}")
}

async fn wait(server: &Server<'_>, app_id: &str, job_id: &str) -> Result<Value, Failure> {
    let bar = progress::of_rows("Job");
    let mut pause = FIRST_PAUSE;
    loop {
        let value = get(server, app_id, job_id).await?;
        let job = ShownJob::read(&value)?;
        if let Some(total) = job.progress.total {
            bar.set_length(total);
        }
        bar.set_position(job.progress.done);
        if !job.is_unfinished() {
            bar.finish_and_clear();
            return Ok(value);
        }
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}
