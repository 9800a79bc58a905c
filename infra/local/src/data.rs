//! The data directory: the database file and, beside it, the master key.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aws_sdk_dynamodb::config::Credentials;
use rollcall_api::keyring::Keyring;
use rollcall_store::Connection;

use crate::embedded::Embedded;

/// The file of the master key, in the data directory.
pub const KEY_FILE: &str = "master-key.json";

/// The data of one installation, locked by this process.
#[derive(Debug)]
pub struct Data {
    /// The database.
    pub database: Embedded,
    /// The file that holds the master key.
    pub key_file: PathBuf,
    _guard: DataGuard,
}

/// Released when the process ends.
#[derive(Debug)]
#[expect(dead_code, reason = "kept until it is dropped, which releases the lock or removes the directory")]
enum DataGuard {
    Lock(File),
    Temporary(tempfile::TempDir),
}

impl Data {
    /// Opens the data in `directory`. A missing directory is created, accessible to this user only.
    pub fn open(directory: &Path) -> Result<Self, String> {
        let failed =
            |what: &str, error: &dyn std::fmt::Display| format!("cannot {what} {}: {error}", directory.display());
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| failed("create", &error))?;
        let lock = File::create(directory.join("lock")).map_err(|error| failed("lock", &error))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                format!(
                    "{} is in use by another copy of this server; stop it, or name another directory with --data",
                    directory.display()
                )
            }
            TryLockError::Error(error) => failed("lock", &error),
        })?;
        let file = directory.join("rollcall.db");
        create_private(&file).map_err(|error| failed("write to", &error))?;
        let database = Embedded::open(&file).map_err(|error| failed("open the database in", &error))?;
        let key_file = directory.join(KEY_FILE);
        write_key(&key_file).map_err(|error| failed("write the master key to", &error))?;
        Ok(Self { database, key_file, _guard: DataGuard::Lock(lock) })
    }

    /// Data that is lost with this process.
    pub fn temporary() -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| format!("cannot create a temporary directory: {error}"))?;
        let database = Embedded::memory().map_err(|error| format!("cannot start the database: {error}"))?;
        let key_file = directory.path().join(KEY_FILE);
        write_key(&key_file).map_err(|error| format!("cannot write {}: {error}", key_file.display()))?;
        Ok(Self { database, key_file, _guard: DataGuard::Temporary(directory) })
    }

    /// A connection to the database without a socket.
    pub fn in_process(&self) -> Connection {
        Connection {
            region: "local".to_owned(),
            credentials: Credentials::new("local", "local", None, None, "local"),
            dynamodb_endpoint: Some("http://embedded".to_owned()),
            secrets_endpoint: None,
            http_client: self.database.http_client(),
        }
    }
}

/// Creates a file that only its owner can read, unless it exists.
fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// Writes a new master key, unless there is one. The file is renamed into place, so it is never half-written.
fn write_key(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let part = path.with_extension("part");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(Keyring::generate().map_err(io::Error::other)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)
}
