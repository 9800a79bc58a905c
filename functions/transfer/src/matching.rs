//! Which accounts a job concerns: its request, and the accounts that match, page by page.

use std::vec::IntoIter;

use rollcall_api::Problem;
use rollcall_domain::{
    Fields, Timestamp,
    account::Account,
    account_filter::AccountFilter,
    job::{Job, NewJob},
};
use rollcall_store::{Fault, Page};
use tokio::{sync::mpsc, task::JoinSet};

use crate::worker::{Stop, Worker};

/// How many accounts a request reads. DynamoDB stops at 1 MB.
const PAGE: usize = 2_000;

/// How many pages wait to be worked on, beside one that is being read.
const PAGES_AHEAD: usize = 1;

/// The request of a job, as it was accepted.
pub(crate) fn request(job: &Job, now: Timestamp) -> Result<NewJob, Stop> {
    let mut body = job.request.clone();
    body.insert("kind".to_owned(), job.kind.as_str().into());
    let read = Fields::of(body.into()).parse(|fields| NewJob::read(fields, now.date()));
    read.map_err(|refusal| Problem::Internal(format!("a job's request is invalid: {refusal:?}")).into())
}

/// The accounts that match, page by page. The next pages are read while one is worked on.
pub(crate) struct Pages {
    accounts: IntoIter<Account>,
    has_more: bool,
    /// The account after which the next page begins.
    next_page: Option<String>,
    receiver: mpsc::Receiver<Result<Page<Account>, Fault>>,
    /// Reads. Its end ends the reading.
    _reader: JoinSet<()>,
}

impl Pages {
    /// The accounts of the job's application that match, after `after`.
    pub(crate) fn after(worker: &Worker<'_>, filter: AccountFilter, mut after: Option<String>) -> Self {
        let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
        let (store, app_id) = (worker.context.store.clone(), worker.job.app_id);
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            loop {
                let page = store.matching_accounts(app_id, &filter, after.as_deref(), PAGE).await;
                after = page.as_ref().ok().and_then(|page| page.next.clone());
                if sender.send(page).await.is_err() || after.is_none() {
                    break;
                }
            }
        });
        Self { accounts: Vec::new().into_iter(), has_more: true, next_page: None, receiver, _reader: reader }
    }

    /// The rest of a page, or the next one; `None` after the last one. A filter may leave nothing of a page: it is
    /// returned all the same, so that the caller looks at the time.
    pub(crate) async fn next(&mut self, worker: &mut Worker<'_>) -> Result<Option<IntoIter<Account>>, Stop> {
        if self.accounts.as_slice().is_empty() {
            if !self.has_more {
                return Ok(None);
            }
            worker.keep_lease().await?;
            let page = self.receiver.recv().await;
            let page = page.ok_or_else(|| Problem::Internal("the reader of accounts has stopped".to_owned()))??;
            (self.has_more, self.next_page) = (page.next.is_some(), page.next);
            self.accounts = page.items.into_iter();
        }
        Ok(Some(std::mem::take(&mut self.accounts)))
    }

    /// The account after which the next page begins; `None` after the last page.
    pub(crate) fn next_page(&self) -> Option<String> {
        self.next_page.clone()
    }

    /// Takes back accounts that are not done.
    pub(crate) fn give_back(&mut self, accounts: IntoIter<Account>) {
        self.accounts = accounts;
    }
}
