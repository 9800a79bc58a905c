//! Objects as files in a folder.
//!
//! - `objects/{key}` and `types/{key}`: the content and the media type. Keys are percent-encoded, so that each is one
//!   name.
//! - `uploads/{upload_id}`: `key`, `type`, and a file for each part.
//! - `incoming`: what is being written. It is renamed into place when it is complete and on the disk, so that neither a
//!   failed write nor `kill -9` leaves half an object.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::TryStreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rollcall_domain::Timestamp;
use s3s::{S3Result, dto::StreamingBlob, s3_error};
use tempfile::NamedTempFile;
use tokio::{io::AsyncWriteExt, task::spawn_blocking};

/// The maximum size of an object that is written at once, in bytes, and of a part. S3 has the same limit.
pub(super) const MAX_WRITE_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The characters of a key that its file name has unencoded. Without the dot no name is `..`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The folder. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Files(Arc<Path>);

/// A part of an upload.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) path: PathBuf,
    pub(super) metadata: fs::Metadata,
}

impl Files {
    /// The objects in a folder, without what a killed process left half-written.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let files = Self(folder.into());
        match fs::remove_dir_all(files.incoming()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for name in ["objects", "types", "uploads", "incoming"] {
            fs::create_dir_all(folder.join(name))?;
        }
        Ok(files)
    }

    fn incoming(&self) -> PathBuf {
        self.0.join("incoming")
    }

    /// The file of an object.
    pub(super) fn object(&self, key: &str) -> PathBuf {
        self.0.join("objects").join(file_name(key))
    }

    fn media_type(&self, key: &str) -> PathBuf {
        self.0.join("types").join(file_name(key))
    }

    /// The media type of an object, if it was given one.
    pub(super) async fn read_media_type(&self, key: &str) -> S3Result<Option<String>> {
        match tokio::fs::read_to_string(self.media_type(key)).await {
            Ok(media_type) => Ok(Some(media_type)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes an object at once.
    pub(super) async fn write(&self, key: &str, media_type: Option<String>, content: StreamingBlob) -> S3Result<()> {
        let file = self.receive(content).await?;
        let (files, key) = (self.clone(), key.to_owned());
        blocking(move || {
            files.set_media_type(&key, media_type.as_deref())?;
            persist(file, &files.object(&key))
        })
        .await
    }

    fn set_media_type(&self, key: &str, media_type: Option<&str>) -> io::Result<()> {
        let path = self.media_type(key);
        let Some(media_type) = media_type else { return remove_file(&path) };
        self.write_text(media_type, &path)
    }

    fn write_text(&self, text: &str, path: &Path) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(self.incoming())?;
        file.write_all(text.as_bytes())?;
        persist(file, path)
    }

    /// Receives content into a new file, which is removed when it is dropped.
    async fn receive(&self, mut content: StreamingBlob) -> S3Result<NamedTempFile> {
        let received = NamedTempFile::new_in(self.incoming()).map_err(failed)?;
        let mut file = tokio::fs::File::from_std(received.reopen().map_err(failed)?);
        let mut length = 0;
        // An error of the stream is the sender's: the connection was lost.
        while let Some(bytes) = content.try_next().await.map_err(|_| s3_error!(IncompleteBody))? {
            length += bytes.len() as u64;
            if length > MAX_WRITE_BYTES {
                return Err(s3_error!(EntityTooLarge));
            }
            file.write_all(&bytes).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        Ok(received)
    }

    /// The keys of the objects that begin with this prefix, in order. One machine has few enough for one list.
    pub(super) async fn keys(&self, prefix: String) -> S3Result<Vec<String>> {
        let files = self.clone();
        blocking(move || {
            let key = |entry: io::Result<fs::DirEntry>| {
                let name = entry?.file_name();
                Ok(percent_decode_str(&name.to_string_lossy()).decode_utf8_lossy().into_owned())
            };
            let keys = fs::read_dir(files.0.join("objects"))?.map(key).collect::<io::Result<Vec<_>>>()?;
            let mut keys: Vec<_> = keys.into_iter().filter(|key| key.starts_with(&prefix)).collect();
            keys.sort_unstable();
            Ok(keys)
        })
        .await
    }

    /// The uploads to keys with this prefix: the key and the id of each.
    pub(super) async fn uploads(&self, prefix: String) -> S3Result<Vec<(String, String)>> {
        let files = self.clone();
        blocking(move || {
            let upload = |entry: io::Result<fs::DirEntry>| {
                let entry = entry?;
                let id = entry.file_name().to_string_lossy().into_owned();
                // It is being begun, or was removed meanwhile.
                let Ok(key) = fs::read_to_string(entry.path().join("key")) else { return Ok(None) };
                Ok(Some((key, id)).filter(|(key, _)| key.starts_with(&prefix)))
            };
            let uploads = fs::read_dir(files.0.join("uploads"))?.filter_map(|entry| upload(entry).transpose());
            let mut uploads = uploads.collect::<io::Result<Vec<_>>>()?;
            uploads.sort_unstable();
            Ok(uploads)
        })
        .await
    }

    /// Deletes an object, if it exists.
    pub(super) async fn delete(&self, key: &str) -> S3Result<()> {
        let (object, media_type) = (self.object(key), self.media_type(key));
        blocking(move || remove_file(&object).and_then(|()| remove_file(&media_type))).await
    }

    /// Begins an upload and returns its id.
    pub(super) async fn begin(&self, key: String, media_type: Option<String>) -> S3Result<String> {
        let files = self.clone();
        blocking(move || {
            let folder = tempfile::Builder::new().prefix("").rand_bytes(24).tempdir_in(files.0.join("uploads"))?;
            files.write_text(&media_type.unwrap_or_default(), &folder.path().join("type"))?;
            files.write_text(&key, &folder.path().join("key"))?;
            let folder = folder.keep();
            Ok(folder.file_name().unwrap_or_default().to_string_lossy().into_owned())
        })
        .await
    }

    /// The folder of an upload that was begun for this key.
    fn upload(&self, id: &str, key: &str) -> S3Result<PathBuf> {
        let folder = self.0.join("uploads").join(id);
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_id && fs::read_to_string(folder.join("key")).is_ok_and(|of| of == key) {
            return Ok(folder);
        }
        Err(s3_error!(NoSuchUpload))
    }

    /// Writes a part, in place of the one that had this number, and returns its file.
    pub(super) async fn write_part(
        &self,
        id: &str,
        key: &str,
        number: i32,
        content: StreamingBlob,
    ) -> S3Result<PathBuf> {
        let path = self.upload(id, key)?.join(number.to_string());
        let (file, to) = (self.receive(content).await?, path.clone());
        blocking(move || persist(file, &to)).await?;
        Ok(path)
    }

    /// The parts of an upload by their numbers.
    pub(super) async fn parts(&self, id: &str, key: &str) -> S3Result<Vec<Part>> {
        let folder = self.upload(id, key)?;
        blocking(move || {
            let part = |entry: io::Result<fs::DirEntry>| {
                let entry = entry?;
                let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                    return Ok(None);
                };
                Ok(Some(Part { number, path: entry.path(), metadata: entry.metadata()? }))
            };
            let parts = fs::read_dir(folder)?.filter_map(|entry| part(entry).transpose());
            let mut parts = parts.collect::<io::Result<Vec<_>>>()?;
            parts.sort_unstable_by_key(|part| part.number);
            Ok(parts)
        })
        .await
    }

    /// Makes an object of these parts. The upload is removed last, so that a killed process can complete it again.
    pub(super) async fn complete(&self, id: &str, key: &str, parts: Vec<PathBuf>) -> S3Result<()> {
        let (files, folder, key) = (self.clone(), self.upload(id, key)?, key.to_owned());
        blocking(move || {
            let mut file = NamedTempFile::new_in(files.incoming())?;
            for part in parts {
                io::copy(&mut fs::File::open(part)?, file.as_file_mut())?;
            }
            let media_type = fs::read_to_string(folder.join("type"))?;
            files.set_media_type(&key, Some(&media_type).filter(|text| !text.is_empty()).map(String::as_str))?;
            persist(file, &files.object(&key))?;
            fs::remove_dir_all(folder)
        })
        .await
    }

    /// Deletes an upload with its parts.
    pub(super) async fn abort(&self, id: &str, key: &str) -> S3Result<()> {
        let folder = self.upload(id, key)?;
        blocking(move || fs::remove_dir_all(folder)).await
    }

    /// Deletes the objects and the uploads that were last written before these moments.
    pub(super) fn remove_before(&self, objects: Timestamp, uploads: Timestamp) -> io::Result<()> {
        for (name, moment) in [("objects", objects), ("types", objects), ("uploads", uploads)] {
            let seconds = u64::try_from(moment.unix_seconds()).unwrap_or_default();
            let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            for entry in fs::read_dir(self.0.join(name))? {
                let path = entry?.path();
                let metadata = match fs::metadata(&path) {
                    Ok(metadata) => metadata,
                    // It was deleted meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                };
                if metadata.modified()? >= moment {
                    continue;
                }
                if metadata.is_dir() { fs::remove_dir_all(&path)? } else { remove_file(&path)? }
            }
        }
        Ok(())
    }
}

fn file_name(key: &str) -> String {
    utf8_percent_encode(key, ENCODED).to_string()
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Gives a file its name once its content is on the disk. The name is as durable only when its folder is, too.
fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

async fn blocking<Done: Send + 'static>(run: impl FnOnce() -> io::Result<Done> + Send + 'static) -> S3Result<Done> {
    spawn_blocking(run).await.map_err(|panic| failed(io::Error::other(panic)))?.map_err(failed)
}

/// The reply has the code only: the error may contain a path.
pub(super) fn failed(error: io::Error) -> s3s::S3Error {
    tracing::error!(%error, "a file of a job could not be read or written");
    s3_error!(error, InternalError)
}
