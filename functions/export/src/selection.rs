//! Downloading a selection of accounts.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use rollcall_api::{Context, Problem};
use rollcall_domain::{Code, id::AppId, limits::MAX_ACCOUNTS_PER_SELECTION, permission::Permission, text::AccountId};
use utoipa::ToSchema;

use crate::{
    download::{Bytes, Download, DownloadCall},
    format::Format,
};

/// Which accounts to export, and how.
#[derive(ToSchema)]
#[schema(as = ExportSelection)]
#[expect(dead_code, reason = "describes the body that `export` reads")]
pub(crate) struct SelectionBody {
    /// Duplicates count once; missing accounts are left out.
    #[schema(min_items = 1, max_items = 1_000)]
    user_ids: Vec<AccountId>,
    format: Format,
}

/// `POST /v1/apps/{app_id}/export-selection`: downloads up to 1,000 accounts as one file, by `user_id`, bytewise.
///
/// The formats are those of the download of one account. An `Idempotency-Key` is ignored, since nothing changes.
#[utoipa::path(
    post,
    path = "/v1/apps/{app_id}/export-selection",
    tag = "files",
    operation_id = "export_selection",
    params(("app_id" = AppId, Path)),
    request_body = SelectionBody,
    responses(
        (
            status = 200,
            description = "The file.",
            headers(("Content-Disposition")),
            content(
                (String = "text/csv"),
                (String = "application/x-ndjson"),
                (Bytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ),
        ),
    ),
)]
pub(crate) async fn export(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    DownloadCall(call): DownloadCall,
) -> Result<Download, Problem> {
    let mut fields = call.fields()?;
    let app_id = AppId::parse(&app_id).ok_or(Code::NotFound)?;
    let app = context.store.app(app_id).await?.ok_or(Code::NotFound)?;
    app.permit(&call.actor.rights, Permission::AccountsExport)?;
    let ids: Option<Vec<AccountId>> = fields.list("user_ids", MAX_ACCOUNTS_PER_SELECTION);
    let format = fields.required("format");
    let (ids, format) = fields.finish(|| Some((ids?, format?)))?;
    // DynamoDB refuses a batch with duplicate keys.
    let ids: BTreeSet<AccountId> = ids.into_iter().collect();
    let accounts = context.store.accounts_of_ids(app_id, &ids).await?;
    Download::new(format, "accounts", &accounts, call.now())
}
