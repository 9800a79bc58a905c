//! A file as a reply, and the request for one.

use std::fmt::Write as _;

use axum::{
    extract::{FromRequest, Request},
    http::header,
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rollcall_api::{Call, Context, Problem};
use rollcall_domain::{Timestamp, account::Account};

use crate::format::Format;

/// A request for a file. It changes nothing, so its `Idempotency-Key` means nothing, even where it is none.
pub(crate) struct DownloadCall(pub(crate) Call);

impl FromRequest<Context> for DownloadCall {
    type Rejection = Problem;

    async fn from_request(mut request: Request, context: &Context) -> Result<Self, Problem> {
        request.headers_mut().remove("idempotency-key");
        Call::from_request(request, context).await.map(Self)
    }
}

/// A whole file, to be saved under a name.
pub(crate) struct Download {
    format: Format,
    name: String,
    bytes: Vec<u8>,
}

impl Download {
    /// The file of these accounts, as they were at `as_of`. Its name is `stem` and what its format ends names with.
    pub(crate) fn new(format: Format, stem: &str, accounts: &[Account], as_of: Timestamp) -> Result<Self, Problem> {
        let encoded = || {
            let mut file = format.begin(Vec::new(), as_of)?;
            accounts.iter().try_for_each(|account| file.write(account))?;
            file.finish()
        };
        let bytes = encoded().map_err(|error: std::io::Error| Problem::Internal(format!("no file: {error}")))?;
        Ok(Self { format, name: format!("{stem}.{}", format.as_str()), bytes })
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let disposition = attachment(&self.name);
        let headers = [(header::CONTENT_TYPE, self.format.media_type()), (header::CONTENT_DISPOSITION, &disposition)];
        (headers, self.bytes).into_response()
    }
}

/// What stands in an extended value as it is: RFC 8187's `attr-char`.
const NOT_IN_AN_EXTENDED_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The `Content-Disposition` that saves a reply under `name`, by RFC 6266.
///
/// The plain name has only characters that no browser, proxy or file system trips over. A name with others is given a
/// second time, exactly, for those who read the extended form.
fn attachment(name: &str) -> String {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut disposition = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        // Writing to a string cannot fail.
        let _ = write!(disposition, "; filename*=UTF-8''{}", utf8_percent_encode(name, NOT_IN_AN_EXTENDED_VALUE));
    }
    disposition
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::tests::bare;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(Format::Csv, "text/csv; charset=utf-8; header=present", "attachment; filename=\"accounts.csv\"")]
    #[case(Format::Ndjson, "application/x-ndjson", "attachment; filename=\"accounts.ndjson\"")]
    #[case(
        Format::Xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "attachment; filename=\"accounts.xlsx\""
    )]
    fn a_file_says_what_it_is(#[case] format: Format, #[case] media_type: &str, #[case] disposition: &str) {
        let as_of = serde_json::from_value(json!("2026-11-20T12:00:00.000Z")).unwrap();
        let response = Download::new(format, "accounts", &[bare("a")], as_of).unwrap().into_response();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], media_type);
        assert_eq!(response.headers()["content-disposition"], disposition);
    }

    #[rstest]
    #[case("account-mina.csv", "filename=\"account-mina.csv\"")]
    #[case("account-...xlsx", "filename=\"account-...xlsx\"")]
    #[case(
        "account-!$&'()*+,;=:@._~-.csv",
        "filename=\"account-_____________.__-.csv\"; filename*=UTF-8''account-!$&%27%28%29%2A+%2C%3B%3D%3A%40._~-.csv"
    )]
    #[case("\"\r\n/\\%é.csv", "filename=\"_______.csv\"; filename*=UTF-8''%22%0D%0A%2F%5C%25%C3%A9.csv")]
    fn a_name_is_plain_or_given_twice(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(attachment(name), format!("attachment; {expected}"));
    }
}
