//! How a read or a commit can fail.

use std::fmt;

use rollcall_domain::Code;

use crate::keys::Key;

/// The database did not do its part.
#[derive(Debug)]
pub enum Fault {
    /// It did not answer, or not in time, or kept refusing for load.
    Unavailable {
        /// Which call it was.
        operation: &'static str,
        /// What it said last.
        reason: String,
    },
    /// An item cannot be read as what its key says it is.
    Corrupt {
        /// Where it stands.
        key: Key,
        /// What is wrong with it.
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

/// The guards of a commit that did not hold, in the order of its writes. Nothing was written.
#[derive(Debug, PartialEq, Eq)]
pub struct FailedGuards {
    failures: Vec<(Key, Code)>,
}

impl FailedGuards {
    pub(crate) fn new(failures: Vec<(Key, Code)>) -> Self {
        Self { failures }
    }

    /// What the first failed guard means.
    pub fn code(&self) -> Code {
        self.failures.first().map_or(Code::Conflict, |(_, code)| *code)
    }

    /// Whether a guard with this meaning failed.
    pub fn is(&self, code: Code) -> bool {
        self.failures.iter().any(|(_, failed)| *failed == code)
    }

    /// The keys whose guards failed with this meaning.
    pub fn keys(&self, code: Code) -> impl Iterator<Item = &Key> {
        self.failures.iter().filter(move |(_, failed)| *failed == code).map(|(key, _)| key)
    }
}

/// Why a commit wrote nothing, or may not have.
#[derive(Debug)]
pub enum CommitError {
    /// A guard did not hold: final.
    Refused(FailedGuards),
    /// The database did not do its part.
    Fault(Fault),
}

impl From<Fault> for CommitError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
