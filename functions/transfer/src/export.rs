//! Exports: every account that matches, in files of the job.
//!
//! Accounts are read in the order of their ids. Each account that exists from the beginning to the end is met exactly
//! once, whatever is written meanwhile. Text files are resumed after their last part; a workbook is begun anew.

mod encoder;

use rollcall_api::Problem;
use rollcall_domain::{
    account_filter::AccountFilter,
    file_format::{Delimiter, Format},
    job::{ExportRequest, Job, NewJob, Progress},
};
use rollcall_files::{file_name, write::Layout};
use serde::{Deserialize, Serialize};

use crate::{
    matching::{Pages, request},
    parts::PartFile,
    worker::{Next, Stop, Worker},
};
use encoder::{Encoder, Reached};

/// How far an export is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    /// The file that is being written, of a format that can be resumed, or that is only to be made whole. None if it
    /// was not begun, or if a workbook would be empty.
    file: Option<PartFile>,
    /// Whether all of the file is written.
    #[serde(default)]
    is_written: bool,
    /// The account after which the file, or if it is written the next one, goes on; `None` after the last account.
    after: Option<String>,
}

/// Works on an export.
pub(crate) async fn run(worker: &mut Worker<'_>) -> Result<Next, Stop> {
    let mut checkpoint: Checkpoint = worker.checkpoint()?.unwrap_or_default();
    if worker.job.as_of.is_none() {
        let job = Job { as_of: Some(worker.now()), ..worker.job.clone() };
        worker.save(job).await?;
    }
    let export = Export::of(worker)?;
    loop {
        if !checkpoint.is_written {
            let written = match export.layout.format {
                Format::Csv | Format::Ndjson => write_text(worker, &export, checkpoint).await?,
                Format::Xlsx => Some(write_workbook(worker, &export, checkpoint.after).await?),
            };
            let Some(written) = written else { return worker.release().await };
            checkpoint = written;
        }
        let mut job = worker.job.clone();
        if let Some(file) = checkpoint.file {
            job.files.push(file.finish(worker.objects).await?);
        }
        if checkpoint.after.is_none() {
            job.progress.total = Some(job.progress.done);
            return worker.succeed(job).await;
        }
        checkpoint = Checkpoint { after: checkpoint.after, ..Checkpoint::default() };
        worker.save_checkpoint(job, &checkpoint).await?;
        if worker.is_time_up() {
            return worker.release().await;
        }
    }
}

/// What is exported, and how.
struct Export {
    layout: Layout,
    filter: AccountFilter,
}

impl Export {
    fn of(worker: &Worker<'_>) -> Result<Self, Stop> {
        let request: ExportRequest = match request(&worker.job, worker.now())? {
            NewJob::Export(request) => request,
            other => return Err(Problem::Internal(format!("not an export: {other:?}")).into()),
        };
        let layout = Layout {
            format: request.format,
            gzip: request.gzip.unwrap_or_default(),
            delimiter: request.delimiter.unwrap_or(Delimiter::Comma),
            columns: request.columns.clone(),
        };
        Ok(Self { layout, filter: request.filter() })
    }

    async fn begin_file(&self, worker: &Worker<'_>) -> Result<PartFile, Stop> {
        let (app, _) = worker.rights()?;
        let number = worker.job.files.len() + 1;
        let extension = self.layout.format.extension(self.layout.gzip);
        let selection = if number == 1 { "accounts".to_owned() } else { format!("accounts {number}") };
        let as_of = worker.job.as_of.unwrap_or_else(|| worker.now());
        let name = file_name(&app.name, &selection, as_of, &extension);
        let media_type = if self.layout.gzip { "application/gzip" } else { self.layout.format.media_type() };
        PartFile::begin(worker.objects, &worker.job.object(&format!("accounts-{number}")), name, media_type).await
    }

    fn begin_encoder(&self, worker: &Worker<'_>) -> Result<Encoder, Stop> {
        let as_of = worker.job.as_of.unwrap_or_else(|| worker.now());
        Encoder::begin(&self.layout, as_of)
    }
}

/// Writes a file that can be resumed. Returns `None` if the time is up before.
async fn write_text(
    worker: &mut Worker<'_>,
    export: &Export,
    checkpoint: Checkpoint,
) -> Result<Option<Checkpoint>, Stop> {
    let mut file = match checkpoint.file {
        Some(file) => file,
        None => export.begin_file(worker).await?,
    };
    let mut pages = Pages::after(worker, export.filter.clone(), checkpoint.after);
    let mut encoder = match file.take_rest(worker.objects).await? {
        rest if rest.is_empty() && file.is_empty() => export.begin_encoder(worker)?,
        rest => Encoder::resume(&export.layout, rest)?,
    };
    while let Some(accounts) = pages.next(worker).await? {
        let (reached, rest);
        (encoder, rest, reached) = encoder.write(accounts).await?;
        pages.give_back(rest);
        let after = match reached {
            Reached::FullPart => encoder.last(),
            Reached::EndOfPage | Reached::FullFile if worker.is_time_up() => pages.next_page(),
            Reached::EndOfPage | Reached::FullFile => None,
        };
        if after.is_none() {
            continue;
        }
        let (part, rows) = encoder.finish()?;
        file.store(worker, part, rows).await?;
        save(worker, Checkpoint { file: Some(file.clone()), is_written: false, after }, rows).await?;
        if worker.is_time_up() {
            return Ok(None);
        }
        encoder = Encoder::resume(&export.layout, Vec::new())?;
    }
    let (part, rows) = encoder.finish()?;
    file.write(worker.objects, part, rows).await?;
    save(worker, Checkpoint { file: Some(file), is_written: true, after: None }, rows).await.map(Some)
}

/// Writes the next workbook, for the accounts after `after`. It cannot be resumed: if the time is up, it ends with the
/// accounts that it has.
async fn write_workbook(worker: &mut Worker<'_>, export: &Export, after: Option<String>) -> Result<Checkpoint, Stop> {
    let mut pages = Pages::after(worker, export.filter.clone(), after);
    let mut file = export.begin_file(worker).await?;
    let mut encoder = export.begin_encoder(worker)?;
    let after = loop {
        let Some(accounts) = pages.next(worker).await? else { break None };
        let (reached, rest);
        (encoder, rest, reached) = encoder.write(accounts).await?;
        pages.give_back(rest);
        match reached {
            Reached::EndOfPage => {
                if let Some(after) = pages.next_page().filter(|_| worker.is_time_up()) {
                    break Some(after);
                }
            }
            Reached::FullPart => file.write(worker.objects, encoder.take_part(), 0).await?,
            Reached::FullFile => break encoder.last(),
        }
    };
    // Only the first workbook of an export without accounts is empty.
    if encoder.last().is_none() && (after.is_some() || !worker.job.files.is_empty()) {
        file.discard(worker.objects).await?;
        return save(worker, Checkpoint { file: None, is_written: true, after }, 0).await;
    }
    let (part, rows) = encoder.finish()?;
    file.write(worker.objects, part, rows).await?;
    save(worker, Checkpoint { file: Some(file), is_written: true, after }, rows).await
}

async fn save(worker: &mut Worker<'_>, checkpoint: Checkpoint, rows: u64) -> Result<Checkpoint, Stop> {
    let progress = Progress { done: worker.job.progress.done + rows, total: None };
    let job = Job { progress, ..worker.job.clone() };
    worker.save_checkpoint(job, &checkpoint).await?;
    Ok(checkpoint)
}
