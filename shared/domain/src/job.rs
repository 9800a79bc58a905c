//! Jobs: work on many accounts that goes on after the request: exports, imports, bulk edits and bulk deletions.
//!
//! A job is one item with its checkpoint inside. Whoever works on it holds its lease, and each write depends on the
//! version that was read, so if two work on the same job, one of them stops at its next write.

mod request;
mod result;
mod states;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    audit::RequestOrigin,
    choice::choices,
    id::{ApiKeyId, AppId, JobId, UserId},
    limits::{JOB_FILES_LIFETIME, JOB_LINK_LIFETIME, JOB_WAIT},
    permission::Permission,
    text::Username,
    time::Timestamp,
    user::User,
};

pub use request::{AccountSelection, BulkStart, DeleteRequest, EditRequest, ExportRequest, ImportRequest, NewJob};
pub use result::{Counts, JobError, JobFile, Progress};

choices! {
    /// What a job does.
    JobKind {
        /// Writes accounts into a file.
        Export "export",
        /// Creates and changes accounts by the rows of a file.
        Import "import",
        /// Changes the profiles of many accounts in the same way.
        Edit "edit",
        /// Deletes many accounts.
        Delete "delete",
    }

    /// How far a job is.
    JobStatus {
        /// An import waits for its file.
        AwaitingUpload "awaiting_upload",
        /// The job waits until somebody has looked at what it would do and starts it.
        AwaitingStart "awaiting_start",
        /// It will go on as soon as possible.
        Queued "queued",
        /// It is being worked on.
        Running "running",
        /// It has ended, and everything was done. Single rows may have failed.
        Succeeded "succeeded",
        /// It has ended early: `error` says why. What was done stays done.
        Failed "failed",
        /// It was ended early, by somebody or because it waited too long. What was done stays done.
        Cancelled "cancelled",
    }
}

impl JobKind {
    /// The permission that somebody needs to begin, see and end such a job.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Export => Permission::AccountsExport,
            Self::Import | Self::Edit => Permission::AccountsWrite,
            Self::Delete => Permission::AccountsDelete,
        }
    }
}

impl JobStatus {
    /// Whether nothing more will happen.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// The user who began a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobUser {
    /// Identifies the user.
    pub user_id: UserId,
    /// The user's name at that time.
    pub username: Username,
}

/// Who begins or starts a job.
#[derive(Clone, Debug)]
pub struct JobCaller<'a> {
    /// The user.
    pub user: &'a User,
    /// The API key, if the request carried one.
    pub key_id: Option<ApiKeyId>,
    /// The request; `None` for what is not asked for by one.
    pub origin: Option<RequestOrigin>,
}

/// The right to work on a job for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose it is. The same worker may take it again at any time.
    pub worker: String,
    /// When anybody else may take it.
    pub until: Timestamp,
}

/// A job, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The job's key. It begins with the time of its creation.
    pub job_id: JobId,
    /// The application of the accounts.
    pub app_id: AppId,
    /// What the job does.
    pub kind: JobKind,
    /// The body of the request that began it, without its kind and ids.
    pub request: Map<String, Value>,
    /// The body of the request that started it, if it had to be started.
    #[serde(default)]
    pub start: Option<Map<String, Value>>,
    /// Of an import, the entity tag of the file that it was started for.
    #[serde(default)]
    pub upload_tag: Option<String>,
    /// How far it is.
    pub status: JobStatus,
    /// Who began it.
    pub created_by: JobUser,
    /// In whose name it works: who began it or, if it had to be started, who did that.
    pub acts_for: UserId,
    /// The API key of the request by which they did that, if it carried one. The job works within its scopes.
    #[serde(default)]
    pub key_id: Option<ApiKeyId>,
    /// That request, as the audit log names it.
    #[serde(default)]
    pub origin: Option<RequestOrigin>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its work began.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// From when on each account that exists is in the file of an export.
    #[serde(default)]
    pub as_of: Option<Timestamp>,
    /// How much is done.
    #[serde(default)]
    pub progress: Progress,
    /// What became of the rows.
    #[serde(default)]
    pub counts: Counts,
    /// How many accounts an edit or a deletion concerns.
    #[serde(default)]
    pub matched: Option<u64>,
    /// Its files, for 24 hours after its end.
    #[serde(default)]
    pub files: Vec<JobFile>,
    /// Why it stopped early.
    #[serde(default)]
    pub error: Option<JobError>,
    /// Whether somebody has asked to end it. Whoever works on it ends it.
    #[serde(default)]
    pub is_ending: bool,
    /// When it has to be looked at again, whatever happens.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// Who works on it.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// How often a worker has begun since it last got on.
    #[serde(default)]
    pub attempts: u32,
    /// How often it was started: rows of earlier runs are told apart.
    #[serde(default)]
    pub run: u32,
    /// How far the work is, in the form of its worker.
    #[serde(default)]
    pub checkpoint: Option<Value>,
    /// Starts at 1 and grows with every write.
    pub version: u64,
}

impl Job {
    /// Begins a job. An import waits for its file; any other is queued.
    pub fn new(
        (job_id, app_id): (JobId, AppId),
        (kind, request): (JobKind, Map<String, Value>),
        JobCaller { user, key_id, origin }: JobCaller<'_>,
        now: Timestamp,
    ) -> Self {
        let (status, due_at) = match kind {
            JobKind::Import => (JobStatus::AwaitingUpload, now + JOB_WAIT),
            JobKind::Export | JobKind::Edit | JobKind::Delete => (JobStatus::Queued, now),
        };
        Self {
            job_id,
            app_id,
            kind,
            request,
            start: None,
            upload_tag: None,
            status,
            created_by: JobUser { user_id: user.user_id, username: user.username.clone() },
            acts_for: user.user_id,
            key_id,
            origin,
            created_at: now,
            started_at: None,
            finished_at: None,
            as_of: None,
            progress: Progress::default(),
            counts: Counts::default(),
            matched: None,
            files: Vec::new(),
            error: None,
            is_ending: false,
            due_at: Some(due_at),
            lease: None,
            attempts: 0,
            run: 0,
            checkpoint: None,
            version: 1,
        }
    }

    /// Until when its files can be downloaded; `None` while it is not over.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.finished_at.map(|at| at + JOB_FILES_LIFETIME)
    }

    /// For how long a link to its files may live; `None` if they are gone.
    pub fn link_lifetime(&self, now: Timestamp) -> Option<Duration> {
        // The report of a trial is gone when nobody starts the job.
        let start_due = self.due_at.filter(|_| self.status == JobStatus::AwaitingStart);
        let left = self.expires_at().or(start_due).map_or(JOB_LINK_LIFETIME, |end| end.since(now));
        Some(left.min(JOB_LINK_LIFETIME)).filter(|left| !left.is_zero())
    }

    /// Whether a worker may work on the job now.
    pub fn is_free_for(&self, worker: &str, now: Timestamp) -> bool {
        match self.status {
            JobStatus::Queued => true,
            JobStatus::Running => self.lease.as_ref().is_none_or(|lease| lease.worker == worker || lease.until <= now),
            JobStatus::AwaitingUpload
            | JobStatus::AwaitingStart
            | JobStatus::Succeeded
            | JobStatus::Failed
            | JobStatus::Cancelled => false,
        }
    }

    /// The key of one of its objects.
    pub fn object(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.app_id, self.job_id)
    }
}
