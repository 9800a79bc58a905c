//! The preview of an import: what its file is, and its first rows as they would be imported.

use axum::{
    Extension,
    extract::{Path, State},
};
use rollcall_api::{Authority, Call, Context, Plan, Problem, Reply};
use rollcall_domain::{
    Code, Refusal, Timestamp,
    id::{AppId, JobId},
    job::{JobKind, JobStatus},
};
use rollcall_files::read::{Plan as ImportPlan, Reading, Recognised, Rejection, Row};
use rollcall_objects::Objects;
use rollcall_store::job;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    job::load,
    upload::{unreadable, uploaded},
};

/// What the file of an import is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobPreview)]
pub(crate) struct Preview {
    #[serde(flatten)]
    #[schema(inline)]
    recognised: Recognised,
    /// The first rows as they would be imported: the fields of an account or, for a row that would fail, those that it
    /// sets and an `error` of `column`, `code` and `detail`. None without a column for `user_id`.
    #[schema(value_type = Vec<Object>, max_items = 5)]
    rows: Vec<Map<String, Value>>,
}

/// `POST /v1/apps/{app_id}/jobs/{job_id}/preview`: shows what the uploaded file of an import is, and its first rows as
/// they would be imported. No account is written.
#[utoipa::path(
    post,
    path = "/v1/apps/{app_id}/jobs/{job_id}/preview",
    operation_id = "preview_job",
    tag = "jobs",
    params(("app_id" = AppId, Path), ("job_id" = JobId, Path)),
    request_body = Reading,
    responses((status = 200, body = Preview)),
    extensions(("x-codes" = json!([Code::WrongStatus, Code::UnreadableFile])), ("x-scopes" = json!(["accounts.write"]))),
)]
pub(crate) async fn preview(
    State(context): State<Context>,
    Extension(objects): Extension<Objects>,
    Path((app_id, job_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    let fields = call.fields()?;
    let (app, before) = load(&context, &call, &app_id, &job_id).await?;
    let reading = fields.parse(Reading::read)?;
    if before.kind != JobKind::Import {
        return Err(Code::WrongStatus.into());
    }
    let uploaded = uploaded(&objects, &before).await?;
    let mut recognised = uploaded.recognise(reading.given()).await.map_err(unreadable)?;
    let plan = ImportPlan::new(&recognised, reading.mapping.as_ref(), call.now().date());
    let mut rows = Vec::new();
    match plan {
        Ok(plan) => {
            // No more is read than it takes to recognise the file, which may be of any size.
            rows.extend(recognised.first_records.iter().map(|record| shown(&plan, plan.row(record), call.now())));
        }
        // Without a mapping, what is missing is shown by the columns.
        Err(violations) if reading.mapping.is_some() => return Err(Refusal::invalid(violations).into()),
        Err(_) => {}
    }
    if let Some(mapping) = &reading.mapping {
        recognised.map(mapping);
    }
    let reply = Reply::ok(&Preview { recognised, rows })?;
    if before.status == JobStatus::AwaitingStart {
        return Ok(reply);
    }
    let after = before.clone().awaiting_start(call.now()).next();
    context.commit(Plan::new(Authority::AsRead(&call, app.team_id), job::change(&before, &after)?).reply(reply)).await
}

/// A row as it would be imported.
fn shown(plan: &ImportPlan, row: Result<Row, Rejection>, now: Timestamp) -> Map<String, Value> {
    let failed = |mut fields: Map<String, Value>, rejection: Rejection| {
        let Rejection { column, code, detail } = rejection;
        fields.insert("error".to_owned(), json!({"column": column, "code": code, "detail": detail}));
        fields
    };
    let row = match row {
        Ok(row) => row,
        Err(rejection) => return failed(Map::new(), rejection),
    };
    match row.new_account(now.date()) {
        Err(refusal) => failed(row.fields, plan.rejection(&refusal)),
        Ok(new) => match serde_json::to_value(new.create(now)) {
            Ok(Value::Object(mut account)) => {
                account.retain(|name, _| !matches!(name.as_str(), "created_at" | "updated_at" | "version"));
                account
            }
            Ok(_) | Err(_) => row.fields,
        },
    }
}
