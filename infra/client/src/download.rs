//! Saving the files of jobs in the current directory: whole and verified, or not at all.

use std::{
    io::{self, ErrorKind, Write},
    path::Path,
    time::Duration,
};

use data_encoding::HEXLOWER;
use reqwest::Url;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::time::timeout;

use crate::{
    failure::Failure,
    job::{self, ShownFile, ShownJob},
    progress,
    server::{Server, check_encrypted},
};

/// How often a download whose connection is lost is begun again.
const ATTEMPTS: u32 = 3;

/// How long nothing may arrive.
const STALL: Duration = Duration::from_mins(1);

/// Saves a file of a job in the current directory and says under which name.
pub(crate) async fn save(server: &Server<'_>, app_id: &str, job_id: &str, name: &str) -> Result<(), Failure> {
    let kept_as = plain(name)?;
    let mut attempt = 1;
    loop {
        // Read again, because a link lives 15 minutes, and the files before may have taken longer.
        let job = ShownJob::read(&job::get(server, app_id, job_id).await?)?;
        let file = job.files.iter().find(|file| file.name == name);
        let file = file.ok_or_else(|| Failure::refused(format!("the job's file '{name}' is gone")))?;
        match download(server, file).await {
            Err(failure) if failure.is_no_server() && attempt < ATTEMPTS => attempt += 1,
            Err(failure) => return Err(failure),
            Ok(part) => {
                let name = keep(part, &kept_as).map_err(|error| cannot_write(name, &error))?;
                eprintln!("Saved {name}");
                return Ok(());
            }
        }
    }
}

/// Downloads a file to a temporary one beside it. Only its owner can read it.
async fn download(server: &Server<'_>, file: &ShownFile) -> Result<NamedTempFile, Failure> {
    let ShownFile { name, bytes, sha256, download_url } = file;
    let url = Url::parse(download_url).map_err(|error| Failure::no_server(format!("the link to '{name}': {error}")))?;
    check_encrypted(&url)?;
    let lost = |reason: String| Failure::no_server(format!("the download of '{name}' was lost: {reason}"));
    // The link is the right to the file. The key is not sent: files may be on another server.
    let mut response = server.http.get(url).send().await.map_err(Failure::connection)?;
    if !response.status().is_success() {
        return Err(lost(format!("the answer is {}", response.status())));
    }
    let part = tempfile::Builder::new().prefix(".rollcall-").suffix(".part").tempfile_in(".");
    let mut part = part.map_err(|error| cannot_write(name, &error))?;
    let bar = progress::of_bytes(name, *bytes);
    let (mut hash, mut length) = (Sha256::new(), 0);
    loop {
        let chunk = timeout(STALL, response.chunk()).await.map_err(|_| lost("nothing arrives".into()))?;
        let Some(chunk) = chunk.map_err(Failure::connection)? else { break };
        length += chunk.len() as u64;
        hash.update(&chunk);
        part.write_all(&chunk).map_err(|error| cannot_write(name, &error))?;
        bar.set_position(length);
    }
    bar.finish_and_clear();
    if length != *bytes || HEXLOWER.encode(&hash.finalize()) != *sha256 {
        return Err(Failure::refused(format!(
            "what was downloaded is not '{name}': it has {length} of {bytes} bytes, or another SHA-256"
        )));
    }
    Ok(part)
}

/// Gives the file its name or, if there is such a file, the name with the first free number. Returns that name.
fn keep(mut part: NamedTempFile, name: &str) -> io::Result<String> {
    for number in 0_u32.. {
        let free = numbered(name, number);
        match part.persist_noclobber(&free) {
            Ok(_) => return Ok(free),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => part = error.file,
            Err(error) => return Err(error.error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

fn numbered(name: &str, number: u32) -> String {
    let path = Path::new(name);
    let file = match (number, path.file_stem(), path.extension()) {
        (0, _, _) => return name.to_owned(),
        (_, Some(stem), Some(extension)) => format!("{} ({number}).{}", stem.display(), extension.display()),
        (_, stem, _) => format!("{} ({number})", stem.unwrap_or_default().display()),
    };
    path.with_file_name(file).display().to_string()
}

/// The name of a file in the current directory. It is not hidden there, and leads nowhere else.
fn plain(name: &str) -> Result<String, Failure> {
    if matches!(name, "" | "." | "..") || name.contains(['/', '\\']) || name.contains(char::is_control) {
        return Err(Failure::refused(format!("the server names a file {name:?}, which is no plain name")));
    }
    Ok(name.strip_prefix('.').map_or_else(|| name.to_owned(), |rest| format!("_{rest}")))
}

fn cannot_write(name: &str, error: &io::Error) -> Failure {
    Failure::refused(format!("cannot write '{name}': {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_within_the_directory() {
        for (name, kept) in [("Harbor - all.csv", "Harbor - all.csv"), (".bashrc", "_bashrc")] {
            assert_eq!(plain(name), Ok(kept.to_owned()));
        }
        for name in ["", ".", "..", "a/b", "/etc/passwd", "..\\a", "a\u{1b}[2J", "a\n"] {
            assert!(plain(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_file_replaces_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let name = directory.path().join("a.csv").display().to_string();
        let kept = [1, 2, 3].map(|content| {
            let mut part = NamedTempFile::new_in(&directory).unwrap();
            part.write_all(&[content]).unwrap();
            keep(part, &name).unwrap()
        });
        assert_eq!(kept.clone().map(|path| std::fs::read(path).unwrap()), [[1], [2], [3]]);
        assert!(kept[2].ends_with("a (2).csv"), "{kept:?}");
    }
}
