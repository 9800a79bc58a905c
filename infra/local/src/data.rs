//! The data directory: the database file and, beside it, the master key and the files of jobs.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use aws_sdk_dynamodb::config::Credentials;
use data_encoding::HEXLOWER;
use rollcall_api::keyring::{KeyPurpose, Keyring};
use rollcall_objects::Objects;
use rollcall_store::Connection;

use crate::{
    embedded::Embedded,
    objects::{BUCKET, LocalS3},
    private_files::{check_private, open_private, private_directory, private_folder, write_private},
};

/// The file of the master key, in the data directory.
pub const KEY_FILE: &str = "master-key.json";

const DATABASE_FILE: &str = "rollcall.db";

/// The folder of the files of jobs, in the data directory.
const JOBS_FOLDER: &str = "jobs";

const LOCK_FILE: &str = "lock";

/// Every file of the data directory: the lock, the database with its log and the log's index, the master key.
const FILES: [&str; 5] = [LOCK_FILE, DATABASE_FILE, "rollcall.db-wal", "rollcall.db-shm", KEY_FILE];

/// The data of one installation, locked by this process.
#[derive(Debug)]
pub struct Data {
    /// The database.
    pub database: Embedded,
    /// The files of jobs.
    pub s3: LocalS3,
    /// The file that holds the master key: an absolute path.
    pub key_file: PathBuf,
    /// The master key as it was at the start.
    pub keyring: Keyring,
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
    ///
    /// A directory or a file that others may write to is refused, as is a database without its master key.
    pub fn open(directory: &Path) -> Result<Self, String> {
        let directory = private_directory(directory)?;
        let failed =
            |what: &str, error: &dyn std::fmt::Display| format!("cannot {what} {}: {error}", directory.display());
        for name in FILES {
            check_private(&directory.join(name))?;
        }
        let jobs = private_folder(&directory.join(JOBS_FOLDER))?;
        let lock = open_private(&directory.join(LOCK_FILE)).map_err(|error| failed("lock", &error))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                format!(
                    "{} is in use by another copy of this server; stop it, or name another directory with --data",
                    directory.display()
                )
            }
            TryLockError::Error(error) => failed("lock", &error),
        })?;
        let (database, key_file) = (directory.join(DATABASE_FILE), directory.join(KEY_FILE));
        let is_used = fs::metadata(&database).is_ok_and(|file| file.len() > 0);
        // The key first, so that an interrupted first start leaves no database without its key.
        let keyring = if is_used { read_key(&key_file)? } else { read_or_create_key(&key_file)? };
        open_private(&database).map_err(|error| failed("write to", &error))?;
        let database = Embedded::open(&database).map_err(|error| failed("open the database in", &error))?;
        let s3 = LocalS3::open(&jobs).map_err(|error| failed("open the files of jobs in", &error))?;
        Ok(Self { database, s3, key_file, keyring, _guard: DataGuard::Lock(lock) })
    }

    /// Data that is lost with this process.
    pub fn temporary() -> Result<Self, String> {
        let failed = |error: io::Error| format!("cannot create a temporary directory: {error}");
        let directory = tempfile::tempdir().map_err(failed)?;
        let database = Embedded::memory().map_err(|error| format!("cannot start the database: {error}"))?;
        let s3 = LocalS3::open(&directory.path().join(JOBS_FOLDER)).map_err(failed)?;
        let key_file = directory.path().join(KEY_FILE);
        let keyring = read_or_create_key(&key_file)?;
        Ok(Self { database, s3, key_file, keyring, _guard: DataGuard::Temporary(directory) })
    }

    /// A connection to the database without a socket.
    pub fn in_process(&self) -> Connection {
        Connection {
            region: "local".to_owned(),
            credentials: Credentials::new("local", "local", None, None, "local"),
            dynamodb_endpoint: Some("http://embedded".to_owned()),
            s3_endpoint: None,
            secrets_endpoint: None,
            http_client: self.database.http_client(),
        }
    }

    /// A connection to S3 without a socket. The links that are made with it begin with `origin`.
    ///
    /// The secret is derived from the master key, so that links outlive a restart.
    pub fn s3_connection(&self, origin: &str) -> Connection {
        let key = self.keyring.mac(self.keyring.current_id(), KeyPurpose::ObjectLink, b"");
        let secret = HEXLOWER.encode(&key.unwrap_or_default());
        Connection {
            credentials: Credentials::new("local", secret, None, None, "local"),
            s3_endpoint: Some(origin.to_owned()),
            http_client: self.s3.http_client(),
            ..self.in_process()
        }
    }

    /// The objects of this installation. Links to them begin with `origin`.
    pub fn objects(&self, origin: &str) -> Objects {
        Objects::new(&self.s3_connection(origin), BUCKET)
    }
}

/// Reads the key of a database that has data.
fn read_key(path: &Path) -> Result<Keyring, String> {
    const MEND: &str = "Put the file back from a backup, or start anew in another directory with --data.";
    let json = fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!(
            "{} is missing, but there is a database beside it, whose passwords and second factors cannot be checked \
             without this master key. {MEND}",
            path.display()
        ),
        _ => format!("cannot read the master key {}: {error}. {MEND}", path.display()),
    })?;
    Keyring::parse(&json).map_err(|reason| format!("{} holds no master key: {reason}. {MEND}", path.display()))
}

/// Reads the key of an empty directory, which may have been put there before the first start, or creates one.
fn read_or_create_key(path: &Path) -> Result<Keyring, String> {
    if !path.exists() {
        let failed = |error: io::Error| format!("cannot write the master key {}: {error}", path.display());
        let json = Keyring::generate().map_err(|error| failed(io::Error::other(error)))?;
        write_private(path, json.as_bytes()).map_err(failed)?;
    }
    read_key(path)
}
