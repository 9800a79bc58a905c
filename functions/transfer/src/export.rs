//! Exports: every account that matches, in files of the job.
//!
//! Accounts are read in the order of their ids. Each account that exists from the beginning to the end is met exactly
//! once, whatever is written meanwhile. Text files are resumed after their last part; a workbook is begun anew.

use std::io;

use rollcall_api::Problem;
use rollcall_domain::{
    account_filter::AccountFilter,
    file_format::{Delimiter, Format},
    job::{ExportRequest, Job, NewJob, Progress},
};
use rollcall_files::{
    file_name,
    write::{AccountsWriter, Layout, MAX_ROWS_PER_XLSX},
};
use serde::{Deserialize, Serialize};

use crate::{
    matching::{Pages, request},
    parts::{Part, PartFile},
    worker::{Next, Stop, Worker},
};

/// How far an export is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    /// The file that is being written, of a format that can be resumed, or that is only to be made whole.
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
                Format::Xlsx => write_workbook(worker, &export, checkpoint.after).await?,
            };
            let Some(written) = written else { return worker.release().await };
            checkpoint = written;
        }
        let file = checkpoint.file.ok_or_else(|| Problem::Internal("a checkpoint has no file".to_owned()))?;
        let mut job = worker.job.clone();
        job.files.push(file.finish(worker.objects).await?);
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

    fn writer(&self, worker: &Worker<'_>, part: &Part, is_first: bool) -> io::Result<AccountsWriter<'static, Part>> {
        let as_of = worker.job.as_of.unwrap_or_else(|| worker.now());
        if is_first {
            AccountsWriter::begin(part.clone(), &self.layout, as_of)
        } else {
            AccountsWriter::resume(part.clone(), &self.layout)
        }
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
    let mut pages = Pages::after(checkpoint.after);
    let part = Part::default();
    let mut writer = export.writer(worker, &part, file.is_empty()).map_err(no_file)?;
    while let Some(account) = pages.next(worker, &export.filter).await? {
        writer.write(&account).map_err(no_file)?;
        if !part.is_full() {
            continue;
        }
        let (_, written) = writer.finish().map_err(no_file)?;
        file.write(worker.objects, part.take(), written.rows).await?;
        let after = Some(account.user_id.to_string());
        save(worker, Checkpoint { file: Some(file.clone()), is_written: false, after }, written.rows).await?;
        if worker.is_time_up() {
            return Ok(None);
        }
        writer = export.writer(worker, &part, false).map_err(no_file)?;
    }
    let (_, written) = writer.finish().map_err(no_file)?;
    file.write(worker.objects, part.take(), written.rows).await?;
    save(worker, Checkpoint { file: Some(file), is_written: true, after: None }, written.rows).await.map(Some)
}

/// Writes the next workbook, for the accounts after `after`.
async fn write_workbook(
    worker: &mut Worker<'_>,
    export: &Export,
    after: Option<String>,
) -> Result<Option<Checkpoint>, Stop> {
    let mut pages = Pages::after(after);
    let mut file = export.begin_file(worker).await?;
    let part = Part::default();
    let mut writer = export.writer(worker, &part, true).map_err(no_file)?;
    let (mut rows, mut last) = (0, None);
    let after = loop {
        let Some(account) = pages.next(worker, &export.filter).await? else { break None };
        if rows == MAX_ROWS_PER_XLSX || is_full(writer.write(&account))? {
            break last;
        }
        (rows, last) = (rows + 1, Some(account.user_id.to_string()));
        if part.is_full() {
            file.write(worker.objects, part.take(), 0).await?;
            worker.keep_lease().await?;
        }
    };
    let (_, written) = writer.finish().map_err(no_file)?;
    file.write(worker.objects, part.take(), written.rows).await?;
    save(worker, Checkpoint { file: Some(file), is_written: true, after }, written.rows).await.map(Some)
}

async fn save(worker: &mut Worker<'_>, checkpoint: Checkpoint, rows: u64) -> Result<Checkpoint, Stop> {
    let progress = Progress { done: worker.job.progress.done + rows, total: None };
    let job = Job { progress, ..worker.job.clone() };
    worker.save_checkpoint(job, &checkpoint).await?;
    Ok(checkpoint)
}

/// Whether a workbook takes no more rows.
fn is_full(written: io::Result<()>) -> Result<bool, Stop> {
    match written {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Ok(true),
        Err(error) => Err(no_file(error)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn no_file(error: io::Error) -> Stop {
    Problem::Internal(format!("an export cannot be written: {error}")).into()
}
