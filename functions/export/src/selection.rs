//! Downloading a selection of accounts.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use rollcall_api::{Context, Problem};
use rollcall_domain::{
    Code, audit::Target, body::BoundedList, file_format::Format, id::AppId, limits::MAX_ACCOUNTS_PER_SELECTION,
    permission::Permission, request_body, text::AccountId,
};

use crate::download::{Bytes, Download, DownloadCall, record};

request_body! {
    /// The accounts to export, and the format of the file.
    #[schema(as = ExportSelection)]
    pub(crate) struct SelectionBody {
        /// The accounts' ids. Duplicates count once; missing accounts are left out.
        user_ids: BoundedList<AccountId, 1_000>,
        /// The format of the file.
        format: Format,
    }
}

// A schema attribute takes a literal only.
const _: () = assert!(MAX_ACCOUNTS_PER_SELECTION == 1_000);

/// `POST /v1/apps/{app_id}/export-selection`: downloads up to 1,000 accounts as one file, by `user_id`, bytewise.
///
/// The formats are those of the download of one account. An `Idempotency-Key` is ignored, since no resource changes.
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
    extensions(("x-scopes" = json!(["accounts.export"]))),
)]
pub(crate) async fn export(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    DownloadCall(call): DownloadCall,
) -> Result<Download, Problem> {
    let fields = call.fields()?;
    let app_id = AppId::parse(&app_id).ok_or(Code::NotFound)?;
    let app = context.store.app(app_id).await?.ok_or(Code::NotFound)?;
    app.permit(&call.actor.rights, Permission::AccountsExport)?;
    let SelectionBody { user_ids: BoundedList(ids), format } = fields.parse(SelectionBody::read)?;
    // DynamoDB refuses a batch with duplicate keys.
    let ids: BTreeSet<AccountId> = ids.into_iter().collect();
    let accounts = context.store.accounts_of_ids(app_id, &ids).await?;
    let selection = format!("selection of {}", accounts.len());
    let file = Download::new(format, &app, &selection, &accounts, call.now())?;
    record(&context, &call, &app, Target::app(app_id), (&accounts, format)).await?;
    Ok(file)
}
