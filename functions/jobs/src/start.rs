//! Starting a job that waits for it.

use axum::{
    Extension,
    extract::{Path, State},
};
use rollcall_api::{Authority, Call, Context, Plan, Problem, Reply};
use rollcall_domain::{
    Code, Refusal,
    id::{AppId, JobId},
    job::{BulkStart, Job, JobKind, JobStatus},
};
use rollcall_files::read::{ImportStart, Plan as ImportPlan, Unreadable};
use rollcall_objects::Objects;
use rollcall_store::job;
use utoipa::ToSchema;

use crate::{
    job::load,
    upload::{unreadable, uploaded},
    view::JobView,
};

/// The start of a job of any kind.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two bodies that `start` reads")]
#[schema(as = JobStart)]
pub(crate) enum Start {
    /// Of an edit or a deletion.
    Bulk(BulkStart),
    /// Of an import.
    Import(ImportStart),
}

/// `POST /v1/apps/{app_id}/jobs/{job_id}/start`: starts a job that waits for it, in the caller's name.
///
/// An edit or a deletion is started with the `matched` that its reader saw. An import tells first what would happen, if
/// `dry_run` is true, and can then be started again.
#[utoipa::path(
    post,
    path = "/v1/apps/{app_id}/jobs/{job_id}/start",
    operation_id = "start_job",
    tag = "jobs",
    params(("app_id" = AppId, Path), ("job_id" = JobId, Path)),
    request_body = Start,
    responses((status = 202, body = JobView)),
    extensions((
        "x-codes" = json!([Code::AccountDeletionLocked, Code::MatchedDiffers, Code::WrongStatus])
    ), ("x-scopes" = json!(["accounts.write", "accounts.delete"]))),
)]
pub(crate) async fn start(
    State(context): State<Context>,
    Extension(objects): Extension<Objects>,
    Path((app_id, job_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    let fields = call.fields()?;
    let (app, before) = load(&context, &call, &app_id, &job_id).await?;
    let body = fields.unread().clone();
    let mut upload_tag = None;
    match before.kind {
        JobKind::Export => return Err(Code::WrongStatus.into()),
        JobKind::Edit | JobKind::Delete => {
            let start = fields.parse(BulkStart::read)?;
            if before.status != JobStatus::AwaitingStart {
                return Err(Code::WrongStatus.into());
            }
            if before.matched != Some(start.matched.into()) {
                return Err(Code::MatchedDiffers.into());
            }
            if before.kind == JobKind::Delete {
                app.deletion_allowed()?;
            }
        }
        JobKind::Import => {
            let start = fields.parse(ImportStart::read)?;
            let uploaded = uploaded(&objects, &before).await?;
            upload_tag = Some(uploaded.tag().to_owned());
            match uploaded.recognise(start.reading().given()).await {
                Ok(recognised) => {
                    let plan = ImportPlan::new(&recognised, start.reading().mapping.as_ref(), call.now().date());
                    plan.map_err(Refusal::invalid)?;
                }
                Err(Unreadable::Io(error)) => return Err(unreadable(Unreadable::Io(error))),
                // The job fails with the reason, as it does if the fault is the file's last record.
                Err(_) => {}
            }
        }
    }
    let after = Job { upload_tag, ..before.clone().started(call.job_caller(), body, call.now()).next() };
    let reply = Reply::accepted(&JobView::of(&context, &objects, after.clone()).await?)?;
    context.commit(Plan::new(Authority::AsRead(&call, app.team_id), job::change(&before, &after)?).reply(reply)).await
}
