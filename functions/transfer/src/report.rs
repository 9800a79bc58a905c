//! The report of an import, made when nothing more is written: the rejected rows of the table beside the records of the
//! file.

use rollcall_api::Problem;
use rollcall_domain::job::JobFile;
use rollcall_files::{
    Report,
    read::{Recognised, Rejection},
};
use serde::{Deserialize, Serialize};

use crate::{
    import::stopped_by,
    parts::{Part, PartFile},
    upload::Uploaded,
    worker::{Stop, Worker},
};

/// The name of the report.
pub(crate) const REPORT: &str = "report.csv";

/// How many items with rejected rows are read at once. Each may have 400 KB, and DynamoDB stops at 1 MB.
const PAGE: usize = 20;

/// The maximum length of a text of the report, so that the rejected rows of a chunk fit into an item of 400 KB.
const MAX_TEXT_CHARS: usize = 1_000;

/// A row that was not imported.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RejectedRow {
    /// The number of its record, from 0.
    pub(crate) at: u64,
    column: String,
    code: String,
    detail: String,
}

impl RejectedRow {
    pub(crate) fn new(at: u64, rejection: Rejection) -> Self {
        let Rejection { column, code, detail } = rejection;
        Self { at, column: cut(column), code: code.into_owned(), detail: cut(detail) }
    }
}

/// The beginning of a text. It may name columns, whose names may be as long as a record.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS) {
        text.truncate(end);
    }
    text
}

/// The rejected rows of a chunk, as they are stored: at most `JOB_CHUNK_ROWS` of them in an item.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RejectedRows {
    pub(crate) rows: Vec<RejectedRow>,
}

/// Writes the report.
pub(crate) async fn write(
    worker: &mut Worker<'_>,
    uploaded: &Uploaded,
    recognised: &Recognised,
) -> Result<JobFile, Stop> {
    let key = worker.job.object(REPORT);
    let mut file = PartFile::begin(worker.objects, &key, REPORT.to_owned(), "text/csv; charset=utf-8").await?;
    let part = Part::default();
    let mut report = Report::begin(part.clone(), recognised).map_err(no_report)?;
    let mut records = uploaded.records(recognised);
    let mut rejected = Rejected::default();
    while let Some(row) = rejected.next(worker).await? {
        let record = loop {
            worker.keep_lease().await?;
            let next = records.next().await.map_err(stopped_by)?;
            let Some((at, record)) = next else { break None };
            if at == row.at {
                break Some(record);
            }
        };
        let Some(record) = record else { break };
        let rejection = Rejection { column: row.column, code: row.code.into(), detail: row.detail };
        report.write(&record, &rejection).map_err(no_report)?;
        if part.is_full() {
            file.write(worker.objects, part.take(), 0).await?;
        }
    }
    let (_, rows) = report.finish().map_err(no_report)?;
    file.write(worker.objects, part.take(), rows).await?;
    file.finish(worker.objects).await
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn no_report(error: std::io::Error) -> Stop {
    Problem::Internal(format!("a report cannot be written: {error}")).into()
}

/// The rejected rows of the present run, one after another.
#[derive(Default)]
struct Rejected {
    rows: std::vec::IntoIter<RejectedRow>,
    after: Option<u64>,
}

impl Rejected {
    async fn next(&mut self, worker: &Worker<'_>) -> Result<Option<RejectedRow>, Stop> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            let job = (worker.job.job_id, worker.job.run);
            let chunks: Vec<RejectedRows> = worker.context.store.rejected_rows(job, self.after, PAGE).await?;
            let Some(first) = chunks.last().and_then(|chunk| chunk.rows.first()) else { return Ok(None) };
            self.after = Some(first.at);
            self.rows = chunks.into_iter().flat_map(|chunk| chunk.rows).collect::<Vec<_>>().into_iter();
        }
    }
}
