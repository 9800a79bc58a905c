//! Jobs: begin, list, get and end them.

use axum::{
    Extension,
    extract::{Path, State},
};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, Reply, retry_on_conflict,
};
use rollcall_domain::{
    Code, Fields, Timestamp,
    app::App,
    audit::{Action, Change, Target},
    id::{AppId, JobId},
    job::{Job, JobKind, JobStatus, NewJob},
    limits::{JOB_LIFETIME, MAX_JOBS_PER_APP},
    permission::Permission,
    text::AccountId,
};
use rollcall_objects::Objects;
use rollcall_store::job;
use serde_json::{Map, Value, json};
use transfer::ListingCheckpoint;

use crate::view::JobView;

/// `POST /v1/apps/{app_id}/jobs`: begins a job on many accounts.
///
/// An export is queued at once. An import waits for its file, which is uploaded as `upload` says. An edit or a deletion
/// finds its accounts, then waits to be started with their number. A job that waits longer than an hour is cancelled.
#[utoipa::path(
    post,
    path = "/v1/apps/{app_id}/jobs",
    operation_id = "create_job",
    tag = "jobs",
    params(("app_id" = AppId, Path)),
    request_body = NewJob,
    responses(
        (status = 201, description = "An import, which waits for its file.", body = JobView, headers(("Location"))),
        (status = 202, description = "The job is queued.", body = JobView, headers(("Location"))),
    ),
    extensions((
        "x-codes" = json!([Code::AccountDeletionLocked, Code::TooManyJobs, Code::ImmutableField])
    ), ("x-scopes" = json!(["accounts.export", "accounts.write", "accounts.delete"]))),
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Extension(objects): Extension<Objects>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let fields = call.fields()?;
    let app = load_app(&context, &app_id).await?;
    let kind: Option<JobKind> = fields.peek("kind");
    app.permit(&call.actor.rights, kind.map_or(Permission::AccountsRead, JobKind::permission))?;
    let request = shown_request(&fields);
    let new = fields.parse(|fields| NewJob::read(fields, call.now().date()))?;
    let ids = (JobId::new(context.uuid()?), app.app_id);
    let mut job = Job::new(ids, (new.kind(), request), call.job_caller(), call.now());
    match new {
        NewJob::Edit(request) => job = with_ids(job, request.user_ids)?,
        NewJob::Delete(request) => {
            app.deletion_allowed()?;
            job = with_ids(job, request.user_ids)?;
        }
        NewJob::Export(_) | NewJob::Import(_) => {}
    }
    make_room(&context, &objects, app.app_id, call.now()).await?;
    let location = format!("/v1/apps/{}/jobs/{}", app.app_id, job.job_id);
    let view = JobView::of(&context, &objects, job.clone()).await?;
    let reply = match job.kind {
        JobKind::Import => Reply::created(location, &view)?,
        JobKind::Export | JobKind::Edit | JobKind::Delete => Reply::accepted(&view)?.at(location),
    };
    let plan = Plan::new(Authority::AsRead(&call, app.team_id), job::create(&job)?);
    context.commit(plan.audit_all(exported(&app, &job)).reply(reply)).await
}

/// `GET /v1/apps/{app_id}/jobs`: lists the jobs of the last 30 days that the caller may see, newest first.
#[utoipa::path(
    get,
    path = "/v1/apps/{app_id}/jobs",
    operation_id = "list_jobs",
    tag = "jobs",
    params(
        ("app_id" = AppId, Path),
        ("kind" = Option<JobKind>, Query, description = "Only jobs of this kind."),
        ("status" = Option<JobStatus>, Query, description = "Only jobs with this status."),
        PageParameters,
    ),
    responses((status = 200, body = List<JobView>)),
    extensions(("x-scopes" = json!(["accounts.read", "apps.manage"]))),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Extension(objects): Extension<Objects>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let app = load_app(&context, &app_id).await?;
    app.permit_reading(&call.actor.rights)?;
    let mut parameters = call.request.parameters();
    let (kind, status): (Option<JobKind>, Option<JobStatus>) = (parameters.field("kind"), parameters.field("status"));
    let page = PageRequest::read(&context, &call, parameters).await?;
    let after = page.after.as_deref().and_then(JobId::parse);
    let found = context.store.jobs(app.app_id, after, page.limit).await?;
    let mut shown = Vec::new();
    for job in found.items.into_iter().map(|job| job.at(call.now())) {
        let is_wanted = kind.is_none_or(|kind| job.kind == kind) && status.is_none_or(|status| job.status == status);
        if is_wanted && check_visible(&app, &call, &job).is_ok() {
            shown.push(JobView::of(&context, &objects, job).await?);
        }
    }
    page.reply(&context, &call, shown, found.next).await
}

/// `GET /v1/apps/{app_id}/jobs/{job_id}`: gets a job. Links to its files are made anew each time.
#[utoipa::path(
    get,
    path = "/v1/apps/{app_id}/jobs/{job_id}",
    operation_id = "get_job",
    tag = "jobs",
    params(("app_id" = AppId, Path), ("job_id" = JobId, Path)),
    responses((status = 200, body = JobView)),
    extensions(("x-scopes" = json!(["accounts.export", "accounts.write", "accounts.delete"]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Extension(objects): Extension<Objects>,
    Path((app_id, job_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    let (_, job) = load(&context, &call, &app_id, &job_id).await?;
    call.no_input()?;
    Reply::ok(&JobView::of(&context, &objects, job).await?)
}

/// `DELETE /v1/apps/{app_id}/jobs/{job_id}`: ends a job: what is done stays done, and is reported. Of a job that is
/// over, removes the files.
#[utoipa::path(
    delete,
    path = "/v1/apps/{app_id}/jobs/{job_id}",
    operation_id = "delete_job",
    tag = "jobs",
    params(("app_id" = AppId, Path), ("job_id" = JobId, Path)),
    responses((status = 204)),
    extensions(("x-scopes" = json!(["accounts.export", "accounts.write", "accounts.delete"]))),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Extension(objects): Extension<Objects>,
    Path((app_id, job_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    call.no_input()?;
    retry_on_conflict(|| async {
        let (app, job) = load(&context, &call, &app_id, &job_id).await?;
        transfer::end(&context, &objects, job, Authority::AsRead(&call, app.team_id)).await
    })
    .await
}

async fn load_app(context: &Context, app_id: &str) -> Result<App, Problem> {
    let app_id = AppId::parse(app_id).ok_or(Code::NotFound)?;
    Ok(context.store.app(app_id).await?.ok_or(Code::NotFound)?)
}

/// Ends the jobs of an application that have waited too long, if they take the last places: the cleanup ends them only
/// some minutes later.
async fn make_room(context: &Context, objects: &Objects, app_id: AppId, now: Timestamp) -> Result<(), Problem> {
    let unfinished = context.store.unfinished_jobs(app_id).await?;
    if unfinished.len() < MAX_JOBS_PER_APP {
        return Ok(());
    }
    for job_id in unfinished {
        let Some(job) = context.store.job(app_id, job_id).await? else { continue };
        match transfer::expire(context, objects, &job, now).await {
            Err(problem) if problem.is(Code::Conflict) => {}
            expired => expired?,
        }
    }
    Ok(())
}

/// A job that the caller may see, as it is by the clock, with its application.
pub(crate) async fn load(context: &Context, call: &Call, app_id: &str, job_id: &str) -> Result<(App, Job), Problem> {
    let app = load_app(context, app_id).await?;
    // Before the job is read, so that an application of others costs the same reads as an unknown one.
    if app.permit_reading(&call.actor.rights) == Err(Code::NotFound) {
        return Err(Code::NotFound.into());
    }
    let job_id = JobId::parse(job_id).ok_or(Code::NotFound)?;
    let job = context.store.job(app.app_id, job_id).await?.ok_or(Code::NotFound)?.at(call.now());
    check_visible(&app, call, &job)?;
    Ok((app, job))
}

/// Checks that the caller has the permission of the job's kind, and that the job is still listed.
fn check_visible(app: &App, call: &Call, job: &Job) -> Result<(), Code> {
    let is_listed = job.created_at + JOB_LIFETIME > call.now();
    let permitted = app.permit(&call.actor.rights, job.kind.permission());
    permitted.and(is_listed.then_some(()).ok_or(Code::NotFound)).map_err(|code| match code {
        Code::Forbidden => Code::NotFound,
        code => code,
    })
}

/// The request as the job shows it. The ids of a list may be many, so they are kept apart.
fn shown_request(fields: &Fields) -> Map<String, Value> {
    let mut request = fields.unread().clone();
    request.retain(|name, value| !matches!(name.as_str(), "kind" | "user_ids") && !value.is_null());
    request
}

fn with_ids(job: Job, user_ids: Option<Vec<AccountId>>) -> Result<Job, Problem> {
    let Some(user_ids) = user_ids else { return Ok(job) };
    let checkpoint = serde_json::to_value(ListingCheckpoint::of_ids(user_ids));
    let checkpoint = checkpoint.map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(Job { checkpoint: Some(checkpoint), ..job })
}

/// The audit record of an export: who exported what is recorded before there is a file.
fn exported(app: &App, job: &Job) -> Option<Change> {
    let exported = json!({"job_id": job.job_id, "request": job.request});
    (job.kind == JobKind::Export).then(|| Change {
        action: Action::AccountExport,
        target: Target::app(app.app_id),
        team_id: app.team_id,
        before: Value::Null,
        after: exported,
    })
}
