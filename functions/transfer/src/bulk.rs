//! The second phase of a bulk edit or deletion: exactly the accounts of the list are changed, each with the rules of
//! the request that changes one.

use bytes::Bytes;
use rollcall_api::Problem;
use rollcall_domain::{
    Code, Fields,
    account::Account,
    audit::{Action, Change, Target},
    job::JobKind,
    limits::JOB_CHUNK_ROWS,
    text::AccountId,
};
use rollcall_store::account;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    apply::{Chunk, Outcome, RowFunction, write_chunk},
    listing::IDS,
    worker::{Next, Stop, Worker},
};

/// How far the list is done, in bytes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    offset: u64,
}

/// Works on the list.
pub(crate) async fn run(worker: &mut Worker<'_>) -> Result<Next, Stop> {
    if worker.job.kind == JobKind::Delete {
        return write(worker, &Delete).await;
    }
    let set = worker.job.request.get("set").and_then(Value::as_object).cloned();
    let set = set.ok_or_else(|| Problem::Internal("a bulk edit does not say what it changes".to_owned()))?;
    write(worker, &Edit { set }).await
}

async fn write(worker: &mut Worker<'_>, function: &impl RowFunction<Row = AccountId>) -> Result<Next, Stop> {
    let checkpoint: Checkpoint = worker.checkpoint()?.unwrap_or_default();
    let mut list = IdList::from(worker, checkpoint.offset).await?;
    loop {
        let ids = list.next(worker, JOB_CHUNK_ROWS).await?;
        if ids.is_empty() {
            return worker.succeed(worker.job.clone()).await;
        }
        let offset = list.offset;
        let after = |taken: usize| Checkpoint { offset: offset + bytes_of(&ids[..taken]) };
        let taken = write_chunk(worker, function, &ids, after).await?;
        list.skip(bytes_of(&ids[..taken]));
        // After a chunk, so that a step always gets on.
        if worker.is_time_up() {
            return worker.release().await;
        }
    }
}

/// Changes profiles.
struct Edit {
    /// The fields that change.
    set: Map<String, Value>,
}

impl RowFunction for Edit {
    type Row = AccountId;

    const ACTION: Action = Action::AccountEdit;

    async fn decide(&self, worker: &Worker<'_>, ids: &[AccountId], given_up: Option<Code>) -> Result<Chunk, Stop> {
        let (app, _) = worker.rights()?;
        let now = worker.now();
        let (mut chunk, accounts) = found(worker, ids, given_up).await?;
        for before in accounts {
            let edited = before.clone().edited(Fields::of(self.set.clone().into()), now);
            let after = edited.map_err(|refusal| Problem::Internal(format!("an edit became invalid: {refusal:?}")))?;
            if after == before {
                chunk.count(&before.user_id, Outcome::Unchanged);
                continue;
            }
            let target = Target::account(app.app_id, &before.user_id);
            let change = Change::between(Self::ACTION, target, app.team_id, Some(&before), Some(&after));
            let writes = account::change(app.app_id, &before, &after, now)?;
            chunk.write(&before.user_id, Outcome::Updated, writes, change);
        }
        Ok(chunk)
    }
}

/// Deletes accounts.
struct Delete;

impl RowFunction for Delete {
    type Row = AccountId;

    const ACTION: Action = Action::AccountDelete;

    async fn decide(&self, worker: &Worker<'_>, ids: &[AccountId], given_up: Option<Code>) -> Result<Chunk, Stop> {
        let (app, _) = worker.rights()?;
        let (mut chunk, accounts) = found(worker, ids, given_up).await?;
        if !accounts.is_empty() {
            let found: Vec<_> = accounts.into_iter().map(|account| account.user_id).collect();
            chunk.and(account::delete(app, &found, worker.now()));
            for user_id in &found {
                chunk.count(user_id, Outcome::Deleted);
            }
        }
        Ok(chunk)
    }
}

/// A chunk for these ids, and those of their accounts that still exist: one that has vanished meanwhile is skipped.
async fn found(worker: &Worker<'_>, ids: &[AccountId], given_up: Option<Code>) -> Result<(Chunk, Vec<Account>), Stop> {
    let mut chunk = Chunk::new(ids.len());
    if given_up.is_some() {
        for user_id in ids {
            chunk.count(user_id, Outcome::Failed);
        }
        return Ok((chunk, Vec::new()));
    }
    let accounts = worker.context.store.accounts_of_ids(worker.job.app_id, ids).await?;
    let exists = |user_id: &&AccountId| accounts.iter().any(|account| account.user_id == **user_id);
    ids.iter().filter(|user_id| !exists(user_id)).for_each(|user_id| chunk.count(user_id, Outcome::Skipped));
    Ok((chunk, accounts))
}

/// The number of bytes of these ids in the list.
fn bytes_of(ids: &[AccountId]) -> u64 {
    ids.iter().map(|user_id| user_id.as_str().len() as u64 + 1).sum()
}

/// How much of the list is read at once.
const WINDOW: u64 = 64 * 1024;

/// The list of ids, from an offset on.
struct IdList {
    size: u64,
    /// Where the next id begins.
    offset: u64,
    /// What follows there.
    window: Bytes,
}

impl IdList {
    async fn from(worker: &Worker<'_>, offset: u64) -> Result<Self, Stop> {
        let size = worker.objects.size(&worker.job.object(IDS)).await?;
        let size = size.ok_or_else(|| Problem::Internal("the list of a job is gone".to_owned()))?;
        Ok(Self { size, offset, window: Bytes::new() })
    }

    /// The next ids, without going on.
    async fn next(&mut self, worker: &Worker<'_>, count: usize) -> Result<Vec<AccountId>, Stop> {
        let is_whole = |window: &[u8]| window.split(|byte| *byte == b'\n').count() > count;
        let rest = self.size - self.offset;
        if !is_whole(&self.window) && (self.window.len() as u64) < rest {
            self.window = worker.objects.read(&worker.job.object(IDS), self.offset, WINDOW.min(rest)).await?;
        }
        let lines = self.window.split(|byte| *byte == b'\n').take(count).filter(|line| !line.is_empty());
        let ids = lines.map(|line| AccountId::parse(&String::from_utf8_lossy(line)));
        let ids = ids.collect::<Result<Vec<_>, _>>();
        ids.map_err(|invalid| Problem::Internal(format!("the list of a job is damaged: {}", invalid.detail)).into())
    }

    fn skip(&mut self, bytes: u64) {
        self.offset += bytes;
        self.window = self.window.slice(usize::try_from(bytes).unwrap_or_default()..);
    }
}
