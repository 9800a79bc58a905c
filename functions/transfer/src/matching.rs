//! Which accounts a job concerns: its request, and the accounts that match, page by page.

use rollcall_api::Problem;
use rollcall_domain::{
    Fields, Timestamp,
    account::Account,
    account_filter::AccountFilter,
    job::{Job, NewJob},
};

use crate::worker::{Stop, Worker};

/// How many accounts a request reads. DynamoDB stops at 1 MB.
const PAGE: usize = 2_000;

/// The request of a job, as it was accepted.
pub(crate) fn request(job: &Job, now: Timestamp) -> Result<NewJob, Stop> {
    let mut body = job.request.clone();
    body.insert("kind".to_owned(), job.kind.as_str().into());
    let read = Fields::of(body.into()).parse(|fields| NewJob::read(fields, now.date()));
    read.map_err(|refusal| Problem::Internal(format!("a job's request is invalid: {refusal:?}")).into())
}

/// The accounts that match, one after another.
pub(crate) struct Pages {
    page: std::vec::IntoIter<Account>,
    /// After which account the next page begins; `None` for the first one.
    after: Option<String>,
    has_more: bool,
}

impl Pages {
    pub(crate) fn after(after: Option<String>) -> Self {
        Self { page: Vec::new().into_iter(), after, has_more: true }
    }

    pub(crate) async fn next(
        &mut self,
        worker: &mut Worker<'_>,
        filter: &AccountFilter,
    ) -> Result<Option<Account>, Stop> {
        loop {
            if let Some(account) = self.page.next() {
                return Ok(Some(account));
            }
            if !self.has_more {
                return Ok(None);
            }
            // A filter may leave nothing of many pages.
            worker.keep_lease().await?;
            let (store, app_id) = (&worker.context.store, worker.job.app_id);
            let page = store.matching_accounts(app_id, filter, self.after.as_deref(), PAGE).await?;
            self.page = page.items.into_iter();
            (self.has_more, self.after) = (page.next.is_some(), page.next);
        }
    }
}
