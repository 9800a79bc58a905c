//! Files that nobody else on this machine may change.
//!
//! Whoever may write to the data directory could put another database, another key or a link to any file of this user
//! there. So the directory must belong to this user and be writable by nobody else, and its files must be regular ones.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{fs::OFlags, process::geteuid};

/// The permission bits by which others than the owner may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Returns the absolute path of a directory that only this user may write to. A missing one is created, with access for
/// this user only.
pub(crate) fn private_directory(path: &Path) -> Result<PathBuf, String> {
    let failed = |what: &str, error: io::Error| format!("cannot {what} {}: {error}", path.display());
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| failed("create", error))?;
    let path = fs::canonicalize(path).map_err(|error| failed("find", error))?;
    let metadata = fs::metadata(&path).map_err(|error| failed("read", error))?;
    if metadata.uid() != geteuid().as_raw() {
        return Err(format!("{} belongs to another user; name a directory of your own with --data", path.display()));
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        let path = path.display();
        return Err(format!("others may write to {path}, and with it to all data; run: chmod go-w '{path}'"));
    }
    Ok(path)
}

/// [`private_directory`] inside of another one, where a link is not followed.
pub(crate) fn private_folder(path: &Path) -> Result<PathBuf, String> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_dir()) {
        let path = path.display();
        return Err(format!("{path} is no directory; links are not followed, so put the directory itself there"));
    }
    private_directory(path)
}

/// Refuses a path at which there is something else than a regular file of this user that nobody else may write to.
pub(crate) fn check_private(path: &Path) -> Result<(), String> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    let path = path.display();
    if !metadata.is_file() {
        return Err(format!("{path} is no regular file; links are not followed, so put the file itself there"));
    }
    if metadata.uid() != geteuid().as_raw() {
        return Err(format!("{path} belongs to another user; run: chown {} '{path}'", geteuid().as_raw()));
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(format!("others may write to {path}; run: chmod go-w '{path}'"));
    }
    Ok(())
}

/// Opens a file for writing that only its owner can read, without following a link. A missing one is created.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)
}

/// Writes a file that only its owner can read. It is renamed into place, so it is never half-written.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    if let Err(error) = fs::remove_file(&part)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = open_private(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    // The name is as durable as the content only once the directory is written.
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
