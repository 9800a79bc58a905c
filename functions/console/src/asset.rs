//! Replies with the console's files and its page.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rollcall_api::{Problem, config::Config};
use rollcall_domain::Code;

use crate::{
    page::{self, policy},
    tree::{File, VERSION},
};

/// `GET /assets/{version}/{name}`: a file of the current version. Other versions are 404, so that a browser with an
/// older page reloads it instead of mixing two versions.
pub(crate) async fn file(
    Path((version, name)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let found = (version == *VERSION).then(|| File::named(&name)).flatten();
    let Some(file) = found else { return Problem::from(Code::NotFound).into_response() };
    respond(&file, &method, &headers, "public, max-age=31536000, immutable")
}

/// The console's page. Browsers revalidate it on every visit.
pub(crate) fn page(config: &Config, path: &str, method: &Method, headers: &HeaderMap) -> Response {
    let Some(page) = page::page(config, path) else { return Problem::from(Code::NotFound).into_response() };
    let mut response = respond(&page, method, headers, "no-cache");
    // An origin has no character that a header cannot have.
    if let Ok(policy) = HeaderValue::try_from(policy(config)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn respond(file: &File, method: &Method, headers: &HeaderMap, cache: &'static str) -> Response {
    let entity_tag = file.entity_tag();
    let common = [
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, entity_tag.clone()),
        (header::VARY, "Accept, Accept-Encoding".to_owned()),
    ];
    if list_items(headers, &header::IF_NONE_MATCH)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == &entity_tag[2..])
    {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let mut response = (common, [(header::CONTENT_TYPE, file.media_type)]).into_response();
    let gzipped = if accepts_gzip(headers) { file.gzipped() } else { None };
    let body = if let Some(gzipped) = gzipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        gzipped
    } else {
        file.bytes.to_vec().into()
    };
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    if method != Method::HEAD {
        *response.body_mut() = Body::from(body);
    }
    response
}

/// Whether the client accepts gzip: `Accept-Encoding` lists it with a weight above zero.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    list_items(headers, &header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// Whether `Accept` lists HTML, as it does for browsers but not for API clients.
pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    list_items(headers, &header::ACCEPT).any(|kind| kind.split(';').next() == Some("text/html"))
}

/// The items of a header whose value is a comma-separated list.
fn list_items<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
