//! Files and the page as replies.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rollcall_api::{Problem, config::Config};
use rollcall_domain::Code;

use crate::{
    page::{self, POLICY},
    tree::{File, VERSION},
};

/// A file under the version that the page names. Under another one there is nothing: who still has an older page asks
/// for it again.
pub(crate) async fn file(
    Path((version, name)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let found = (version == *VERSION).then(|| File::named(&name)).flatten();
    let Some(file) = found else { return Problem::from(Code::NotFound).into_response() };
    sent(&file, &method, &headers, "public, max-age=31536000, immutable")
}

/// The page, which every visit asks for anew.
pub(crate) fn page(config: &Config, path: &str, method: &Method, headers: &HeaderMap) -> Response {
    let Some(page) = page::page(config, path) else { return Problem::from(Code::NotFound).into_response() };
    let mut response = sent(&page, method, headers, "no-cache");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn sent(file: &File, method: &Method, headers: &HeaderMap, cache: &'static str) -> Response {
    let entity_tag = file.entity_tag();
    let shared = [
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, entity_tag.clone()),
        (header::VARY, "Accept, Accept-Encoding".to_owned()),
    ];
    if list(headers, &header::IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == &entity_tag[2..]) {
        return (StatusCode::NOT_MODIFIED, shared).into_response();
    }
    let mut response = (shared, [(header::CONTENT_TYPE, file.media_type)]).into_response();
    let gzipped = if takes_gzip(headers) { file.gzipped() } else { None };
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

/// Whether the reader takes gzip: it is named, and not with a weight of nothing.
fn takes_gzip(headers: &HeaderMap) -> bool {
    list(headers, &header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// Whether the reader names HTML among what it takes, as browsers do and programs do not.
pub(crate) fn takes_pages(headers: &HeaderMap) -> bool {
    list(headers, &header::ACCEPT).any(|kind| kind.split(';').next() == Some("text/html"))
}

fn list<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
