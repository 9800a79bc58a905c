//! A file that is written part by part, over several steps.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use data_encoding::{BASE64, HEXLOWER};
use rollcall_api::Problem;
use rollcall_domain::job::JobFile;
use rollcall_objects::{Objects, Upload};
use serde::{Deserialize, Serialize};
use sha2::{
    Digest, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};

use crate::worker::{Stop, Worker};

/// The least size of a part. S3 takes 10,000 parts of at least 5 MiB, so a file may have about 80 GB.
pub(crate) const PART_BYTES: usize = 8 * 1024 * 1024;

/// A file of which some parts are stored. It is its own checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartFile {
    upload: Upload,
    /// The name under which it is downloaded.
    name: String,
    parts: usize,
    bytes: u64,
    rows: u64,
    /// The state of the hash after the last part.
    hash: String,
    /// The key of what is too little for a part, in an object of its own from one step to the next.
    #[serde(default)]
    rest: Option<String>,
}

impl PartFile {
    pub(crate) async fn begin(objects: &Objects, key: &str, name: String, content_type: &str) -> Result<Self, Stop> {
        let upload = objects.begin(key, content_type).await?;
        let hash = BASE64.encode(&Sha256::new().serialize());
        Ok(Self { upload, name, parts: 0, bytes: 0, rows: 0, hash, rest: None })
    }

    /// Stores what the file has after its last part, with this many rows more: as a part, or set aside if it is too
    /// little for one. No other object has the key of what is set aside: a worker that was overtaken must not change
    /// what its successor has set aside.
    pub(crate) async fn store(&mut self, worker: &Worker<'_>, content: Vec<u8>, rows: u64) -> Result<(), Stop> {
        if content.len() >= PART_BYTES {
            return self.write(worker.objects, content, rows).await;
        }
        let key = worker.job.object(&format!("rest-{}", worker.job.version));
        worker.objects.put(&key, content.into()).await?;
        self.rest = Some(key);
        self.rows += rows;
        Ok(())
    }

    /// What the last step has set aside. The object stays until the job is over: the step may be repeated.
    pub(crate) async fn take_rest(&mut self, objects: &Objects) -> Result<Vec<u8>, Stop> {
        let Some(key) = self.rest.take() else { return Ok(Vec::new()) };
        Ok(objects.read(&key, 0, u64::MAX).await?.into())
    }

    /// Stores the next part, which has this many rows that are not counted yet.
    pub(crate) async fn write(&mut self, objects: &Objects, content: Vec<u8>, rows: u64) -> Result<(), Stop> {
        let mut hash = self.hash()?;
        hash.update(&content);
        let bytes = content.len() as u64;
        objects.write_part(&self.upload, self.parts + 1, content.into()).await?;
        self.hash = BASE64.encode(&hash.serialize());
        (self.parts, self.bytes, self.rows) = (self.parts + 1, self.bytes + bytes, self.rows + rows);
        Ok(())
    }

    /// Throws away what is stored. Idempotent.
    pub(crate) async fn discard(self, objects: &Objects) -> Result<(), Stop> {
        Ok(objects.abort(&self.upload).await?)
    }

    /// Makes the file whole. Idempotent, but nothing can be written to it afterwards: the checkpoint must say that all
    /// is written.
    pub(crate) async fn finish(self, objects: &Objects) -> Result<JobFile, Stop> {
        let sha256 = HEXLOWER.encode(&self.hash()?.finalize());
        objects.complete(&self.upload, self.parts).await?;
        Ok(JobFile { name: self.name, key: self.upload.key, bytes: self.bytes, rows: self.rows, sha256 })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts == 0
    }

    fn hash(&self) -> Result<Sha256, Stop> {
        let corrupt = || Problem::Internal("the hash in a checkpoint cannot be read".to_owned());
        let state = BASE64.decode(self.hash.as_bytes()).map_err(|_| corrupt())?;
        let state = SerializedState::<Sha256>::try_from(state.as_slice()).map_err(|_| corrupt())?;
        Ok(Sha256::deserialize(&state).map_err(|_| corrupt())?)
    }
}

/// The memory in which a part is put together. Clones share it: one belongs to the writer of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part(Arc<Mutex<Vec<u8>>>);

impl Part {
    /// A part that begins with this.
    pub(crate) fn of(content: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(content)))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() >= PART_BYTES
    }

    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
