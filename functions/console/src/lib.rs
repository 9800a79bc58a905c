//! The function behind the gateway's `$default` route: it serves the console's page and its files and the API document,
//! says that it is alive, and answers for every address that no other function has. It never reads the table.

mod asset;
mod page;
mod tree;

use std::sync::LazyLock;

use axum::{
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::{IntoResponse, Response},
    routing,
};
use rollcall_api::{Context, Problem, PublicRequest, Reply};
use rollcall_domain::{Code, Value};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The API document, which a test keeps equal to what the code says.
const DOCUMENT: &str = include_str!("../openapi.json");

/// The routes, as their page of the contract has them, and the answer to everything else.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(document))
        .route("/assets/{version}/{*name}", routing::get(asset::file))
        .fallback(elsewhere)
}

/// Says that the function runs, without touching anything.
#[utoipa::path(get, path = "/healthz", tag = "public", responses((status = 200, body = Object)))]
async fn health(guest: PublicRequest) -> Result<Reply, Problem> {
    guest.no_input()?;
    Reply::ok(&json!({"status": "ok"}))
}

/// The API document, OpenAPI 3.1.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "public", responses((status = 200, body = Object)))]
async fn document(guest: PublicRequest) -> Result<impl IntoResponse, Problem> {
    guest.no_input()?;
    Ok(([(header::CONTENT_TYPE, "application/json")], DOCUMENT))
}

/// A place in the console, for whoever looks at it with a browser; otherwise nothing.
async fn elsewhere(State(context): State<Context>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let looks = method == Method::GET || method == Method::HEAD;
    if looks && page::is_place(uri.path()) && (uri.path() == "/" || asset::takes_pages(&headers)) {
        return asset::page(&context.config, uri.path(), &method, &headers);
    }
    unknown(&method, &uri)
}

/// Nothing is here, or not by this method: the gateway sends both to this function.
fn unknown(method: &Method, uri: &Uri) -> Response {
    let known = KNOWN.iter().find(|(path, _)| matches(path, uri.path()));
    match known {
        Some((_, methods)) if !methods.iter().any(|known| known == method.as_str()) => {
            ([(header::ALLOW, methods.join(","))], Problem::from(Code::MethodNotAllowed)).into_response()
        }
        Some(_) | None => Problem::from(Code::NotFound).into_response(),
    }
}

/// The addresses of the API and their methods.
static KNOWN: LazyLock<Vec<(String, Vec<String>)>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let methods = |item: &Value| {
        item.as_object().into_iter().flat_map(|item| item.keys().map(|method| method.to_uppercase())).collect()
    };
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.map(|(path, item)| (path.clone(), methods(item))).collect()
});

/// Whether a path is an address of this template, whose parameters are `{named}` by the API and `:named` by the console.
fn matches(template: &str, path: &str) -> bool {
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment || (part.starts_with(['{', ':']) && !segment.is_empty()) => {
            }
            (_, _) => return false,
        }
    }
}
