//! Deleting accounts in batches, behind the application's lock.

use axum::extract::{Path, State};
use rollcall_api::{Call, Context, Follows, NotCommitted, Problem, Reply};
use rollcall_domain::{
    Code,
    app::App,
    audit::{Action, Change, Target},
    id::AppId,
    limits::{MAX_ACCOUNTS_PER_DELETION, MAX_DELETES_PER_TRANSACTION, MAX_REDECISIONS},
    permission::Permission,
    text::AccountId,
};
use rollcall_store::{Commit, account};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app;

/// Which accounts to delete.
#[derive(ToSchema)]
#[schema(as = AccountDeletion)]
#[expect(dead_code, reason = "describes the body that `delete` reads")]
pub(crate) struct DeletionBody {
    /// Accounts named twice count once.
    #[schema(min_items = 1, max_items = 100)]
    user_ids: Vec<AccountId>,
}

/// What became of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletionOutcome {
    Deleted,
    NotFound,
    Failed,
}

/// What became of one account, and why not, if not.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeletionResult)]
pub(crate) struct DeletionResult {
    user_id: AccountId,
    outcome: DeletionOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// What became of every account, in the order in which they were first named.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletionReport<'a> {
    results: &'a [DeletionResult],
}

/// Deletes up to 100 accounts while the lock is lifted, each on its own merits.
#[utoipa::path(post, path = "/v1/apps/{app_id}/account-deletions", tag = "accounts", params(("app_id" = AppId, Path)),
    request_body = DeletionBody, responses((status = 200, body = DeletionReport)))]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let mut fields = call.fields()?;
    let app = app::load(&context, &app_id).await?;
    app.permit(&call.actor.rights, Permission::AccountsDelete)?;
    let ids: Option<Vec<AccountId>> = fields.list("user_ids", MAX_ACCOUNTS_PER_DELETION);
    let ids = fields.finish(|| ids)?;
    app.deletion_allowed()?;
    Batch::new(&context, &call, app, ids).run().await
}

/// A batch on its way: what is still to be deleted stands as failed until it is.
struct Batch<'a> {
    context: &'a Context,
    call: &'a Call,
    app: App,
    results: Vec<DeletionResult>,
}

impl<'a> Batch<'a> {
    fn new(context: &'a Context, call: &'a Call, app: App, ids: Vec<AccountId>) -> Self {
        let mut results: Vec<DeletionResult> = Vec::with_capacity(ids.len());
        for user_id in ids {
            if !results.iter().any(|result| result.user_id == user_id) {
                results.push(DeletionResult {
                    user_id,
                    outcome: DeletionOutcome::Failed,
                    code: Some(Code::Unavailable.as_str()),
                });
            }
        }
        Self { context, call, app, results }
    }

    /// Deletes chunk by chunk. Once something is deleted, a failure is an outcome and no longer the end of the request.
    async fn run(mut self) -> Result<Reply, Problem> {
        let mut remembered = None;
        for start in (0..self.results.len()).step_by(MAX_DELETES_PER_TRANSACTION) {
            let end = self.results.len().min(start + MAX_DELETES_PER_TRANSACTION);
            match self.delete_chunk(start, end).await {
                Ok(reply) => remembered = reply,
                Err(problem @ Problem::Unavailable(_))
                    if self.results.iter().any(|r| r.outcome == DeletionOutcome::Deleted) =>
                {
                    tracing::error!(%problem, "a batch stopped midway");
                    remembered = None;
                    break;
                }
                Err(problem) => return Err(problem),
            }
        }
        match remembered {
            Some(reply) => Ok(reply),
            None => self.context.answer(self.call, Commit::default(), self.reply()?).await,
        }
    }

    /// Deletes what can be deleted between `start` and `end`. Returns the reply if the chunk's commit remembered the
    /// final one.
    async fn delete_chunk(&mut self, start: usize, end: usize) -> Result<Option<Reply>, Problem> {
        let follows = if end == self.results.len() { Follows::Nothing } else { Follows::More };
        let mut rounds = 0;
        loop {
            let wanted: Vec<_> = (self.results[start..end].iter())
                .filter(|result| result.outcome == DeletionOutcome::Failed)
                .map(|result| result.user_id.clone())
                .collect();
            if wanted.is_empty() {
                return Ok(None);
            }
            let before = self.results.clone();
            self.settle(&wanted, DeletionOutcome::Deleted, None);
            let commit = account::delete(&self.app, &wanted, self.call.now());
            let committed =
                self.context.commit_part(self.call, commit, self.change(&wanted), self.reply()?, follows).await;
            let refused = match committed {
                Ok(reply) => {
                    self.app = self.app.clone().left_by(&wanted);
                    return Ok(Some(reply).filter(|_| follows == Follows::Nothing));
                }
                Err(NotCommitted::Refused(refused)) => refused,
                Err(NotCommitted::Problem(problem)) => {
                    self.results = before;
                    return Err(problem);
                }
            };
            self.results = before;
            let missing: Vec<_> = refused.keys(Code::NotFound).filter_map(account::id_of).collect();
            self.settle(&missing, DeletionOutcome::NotFound, None);
            let is_gone = refused.keys(Code::NotFound).any(|key| account::id_of(key).is_none());
            let code = [Code::AccountDeletionLocked, Code::Conflict].into_iter().find(|code| refused.is(*code));
            match code {
                None if is_gone => return Ok(self.give_up(&wanted, Code::NotFound)),
                None => {}
                // Somebody became or ceased to be an admin: the set that was read is another now.
                Some(Code::Conflict) if rounds < MAX_REDECISIONS => {
                    rounds += 1;
                    if let Some(app) = self.context.store.app(self.app.app_id).await? {
                        self.app = app;
                    }
                }
                Some(code) => return Ok(self.give_up(&wanted, code)),
            }
        }
    }

    /// Leaves what is not retry_on_conflict yet as failed for this reason. No commit remembered the reply.
    fn give_up(&mut self, ids: &[AccountId], code: Code) -> Option<Reply> {
        let undone: Vec<_> = (self.results.iter())
            .filter(|result| ids.contains(&result.user_id) && result.outcome == DeletionOutcome::Failed)
            .map(|result| result.user_id.clone())
            .collect();
        self.settle(&undone, DeletionOutcome::Failed, Some(code.as_str()));
        None
    }

    fn settle(&mut self, ids: &[AccountId], outcome: DeletionOutcome, code: Option<&'static str>) {
        for result in self.results.iter_mut().filter(|result| ids.contains(&result.user_id)) {
            (result.outcome, result.code) = (outcome, code);
        }
    }

    fn reply(&self) -> Result<Reply, Problem> {
        Reply::ok(&DeletionReport { results: &self.results })
    }

    /// One record a transaction: a record an account would double the price of deleting.
    fn change(&self, ids: &[AccountId]) -> Change {
        #[derive(Serialize)]
        struct Deleted<'a> {
            user_ids: &'a [AccountId],
        }
        let before = Deleted { user_ids: ids };
        Change::between(Action::AccountDelete, Target::app(self.app.app_id), self.app.team_id, Some(&before), None)
    }
}
