//! The function behind the gateway's `$default` route: it serves the console's page, its files and the API document,
//! answers the health check, and refuses every path that no other function has. It never reads the table.

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
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The API document. A test compares it with the code.
pub const DOCUMENT: &str = include_str!("../openapi.json");

/// The routes of the function, and the reply to every other request.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(document))
        .route("/assets/{version}/{*name}", routing::get(asset::file))
        .fallback(fallback)
}

/// The state of the function.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`: a function that cannot run does not answer.
    #[schema(pattern = "^ok$", example = "ok")]
    status: &'static str,
}

/// `GET /healthz`: says that the function runs, without reading anything.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "check_health",
    tag = "public",
    responses((status = 200, body = Health)),
)]
async fn health(request: PublicRequest) -> Result<Reply, Problem> {
    request.no_input()?;
    Reply::ok(&Health { status: "ok" })
}

/// `GET /v1/openapi.json`: the API document, OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "get_api_document",
    tag = "public",
    responses((status = 200, body = Object)),
)]
async fn document(request: PublicRequest) -> Result<impl IntoResponse, Problem> {
    request.no_input()?;
    Ok(([(header::CONTENT_TYPE, "application/json")], DOCUMENT))
}

/// The console's page, if a browser requests one of the console's paths; otherwise a problem.
async fn fallback(State(context): State<Context>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let reads = method == Method::GET || method == Method::HEAD;
    if reads && page::is_console_path(uri.path()) && (uri.path() == "/" || asset::accepts_html(&headers)) {
        return asset::page(&context.config, uri.path(), &method, &headers);
    }
    problem(&method, &uri)
}

/// 405 for a path of the API with another method, because the gateway sends such requests here; otherwise 404.
fn problem(method: &Method, uri: &Uri) -> Response {
    let path = API_PATHS.iter().find(|(template, _)| matches(template, uri.path()));
    match path {
        Some((_, methods)) if !methods.iter().any(|known| known == method.as_str()) => {
            ([(header::ALLOW, methods.join(","))], Problem::from(Code::MethodNotAllowed)).into_response()
        }
        Some(_) | None => Problem::from(Code::NotFound).into_response(),
    }
}

/// The path templates of the API, each with its methods.
static API_PATHS: LazyLock<Vec<(String, Vec<String>)>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
    let methods = |item: &Value| {
        item.as_object().into_iter().flat_map(|item| item.keys().map(|method| method.to_uppercase())).collect()
    };
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.map(|(path, item)| (path.clone(), methods(item))).collect()
});

/// Whether a path fits a template. Parameters are `{named}` in the API's templates and `:named` in the console's.
fn matches(template: &str, path: &str) -> bool {
    let (mut parts, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment => {}
            (Some(part), Some(segment)) if part.starts_with(['{', ':']) && !segment.is_empty() => {}
            (_, _) => return false,
        }
    }
}
