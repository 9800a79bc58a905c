//! Downloads: the request for a file, and the file as a reply.

use axum::{
    extract::{FromRequest, Request},
    http::header,
    response::{IntoResponse, Response},
};
use rollcall_api::{Authority, Call, Context, Plan, Problem, request::Rejection};
use rollcall_domain::{
    Timestamp,
    account::Account,
    app::App,
    audit::{Action, Change, Target},
    file_format::Format,
    text::AccountId,
};
use rollcall_files::{
    attachment, file_name,
    write::{AccountsWriter, Layout},
};
use rollcall_store::Commit;
use serde::Serialize;
use utoipa::ToSchema;

/// A request for a file. It changes no resource, so an `Idempotency-Key` is ignored, even an invalid one.
pub(crate) struct DownloadCall(pub(crate) Call);

impl FromRequest<Context> for DownloadCall {
    type Rejection = Rejection;

    async fn from_request(mut request: Request, context: &Context) -> Result<Self, Rejection> {
        request.headers_mut().remove("idempotency-key");
        Call::from_request(request, context).await.map(Self)
    }
}

/// Records in the audit log who exported which accounts. The file is sent only if that succeeded.
pub(crate) async fn record(
    context: &Context,
    call: &Call,
    app: &App,
    target: Target,
    (accounts, format): (&[Account], Format),
) -> Result<(), Problem> {
    #[derive(Serialize)]
    struct Exported<'a> {
        format: &'static str,
        user_ids: Vec<&'a AccountId>,
    }
    let user_ids = accounts.iter().map(|account| &account.user_id).collect();
    let exported = Exported { format: format.as_str(), user_ids };
    let change = Change::between(Action::AccountExport, target, app.team_id, None, Some(&exported));
    context.commit(Plan::new(Authority::AsRead(call, app.team_id), Commit::default()).audit(change)).await.map(drop)
}

/// The content of a binary file, for the API document.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes the bytes that `Download` sends")]
pub(crate) struct Bytes(Vec<u8>);

/// A whole file with its name.
pub(crate) struct Download {
    format: Format,
    name: String,
    bytes: Vec<u8>,
}

impl Download {
    /// The file of these accounts, as they were at `as_of`. It is named after the application, what was selected, and
    /// the day.
    pub(crate) fn new(
        format: Format,
        app: &App,
        selection: &str,
        accounts: &[Account],
        as_of: Timestamp,
    ) -> Result<Self, Problem> {
        let written = || {
            let mut file = AccountsWriter::begin(Vec::new(), &Layout::new(format), as_of)?;
            accounts.iter().try_for_each(|account| file.write(account))?;
            file.finish()
        };
        let (bytes, _) = written().map_err(|error: std::io::Error| Problem::Internal(format!("no file: {error}")))?;
        Ok(Self { format, name: file_name(&app.name, selection, as_of, format.as_str()), bytes })
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let disposition = attachment(&self.name);
        let headers = [(header::CONTENT_TYPE, self.format.media_type()), (header::CONTENT_DISPOSITION, &disposition)];
        (headers, self.bytes).into_response()
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! Accounts and an application for tests.

    use rollcall_domain::{account::Account, app::App};
    use serde_json::json;

    pub(crate) fn app(name: &str, team_id: Option<&str>) -> App {
        serde_json::from_value(json!({
            "app_id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22", "name": name, "team_id": team_id,
            "deletion_lock": {"locked": true, "changed_by": null, "changed_at": null},
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.000Z", "version": 1,
        }))
        .unwrap()
    }

    /// An account with the required fields only.
    pub(crate) fn bare(user_id: &str) -> Account {
        serde_json::from_value(json!({
            "user_id": user_id, "type": "general",
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.000Z", "version": 1,
        }))
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        samples::{app, bare},
        *,
    };
    use rollcall_domain::limits::MAX_ACCOUNTS_PER_SELECTION;
    use rstest::rstest;
    use serde_json::json;

    fn download(format: Format, app_name: &str, selection: &str, accounts: &[Account]) -> Download {
        let as_of = serde_json::from_value(json!("2026-11-20T12:00:00.000Z")).unwrap();
        Download::new(format, &app(app_name, None), selection, accounts, as_of).unwrap()
    }

    #[rstest]
    #[case(Format::Csv, "text/csv; charset=utf-8; header=present")]
    #[case(Format::Ndjson, "application/x-ndjson")]
    #[case(Format::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    fn a_file_has_its_media_type_and_a_file_name(#[case] format: Format, #[case] media_type: &str) {
        let response = download(format, "Harbor", "a", &[bare("a")]).into_response();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], media_type);
        let extension = format!(".{}\"", format.as_str());
        assert!(response.headers()["content-disposition"].to_str().unwrap().contains(&extension));
    }

    #[rstest]
    #[case("Harbor Chat", "mina", "Harbor Chat - mina - 2026-11-20.csv")]
    #[case("항구", "selection of 3", "항구 - selection of 3 - 2026-11-20.csv")]
    #[case("a/b\\c", "x:*y", "a_b_c - x__y - 2026-11-20.csv")]
    fn a_file_is_named_after_application_selection_and_day(
        #[case] app_name: &str,
        #[case] selection: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(download(Format::Csv, app_name, selection, &[]).name, expected);
    }

    /// Quotation marks are doubled and marked in CSV and escaped in JSON, so they make the largest files.
    #[rstest]
    fn the_largest_selection_fits_a_reply_of_lambda(
        #[values(Format::Csv, Format::Ndjson, Format::Xlsx)] format: Format,
        #[values("\"", ",'", ";\"")] repeated: &str,
    ) {
        let longest = &format!("={}", repeated.repeat(499))[..500];
        let account: Account = serde_json::from_value(json!({
            "user_id": format!("={}", "x".repeat(31)), "type": "general", "nickname": longest, "location": longest,
            "whats_up": longest, "photo_url": format!("http://a?{}", &longest[9..]), "gender": "unknown",
            "birth_date": "1994-05-17", "friend_verification": "need_confirm", "language": u32::MAX,
            "message_settings": u32::MAX, "friending": "forbidden", "level": u32::MAX, "role": u32::MAX,
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.042Z", "version": u32::MAX,
        }))
        .unwrap();
        let bytes = download(format, "a", "b", &vec![account; MAX_ACCOUNTS_PER_SELECTION]).bytes.len();
        let (base64, headers) = (bytes.div_ceil(3) * 4, 4 * 1024);
        assert!(base64 + headers < 6 * 1024 * 1024, "{base64}");
    }
}
