//! Where the master key is kept, and when it is read.

use std::{path::PathBuf, sync::Arc};

use rollcall_domain::{
    Timestamp,
    limits::{KEYRING_LIFETIME, KEYRING_RETRY},
};
use rollcall_store::{Fault, Secrets};
use tokio::sync::Mutex;

use crate::{keyring::Keyring, problem::Problem};

/// Where the master key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file only its owner can read, on one machine.
    File(PathBuf),
    /// A secret of Secrets Manager, on AWS.
    Secret(String),
}

impl KeySource {
    /// Reads `MASTER_KEY_FILE` or `MASTER_KEY_SECRET_ID`.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        match (variable("MASTER_KEY_FILE"), variable("MASTER_KEY_SECRET_ID")) {
            (Some(path), None) => Ok(Self::File(PathBuf::from(path))),
            (None, Some(id)) => Ok(Self::Secret(id)),
            (Some(_), Some(_)) | (None, None) => {
                Err("exactly one of MASTER_KEY_FILE and MASTER_KEY_SECRET_ID must be set".to_owned())
            }
        }
    }

    /// Reads the master keys from there.
    pub async fn keyring(&self, secrets: &Secrets) -> Result<Keyring, Problem> {
        let json = match self {
            Self::File(path) => std::fs::read_to_string(path)
                .map_err(|error| Problem::Unavailable(format!("cannot read {self}: {error}")))?,
            Self::Secret(id) => secrets.read(id).await.map_err(|fault: Fault| Problem::from(fault))?,
        };
        Keyring::parse(&json).map_err(|reason| Problem::Unavailable(format!("{self} is no master key: {reason}")))
    }
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Secret(id) => write!(formatter, "the secret {id}"),
        }
    }
}

/// The keyring, read when it is first needed and from time to time again, so that a key is turned without a restart.
#[derive(Debug)]
pub(crate) struct CachedKeyring {
    source: KeySource,
    cached: Mutex<Option<Cached>>,
}

/// A keyring, and when it was read, or was last tried to be.
#[derive(Debug)]
struct Cached {
    keyring: Arc<Keyring>,
    read_at: Timestamp,
}

impl Cached {
    /// Whether it is to be read again: because of its age, or because it lacks the key of this id.
    fn is_due(&self, id: Option<&str>, now: Timestamp) -> bool {
        let lacks_key = id.is_some_and(|id| !self.keyring.has(id));
        now.since(self.read_at) >= if lacks_key { KEYRING_RETRY } else { KEYRING_LIFETIME }
    }
}

impl CachedKeyring {
    pub(crate) fn new(source: KeySource) -> Self {
        Self { source, cached: Mutex::default() }
    }

    /// The keyring, for data that names the key of this id if there is one. If it cannot be read again, the one that
    /// was read before stays in use.
    pub(crate) async fn get(
        &self,
        secrets: &Secrets,
        id: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Keyring>, Problem> {
        let mut cached = self.cached.lock().await;
        if let Some(cached) = cached.as_ref().filter(|cached| !cached.is_due(id, now)) {
            return Ok(cached.keyring.clone());
        }
        let keyring = match (self.source.keyring(secrets).await, cached.as_ref()) {
            (Ok(keyring), _) => Arc::new(keyring),
            (Err(problem), Some(cached)) => {
                tracing::error!(%problem, "the master key cannot be read again");
                cached.keyring.clone()
            }
            (Err(problem), None) => return Err(problem),
        };
        *cached = Some(Cached { keyring: keyring.clone(), read_at: now });
        Ok(keyring)
    }
}
