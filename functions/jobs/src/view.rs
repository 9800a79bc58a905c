//! A job, as replies show it.

use std::collections::BTreeMap;

use rollcall_api::{Context, Problem};
use rollcall_domain::{
    Timestamp,
    id::{AppId, JobId},
    job::{Counts, Job, JobError, JobKind, JobStatus, JobUser, Progress},
    limits::{JOB_WAIT, MAX_UPLOAD_BYTES},
};
use rollcall_objects::Objects;
use serde::Serialize;
use serde_json::{Map, Value};
use transfer::UPLOAD;
use utoipa::ToSchema;

/// A job, as replies show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobView {
    /// Identifies the job.
    job_id: JobId,
    /// What the job does.
    kind: JobKind,
    /// The application of the accounts.
    app_id: AppId,
    /// How far it is.
    status: JobStatus,
    /// The user who began it.
    created_by: JobUser,
    /// When it began.
    created_at: Timestamp,
    /// When its work began; null before.
    #[schema(required)]
    started_at: Option<Timestamp>,
    /// When it was over; null before.
    #[schema(required)]
    finished_at: Option<Timestamp>,
    /// Until when its files can be downloaded; null before it has ended.
    #[schema(required)]
    expires_at: Option<Timestamp>,
    /// From when on each account that exists is in the file of an export; null for other jobs.
    #[schema(required)]
    as_of: Option<Timestamp>,
    /// How much is done.
    progress: Progress,
    /// What became of the accounts or rows.
    counts: Counts,
    /// How many accounts an edit or a deletion concerns; null before they were found, and for other jobs.
    #[schema(required)]
    matched: Option<u64>,
    /// Its files, for 24 hours after its end.
    files: Vec<FileView>,
    /// Why it stopped early; null if it did not.
    #[schema(required)]
    error: Option<JobError>,
    /// The request that began it, without its kind and ids.
    #[schema(value_type = Object)]
    request: Map<String, Value>,
    /// How to upload the file of an import that waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<UploadView>,
}

/// A file of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobFile)]
struct FileView {
    /// The name under which it is downloaded.
    name: String,
    /// The size.
    bytes: u64,
    /// The number of accounts or, in a report, of rows.
    rows: u64,
    /// The SHA-256, in lower-case hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Where the file can be downloaded without further authentication. The link lives 15 minutes, and no longer than
    /// the file. Read the job again for a new one.
    #[schema(format = "uri")]
    download_url: String,
}

/// How to upload a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobUpload)]
struct UploadView {
    /// Where to send the file, as the body of the request.
    #[schema(format = "uri")]
    url: String,
    /// The method.
    method: &'static str,
    /// The headers that the request must have.
    headers: BTreeMap<String, String>,
    /// When the link ends.
    expires_at: Timestamp,
    /// The maximum size of the file.
    max_bytes: u64,
}

impl JobView {
    /// The job, with links that begin now.
    pub(crate) async fn of(context: &Context, objects: &Objects, job: Job) -> Result<Self, Problem> {
        let now = context.now();
        let mut files = Vec::new();
        if let Some(lifetime) = job.link_lifetime(now) {
            for file in &job.files {
                let download_url = objects.download_link(&file.key, &file.name, now, lifetime).await?;
                let (name, sha256) = (file.name.clone(), file.sha256.clone());
                files.push(FileView { name, bytes: file.bytes, rows: file.rows, sha256, download_url });
            }
        }
        let upload = match job.status {
            JobStatus::AwaitingUpload => Some(upload(objects, &job, now).await?),
            _ => None,
        };
        Ok(Self {
            expires_at: job.expires_at(),
            files,
            upload,
            job_id: job.job_id,
            kind: job.kind,
            app_id: job.app_id,
            status: job.status,
            created_by: job.created_by,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            as_of: job.as_of,
            progress: job.progress,
            counts: job.counts,
            matched: job.matched,
            error: job.error,
            request: job.request,
        })
    }
}

async fn upload(objects: &Objects, job: &Job, now: Timestamp) -> Result<UploadView, Problem> {
    let expires_at = job.due_at.unwrap_or(now + JOB_WAIT);
    let link = objects.upload_link(&job.object(UPLOAD), now, expires_at.since(now)).await?;
    Ok(UploadView { url: link.url, method: "PUT", headers: link.headers, expires_at, max_bytes: MAX_UPLOAD_BYTES })
}
