//! The uploaded file of an import: recognising it, and reading its records on a thread of their own.

use std::vec;

use rollcall_domain::{
    file_format::SourceFormat,
    job::Job,
    limits::{MAX_UPLOAD_BYTES, MAX_WORKBOOK_BYTES},
};
use rollcall_files::read::{Given, Recognised, Record, Records, Unreadable, recognise};
use rollcall_objects::{ObjectReader, ObjectVersion, Objects};
use rollcall_store::Fault;
use tokio::{sync::mpsc, task::spawn_blocking};

/// The object with the uploaded file.
pub const UPLOAD: &str = "upload";

/// How many records travel at once from the thread that reads them.
///
/// Three batches may be in memory, with records of up to 64 KiB.
const BATCH: usize = 64;

/// An uploaded file. The link to upload it works for a while, so another file may replace it.
#[derive(Clone, Debug)]
pub struct Uploaded {
    objects: Objects,
    object: ObjectVersion,
}

impl Uploaded {
    /// The file of an import, once it is uploaded.
    pub async fn find(objects: &Objects, job: &Job) -> Result<Option<Self>, Fault> {
        let found = objects.find(&job.object(UPLOAD)).await?;
        Ok(found.map(|object| Self { objects: objects.clone(), object }))
    }

    /// Tells this file from one that replaces it.
    pub fn tag(&self) -> &str {
        &self.object.tag
    }

    /// Recognises the file from its beginning.
    pub async fn recognise(&self, given: Given) -> Result<Recognised, Unreadable> {
        if self.object.size > MAX_UPLOAD_BYTES {
            return Err(Unreadable::TooLarge("more than 5 GiB"));
        }
        let reader = self.reader();
        let recognised = spawn_blocking(move || recognise(reader, &given)).await.map_err(std::io::Error::other)??;
        if recognised.format == SourceFormat::Xlsx && self.object.size > MAX_WORKBOOK_BYTES {
            return Err(Unreadable::TooLarge("more than 50 MiB"));
        }
        Ok(recognised)
    }

    /// Reads the records from the first one on.
    pub fn records(&self, recognised: &Recognised) -> RecordStream {
        // The next batch is read while one is worked on.
        let (sender, receiver) = mpsc::channel(1);
        let (reader, recognised) = (self.reader(), recognised.clone());
        // The thread ends with the file, or when nobody wants more.
        drop(spawn_blocking(move || {
            if let Err(unreadable) = send_records(reader, &recognised, &sender) {
                drop(sender.blocking_send(Err(unreadable)));
            }
        }));
        RecordStream { receiver, batch: Vec::new().into_iter(), position: 0 }
    }

    fn reader(&self) -> ObjectReader {
        ObjectReader::new(self.objects.clone(), self.object.clone())
    }
}

type Batch = Result<Vec<Record>, Unreadable>;

fn send_records(reader: ObjectReader, recognised: &Recognised, sender: &mpsc::Sender<Batch>) -> Result<(), Unreadable> {
    let mut records = if recognised.format == SourceFormat::Xlsx {
        Records::open_workbook(Box::new(reader), recognised)?
    } else {
        Records::open(Box::new(reader), recognised)?
    };
    let mut record = Record::default();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let is_end = !records.read(&mut record)?;
        if !is_end {
            batch.push(record.clone());
        }
        if (is_end || batch.len() == BATCH) && sender.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
            return Ok(());
        }
        if is_end {
            return Ok(());
        }
    }
}

/// The records of a file, one after another.
#[derive(Debug)]
pub struct RecordStream {
    receiver: mpsc::Receiver<Batch>,
    batch: vec::IntoIter<Record>,
    /// The number of records that were read.
    pub(crate) position: u64,
}

impl RecordStream {
    /// The next record, with its number from 0; `None` at the end of the file.
    pub async fn next(&mut self) -> Result<Option<(u64, Record)>, Unreadable> {
        loop {
            if let Some(record) = self.batch.next() {
                self.position += 1;
                return Ok(Some((self.position - 1, record)));
            }
            match self.receiver.recv().await {
                Some(batch) => self.batch = batch?.into_iter(),
                None => return Ok(None),
            }
        }
    }
}
