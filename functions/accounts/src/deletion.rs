//! Batch deletion of accounts, possible only while the application's deletion lock is lifted.

use std::ops::Range;

use axum::extract::{Path, State};
use rollcall_api::{Authority, Call, Context, Follows, NotCommitted, Plan, Problem, Reply};
use rollcall_domain::{
    Code,
    app::App,
    audit::{Action, Change, Target},
    body::BoundedList,
    id::AppId,
    limits::{MAX_ACCOUNTS_PER_DELETION, MAX_CONFLICT_RETRIES, MAX_DELETES_PER_TRANSACTION},
    permission::Permission,
    request_body,
    text::AccountId,
};
use rollcall_store::{Commit, FailedGuards, account};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app;

request_body! {
    /// The accounts to delete.
    #[schema(as = AccountDeletion)]
    pub(crate) struct DeletionBody {
        /// The accounts' ids. Duplicates count once.
        user_ids: BoundedList<AccountId, 100>,
    }
}

// A schema attribute takes a literal only.
const _: () = assert!(MAX_ACCOUNTS_PER_DELETION == 100);

/// The outcome for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeletionOutcome {
    /// The account was deleted.
    Deleted,
    /// There was no such account.
    NotFound,
    /// The account was not deleted; `code` says why.
    Failed,
}

/// The outcome for one account, and the reason if it failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeletionResult)]
pub(crate) struct DeletionResult {
    /// The account's id.
    user_id: AccountId,
    /// What became of the account.
    outcome: DeletionOutcome,
    /// Why the account was not deleted; only with the outcome `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
}

/// The outcome for every account, in the order of first occurrence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletionReport<'a> {
    /// One outcome for each account.
    #[schema(min_items = 1, max_items = 100)]
    results: &'a [DeletionResult],
}

/// `POST /v1/apps/{app_id}/account-deletions`: deletes up to 100 accounts while the deletion lock is lifted, and
/// reports an outcome for each.
#[utoipa::path(
    post,
    path = "/v1/apps/{app_id}/account-deletions",
    operation_id = "delete_accounts",
    tag = "accounts",
    params(("app_id" = AppId, Path)),
    request_body = DeletionBody,
    responses((status = 200, body = DeletionReport)),
    extensions(("x-codes" = json!([Code::AccountDeletionLocked])), ("x-scopes" = json!(["accounts.delete"]))),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let fields = call.fields()?;
    let app = app::load(&context, &app_id).await?;
    app.permit(&call.actor.rights, Permission::AccountsDelete)?;
    let DeletionBody { user_ids: BoundedList(ids) } = fields.parse(DeletionBody::read)?;
    app.deletion_allowed()?;
    Batch::new(&context, &call, app, ids).run().await
}

/// A batch deletion in progress. An account counts as failed until it is deleted or found missing.
struct Batch<'a> {
    context: &'a Context,
    call: &'a Call,
    app: App,
    results: Vec<DeletionResult>,
}

/// What to do after a transaction whose conditions did not hold.
enum Next {
    /// Try again without the accounts that turned out to be missing.
    Retry,
    /// Read the application again, whose admins changed, then try again.
    Reload,
    /// Leave the rest of the chunk undeleted, for this reason.
    GiveUp(Code),
}

impl<'a> Batch<'a> {
    fn new(context: &'a Context, call: &'a Call, app: App, ids: Vec<AccountId>) -> Self {
        let mut results: Vec<DeletionResult> = Vec::with_capacity(ids.len());
        for user_id in ids {
            if !results.iter().any(|result| result.user_id == user_id) {
                let (outcome, code) = (DeletionOutcome::Failed, Some(Code::Unavailable));
                results.push(DeletionResult { user_id, outcome, code });
            }
        }
        Self { context, call, app, results }
    }

    /// Deletes chunk by chunk. Once something is deleted, a failing dependency no longer fails the request: the report
    /// says what was not deleted.
    async fn run(mut self) -> Result<Reply, Problem> {
        let mut stored = None;
        for start in (0..self.results.len()).step_by(MAX_DELETES_PER_TRANSACTION) {
            let end = self.results.len().min(start + MAX_DELETES_PER_TRANSACTION);
            match self.delete_chunk(start..end).await {
                Ok(reply) => stored = reply,
                Err(problem @ Problem::Unavailable(_)) if self.has_deleted() => {
                    tracing::error!(%problem, "a batch deletion stopped early");
                    stored = None;
                    break;
                }
                Err(problem) => return Err(problem),
            }
        }
        if let Some(reply) = stored {
            return Ok(reply);
        }
        // The last transaction did not store the final report: store it now. That deletes nothing, so it takes no
        // right.
        let plan = Plan::new(Authority::AsRead(self.call, None), Commit::default());
        self.context.commit(plan.reply(self.reply()?)).await
    }

    /// Deletes what can be deleted of a chunk. Returns the reply if the chunk's transaction stored the final report.
    async fn delete_chunk(&mut self, chunk: Range<usize>) -> Result<Option<Reply>, Problem> {
        let follows = if chunk.end == self.results.len() { Follows::Nothing } else { Follows::More };
        let mut reloads = 0;
        loop {
            let pending = self.pending(chunk.clone());
            if pending.is_empty() {
                return Ok(None);
            }
            let refused = match self.delete_at_once(&pending, follows).await {
                Ok(reply) => return Ok(Some(reply).filter(|_| follows == Follows::Nothing)),
                Err(NotCommitted::Refused(refused)) => refused,
                // The caller's membership has ended between two chunks.
                Err(NotCommitted::Problem(problem)) if problem.is(Code::Forbidden) && self.has_deleted() => {
                    return Ok(self.give_up(chunk, Code::Forbidden));
                }
                Err(NotCommitted::Problem(problem)) => return Err(problem),
            };
            let missing: Vec<_> = refused.keys(Code::NotFound).filter_map(account::id_of).collect();
            self.set(&missing, DeletionOutcome::NotFound, None);
            match next(&refused) {
                Next::Retry => {}
                Next::Reload if reloads < MAX_CONFLICT_RETRIES => {
                    reloads += 1;
                    if let Some(app) = self.context.store.app(self.app.app_id).await? {
                        self.app = app;
                    }
                }
                Next::Reload => return Ok(self.give_up(chunk, Code::Conflict)),
                Next::GiveUp(code) => return Ok(self.give_up(chunk, code)),
            }
        }
    }

    /// Deletes these accounts in one transaction, which stores the report as it is after it.
    async fn delete_at_once(&mut self, ids: &[AccountId], follows: Follows) -> Result<Reply, NotCommitted> {
        let before = self.results.clone();
        self.set(ids, DeletionOutcome::Deleted, None);
        let writes = account::delete(&self.app, ids, self.call.now());
        let authority = Authority::AsRead(self.call, self.app.team_id);
        let plan = Plan::new(authority, writes).audit(self.change(ids)).follows(follows);
        let committed = match self.reply() {
            Ok(reply) => self.context.try_commit(plan.reply(reply)).await,
            Err(problem) => Err(problem.into()),
        };
        match &committed {
            Ok(_) => self.app = self.app.clone().without_admins(ids),
            Err(_) => self.results = before,
        }
        committed
    }

    /// The accounts of a chunk that are neither deleted nor found missing.
    fn pending(&self, chunk: Range<usize>) -> Vec<AccountId> {
        let failed = self.results[chunk].iter().filter(|result| result.outcome == DeletionOutcome::Failed);
        failed.map(|result| result.user_id.clone()).collect()
    }

    fn has_deleted(&self) -> bool {
        self.results.iter().any(|result| result.outcome == DeletionOutcome::Deleted)
    }

    /// Reports the pending accounts of a chunk as failed for this reason. No transaction stored the reply.
    fn give_up(&mut self, chunk: Range<usize>, code: Code) -> Option<Reply> {
        self.set(&self.pending(chunk), DeletionOutcome::Failed, Some(code));
        None
    }

    fn set(&mut self, ids: &[AccountId], outcome: DeletionOutcome, code: Option<Code>) {
        for result in self.results.iter_mut().filter(|result| ids.contains(&result.user_id)) {
            (result.outcome, result.code) = (outcome, code);
        }
    }

    fn reply(&self) -> Result<Reply, Problem> {
        Reply::ok(&DeletionReport { results: &self.results })
    }

    /// One audit record per transaction: one per account would double the price of a deletion.
    fn change(&self, ids: &[AccountId]) -> Change {
        #[derive(Serialize)]
        struct Deleted<'a> {
            user_ids: &'a [AccountId],
        }
        let before = Deleted { user_ids: ids };
        Change::between(Action::AccountDelete, Target::app(self.app.app_id), self.app.team_id, Some(&before), None)
    }
}

fn next(refused: &FailedGuards) -> Next {
    if refused.is(Code::AccountDeletionLocked) {
        return Next::GiveUp(Code::AccountDeletionLocked);
    }
    if refused.is(Code::Conflict) {
        return Next::Reload;
    }
    let is_app_gone = refused.keys(Code::NotFound).any(|key| account::id_of(key).is_none());
    if is_app_gone { Next::GiveUp(Code::NotFound) } else { Next::Retry }
}
