//! The rows of a file, in chunks that may be written together.

use std::collections::HashSet;

use rollcall_domain::{account::AccountType, text::AccountId};
use rollcall_files::read::{Plan, Record, Rejection, Row};

use super::stopped_by;
use crate::{
    upload::RecordStream,
    worker::{Stop, Worker},
};

/// A record of the file.
pub(super) struct ImportRow {
    /// Its number, from 0.
    pub(super) at: u64,
    /// The fields that it sets, and its id if that is valid.
    pub(super) read: Result<(Row, Option<AccountId>), Rejection>,
}

impl ImportRow {
    fn of(at: u64, record: &Record, plan: &Plan) -> Self {
        let with_id = |row: Row| {
            let user_id = row.user_id().and_then(|text| AccountId::parse(text).ok());
            (row, user_id)
        };
        Self { at, read: plan.row(record).map(with_id) }
    }

    pub(super) fn user_id(&self) -> Option<&AccountId> {
        self.read.as_ref().ok().and_then(|(_, user_id)| user_id.as_ref())
    }

    /// Whether the row may create an admin, which the application's limit may refuse together with its chunk.
    fn may_be_admin(&self) -> bool {
        let fields = self.read.as_ref().ok().map(|(row, _)| &row.fields);
        fields.and_then(|fields| fields.get("type")).and_then(|value| value.as_str())
            == Some(AccountType::Admin.as_str())
    }
}

/// The rows of the file in chunks, each of which may be written together.
pub(super) struct Rows {
    records: RecordStream,
    /// Rows that were read but not written, the last one first.
    pending: Vec<ImportRow>,
}

impl Rows {
    /// The rows after the first `count`.
    pub(super) async fn after(worker: &mut Worker<'_>, mut records: RecordStream, count: u64) -> Result<Self, Stop> {
        while records.position < count && records.next().await.map_err(stopped_by)?.is_some() {
            worker.keep_lease().await?;
        }
        Ok(Self { records, pending: Vec::new() })
    }

    /// The next rows, at most `limit`, with different ids. A row that may create an admin is on its own.
    pub(super) async fn chunk(&mut self, plan: &Plan, limit: usize) -> Result<Vec<ImportRow>, Stop> {
        let mut chunk: Vec<ImportRow> = Vec::new();
        let mut ids: HashSet<AccountId> = HashSet::new();
        while chunk.len() < limit {
            let Some(row) = self.next(plan).await? else { break };
            let is_alone = row.may_be_admin();
            let is_repeated = row.user_id().is_some_and(|user_id| !ids.insert(user_id.clone()));
            if !chunk.is_empty() && (is_alone || is_repeated) {
                self.pending.push(row);
                break;
            }
            chunk.push(row);
            if is_alone {
                break;
            }
        }
        Ok(chunk)
    }

    async fn next(&mut self, plan: &Plan) -> Result<Option<ImportRow>, Stop> {
        if let Some(row) = self.pending.pop() {
            return Ok(Some(row));
        }
        let record = self.records.next().await.map_err(stopped_by)?;
        Ok(record.map(|(at, record)| ImportRow::of(at, &record, plan)))
    }

    /// Takes back the rows of a chunk after the first `taken`.
    pub(super) fn give_back(&mut self, chunk: Vec<ImportRow>, taken: usize) {
        self.pending.extend(chunk.into_iter().skip(taken).rev());
    }
}
