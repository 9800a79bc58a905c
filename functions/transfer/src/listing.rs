//! The first phase of a bulk edit or deletion: the ids of the accounts that it concerns are written down.

use rollcall_api::Problem;
use rollcall_domain::{
    account_filter::AccountFilter,
    job::{Job, NewJob, Progress},
    text::AccountId,
};
use serde::{Deserialize, Serialize};

use crate::{
    matching::{Pages, request},
    parts::{PART_BYTES, PartFile},
    worker::{Next, Stop, Worker},
};

/// The object with the ids, one in each line.
pub(crate) const IDS: &str = "ids";

/// How far the list is.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The ids of the request, from its beginning on. Only those of them that exist are matched.
    pub ids: Option<Vec<AccountId>>,
    /// The list, if it has several parts.
    file: Option<PartFile>,
    /// Whether all of the list is written.
    #[serde(default)]
    is_written: bool,
    /// The account after which the list goes on.
    after: Option<String>,
}

impl Checkpoint {
    /// The first checkpoint of a job for these accounts.
    pub fn of_ids(mut ids: Vec<AccountId>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self { ids: Some(ids), ..Self::default() }
    }
}

/// Writes the list, then lets the job wait for its start.
pub(crate) async fn run(worker: &mut Worker<'_>) -> Result<Next, Stop> {
    let checkpoint: Checkpoint = worker.checkpoint()?.unwrap_or_default();
    match checkpoint {
        Checkpoint { ids: Some(ids), .. } => list_ids(worker, &ids).await,
        Checkpoint { file: Some(file), is_written: true, .. } => finish(worker, file).await,
        checkpoint => list_matching(worker, checkpoint).await,
    }
}

/// Lists those of these accounts that exist.
async fn list_ids(worker: &mut Worker<'_>, ids: &[AccountId]) -> Result<Next, Stop> {
    let accounts = worker.context.store.accounts_of_ids(worker.job.app_id, ids).await?;
    let (mut list, count) = (Vec::new(), accounts.len() as u64);
    for account in &accounts {
        push(&mut list, &account.user_id);
    }
    worker.objects.put(&worker.job.object(IDS), list.into()).await?;
    wait(worker, count).await
}

/// Lists the accounts that match. Most lists are small and written at once; others in parts.
async fn list_matching(worker: &mut Worker<'_>, checkpoint: Checkpoint) -> Result<Next, Stop> {
    let filter = filter_of(worker)?;
    let (mut file, mut matched) = (checkpoint.file, worker.job.progress.done);
    let mut pages = Pages::after(worker, filter, checkpoint.after);
    let mut list = match &mut file {
        Some(file) => file.take_rest(worker.objects).await?,
        None => Vec::new(),
    };
    let mut rows = 0;
    while let Some(accounts) = pages.next(worker).await? {
        for account in accounts {
            push(&mut list, &account.user_id);
            (rows, matched) = (rows + 1, matched + 1);
        }
        let after = pages.next_page();
        if after.is_none() || (list.len() < PART_BYTES && !worker.is_time_up()) {
            continue;
        }
        if !list.is_empty() {
            let part = match &mut file {
                Some(file) => file,
                None => file.insert(begin(worker).await?),
            };
            part.store(worker, std::mem::take(&mut list), rows).await?;
            rows = 0;
        }
        save(worker, Checkpoint { file: file.clone(), after, ..Checkpoint::default() }, matched).await?;
        if worker.is_time_up() {
            return worker.release().await;
        }
    }
    let Some(mut file) = file else {
        worker.objects.put(&worker.job.object(IDS), list.into()).await?;
        return wait(worker, matched).await;
    };
    file.write(worker.objects, list, rows).await?;
    save(worker, Checkpoint { file: Some(file.clone()), is_written: true, ..Checkpoint::default() }, matched).await?;
    finish(worker, file).await
}

async fn save(worker: &mut Worker<'_>, checkpoint: Checkpoint, matched: u64) -> Result<(), Stop> {
    let job = Job { progress: Progress { done: matched, total: None }, ..worker.job.clone() };
    worker.save_checkpoint(job, &checkpoint).await
}

/// Makes the list whole, then lets the job wait.
async fn finish(worker: &mut Worker<'_>, file: PartFile) -> Result<Next, Stop> {
    file.finish(worker.objects).await?;
    wait(worker, worker.job.progress.done).await
}

async fn begin(worker: &Worker<'_>) -> Result<PartFile, Stop> {
    PartFile::begin(worker.objects, &worker.job.object(IDS), IDS.to_owned(), "text/plain").await
}

async fn wait(worker: &mut Worker<'_>, matched: u64) -> Result<Next, Stop> {
    let progress = Progress { done: 0, total: Some(matched) };
    let job = Job { matched: Some(matched), progress, ..worker.job.clone() };
    worker.await_start(job).await
}

fn push(list: &mut Vec<u8>, user_id: &AccountId) {
    list.extend_from_slice(user_id.as_str().as_bytes());
    list.push(b'\n');
}

fn filter_of(worker: &Worker<'_>) -> Result<AccountFilter, Stop> {
    match request(&worker.job, worker.now())? {
        NewJob::Edit(request) => Ok(request.filter()),
        NewJob::Delete(request) => Ok(request.filter()),
        other => Err(Problem::Internal(format!("has no list of accounts: {other:?}")).into()),
    }
}
