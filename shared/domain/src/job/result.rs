//! What a job has done: its progress, its counts, its files, and why it stopped early.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Code, Refusal};

/// How much of a job is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobProgress)]
pub struct Progress {
    /// The number of accounts or rows that are done.
    pub done: u64,
    /// The number of all; null while it is unknown.
    #[schema(required)]
    pub total: Option<u64>,
}

/// What became of the accounts or rows of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobCounts)]
pub struct Counts {
    /// Accounts that were created.
    pub created: u64,
    /// Accounts that were changed.
    pub updated: u64,
    /// Accounts that already were as they should be.
    pub unchanged: u64,
    /// Rows of accounts that exist and are kept as they are, and accounts that vanished meanwhile.
    pub skipped: u64,
    /// Accounts that were deleted.
    pub deleted: u64,
    /// Rows or accounts that could not be processed.
    pub failed: u64,
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            created: self.created + other.created,
            updated: self.updated + other.updated,
            unchanged: self.unchanged + other.unchanged,
            skipped: self.skipped + other.skipped,
            deleted: self.deleted + other.deleted,
            failed: self.failed + other.failed,
        }
    }
}

/// A file of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFile {
    /// The name under which it is downloaded.
    pub name: String,
    /// The object that holds it.
    pub key: String,
    /// The size.
    pub bytes: u64,
    /// The number of accounts or, in a report, of rows.
    pub rows: u64,
    /// The SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

/// Why a job stopped early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// An error code, or `expired`.
    pub code: String,
    /// What happened, and how to mend it.
    pub detail: String,
}

impl JobError {
    /// An error with a code of the API.
    pub fn of(code: Code) -> Self {
        Self { code: code.as_str().to_owned(), detail: code.title().to_owned() }
    }

    /// A refusal, with its first violation.
    pub fn refused(refusal: &Refusal) -> Self {
        let violation = refusal.violations.first();
        let place = violation.and_then(|violation| violation.pointer()).unwrap_or_default();
        let detail =
            violation.map_or_else(|| refusal.detail.to_string(), |found| format!("{place} {}", found.detail()));
        Self { code: refusal.code.as_str().to_owned(), detail }
    }

    /// The file cannot be read as a whole; `detail` says why.
    pub fn unreadable(detail: impl std::fmt::Display) -> Self {
        Self { code: Code::UnreadableFile.as_str().to_owned(), detail: detail.to_string() }
    }

    pub(super) fn expired() -> Self {
        let detail = "The job waited longer than an hour for its file or its start. Begin a new one.".to_owned();
        Self { code: "expired".to_owned(), detail }
    }
}
