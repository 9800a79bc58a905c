//! How a read or a commit can fail.

use std::fmt;

use rollcall_domain::Code;

use crate::keys::Key;

/// A failure of the database or of the data in it.
#[derive(Debug)]
pub enum Fault {
    /// The database did not answer in time, reported an error, or kept throttling.
    Unavailable {
        /// The failed operation.
        operation: &'static str,
        /// The last error.
        reason: String,
    },
    /// An item cannot be read as the state that its key names.
    Corrupt {
        /// The key of the item.
        key: Key,
        /// Why it cannot be read.
        reason: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { operation, reason } => write!(formatter, "{operation} failed: {reason}"),
            Self::Corrupt { key, reason } => {
                write!(formatter, "item {} / {} is corrupt: {reason}", key.pk, key.sk)
            }
        }
    }
}

impl std::error::Error for Fault {}

/// The guards of a commit that failed, in the order of its writes. Nothing was written.
#[derive(Debug, PartialEq, Eq)]
pub struct FailedGuards {
    failures: Vec<(Key, Code)>,
}

impl FailedGuards {
    pub(crate) fn new(failures: Vec<(Key, Code)>) -> Self {
        Self { failures }
    }

    /// The error code of the first failed guard.
    pub fn code(&self) -> Code {
        self.failures.first().map_or(Code::Conflict, |(_, code)| *code)
    }

    /// Whether a guard failed with this error code.
    pub fn is(&self, code: Code) -> bool {
        self.failures.iter().any(|(_, failed)| *failed == code)
    }

    /// The keys of the items whose guards failed with this error code.
    pub fn keys(&self, code: Code) -> impl Iterator<Item = &Key> {
        self.failures.iter().filter(move |(_, failed)| *failed == code).map(|(key, _)| key)
    }
}

/// Why a commit failed.
#[derive(Debug)]
pub enum CommitError {
    /// A guard failed. Nothing was written, and a retry of the same commit would fail, too.
    Refused(FailedGuards),
    /// The database failed. The commit may or may not have been written.
    Fault(Fault),
}

impl From<Fault> for CommitError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
