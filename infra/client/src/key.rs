//! The key that requests are sent with: from the environment, or from a file that nobody else can read.

use std::{
    fs::{File, Metadata},
    io::{ErrorKind, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use reqwest::header::HeaderValue;
use rustix::process::geteuid;

use crate::{failure::Failure, server::environment};

/// The variable with the key.
pub(crate) const VARIABLE: &str = "ROLLCALL_KEY";

/// The file with the key, in the home directory.
pub(crate) const FILE: &str = ".config/rollcall/key";

/// The permission bits of which a key file may have none: any of others, and execution.
const TOO_OPEN: u32 = 0o177;

/// The `Authorization` of requests; `None` without a key.
pub(crate) fn authorization() -> Result<Option<HeaderValue>, Failure> {
    if let Some(key) = environment(VARIABLE)? {
        return bearer(&key, VARIABLE).map(Some);
    }
    let Some(path) = std::env::home_dir().map(|home| home.join(FILE)) else { return Ok(None) };
    read(&path)?.map(|key| bearer(&key, &path.display().to_string())).transpose()
}

/// The `Authorization` of a key or a token that comes from `place`.
pub(crate) fn bearer(key: &str, place: &str) -> Result<HeaderValue, Failure> {
    let header = HeaderValue::from_str(&format!("Bearer {}", key.trim()));
    let mut header = header.map_err(|_| Failure::usage(format!("{place} has characters that no key has")))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The content of the key file; `None` if there is no file.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let failed = |error: std::io::Error| Failure::refused(format!("cannot read {}: {error}", path.display()));
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Of the file that was opened, so that it cannot be exchanged after the check.
    check(path, &file.metadata().map_err(failed)?)?;
    let mut key = String::new();
    file.read_to_string(&mut key).map_err(failed)?;
    if key.trim().is_empty() {
        return Err(Failure::usage(format!("{} is empty", path.display())));
    }
    Ok(Some(key))
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), Failure> {
    let path = path.display();
    if !metadata.is_file() {
        return Err(Failure::refused(format!("{path} is no regular file")));
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(Failure::refused(format!(
            "{path} belongs to another user; run: chown {} '{path}'",
            geteuid().as_raw()
        )));
    }
    if metadata.mode() & TOO_OPEN != 0 {
        return Err(Failure::refused(format!("others may use the key in {path}; run: chmod 600 '{path}'")));
    }
    Ok(())
}
