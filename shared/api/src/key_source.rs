//! Where the master key is kept, and when it is read.

use std::path::PathBuf;

use rollcall_store::{Fault, Secrets};
use tokio::sync::OnceCell;

use crate::{keyring::Keyring, problem::Problem};

/// Where the master key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file only its owner can read, on one machine.
    File(PathBuf),
    /// A secret of Secrets Manager, on AWS.
    Secret(String),
}

/// The keyring, read when it is first needed and then kept. After a failed read the next request tries again.
#[derive(Debug)]
pub(crate) struct LazyKeyring {
    source: KeySource,
    keyring: OnceCell<Keyring>,
}

impl LazyKeyring {
    pub(crate) fn new(source: KeySource) -> Self {
        Self { source, keyring: OnceCell::new() }
    }

    pub(crate) async fn get(&self, secrets: &Secrets) -> Result<&Keyring, Problem> {
        self.keyring.get_or_try_init(|| self.read(secrets)).await
    }

    async fn read(&self, secrets: &Secrets) -> Result<Keyring, Problem> {
        let (json, name) = match &self.source {
            KeySource::File(path) => {
                let name = path.display().to_string();
                let json = std::fs::read_to_string(path)
                    .map_err(|error| Problem::Unavailable(format!("cannot read {name}: {error}")))?;
                (json, name)
            }
            KeySource::Secret(id) => {
                (secrets.read(id).await.map_err(|fault: Fault| Problem::from(fault))?, format!("the secret {id}"))
            }
        };
        Keyring::parse(&json).map_err(|reason| Problem::Unavailable(format!("{name} is no master key: {reason}")))
    }
}
