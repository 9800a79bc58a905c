//! The layers around every handler: request id, deadline, panics, problems and headers.

use std::{any::Any, collections::HashSet, sync::Arc};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rollcall_domain::{Code, Refusal, limits::REQUEST_DEADLINE};
use tower::util::MapRequest;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    body,
    client_address::ClientAddress,
    context::Context,
    idempotency::IdempotencySlot,
    problem::{Problem, ProblemBody, RefusalExtension},
    request::RequestId,
    request_log::RequestLine,
    security_log::{self, Requester},
};

/// The routes without their documentation. From a path that takes PATCH, a success and a 415 name the media types of
/// patches (RFC 5789, section 3.1).
pub fn router(routes: OpenApiRouter<Context>) -> Router<Context> {
    let (undocumented, document) = routes.split_for_parts();
    let patched = document.paths.paths.into_iter().filter(|(_, item)| item.patch.is_some()).map(|(path, _)| path);
    let patched: Arc<HashSet<String>> = Arc::new(patched.collect());
    undocumented.layer(middleware::from_fn_with_state(patched, accept_patch))
}

async fn accept_patch(
    State(patched): State<Arc<HashSet<String>>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let is_of_use = response.status().is_success() || response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE;
    if is_of_use
        && path.is_some_and(|path| patched.contains(path.as_str()))
        && let Ok(types) = HeaderValue::try_from(body::PATCH_TYPES.join(", "))
    {
        response.headers_mut().insert("accept-patch", types);
    }
    response
}

/// The routes with all layers around them.
pub fn service(routes: Router<Context>, context: Context) -> Router {
    let inner = routes
        .method_not_allowed_fallback(|| async { Problem::from(Code::MethodNotAllowed) })
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| problem_of_panic(&*panic).into_response()))
        .layer(middleware::from_fn_with_state(context.clone(), surround))
        .with_state(context);
    // A router's own layers run after routing, so the layer that makes paths decodable goes around the router.
    Router::new().fallback_service(MapRequest::new(inner, decodable_path))
}

/// Gives a request its id and deadline, renders its problem, and logs it.
async fn surround(State(context): State<Context>, mut request: Request, next: Next) -> Response {
    let Ok(request_id) = context.uuid().map(|uuid| uuid.to_string()) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (requester, path) = (Requester::default(), request.uri().path().to_owned());
    let line = RequestLine::begin(&request);
    if let Some(ClientAddress(address)) = request.extensions().get() {
        requester.locate(*address);
    }
    request.extensions_mut().insert(RequestId(request_id.clone()));
    request.extensions_mut().insert(requester.clone());
    let span = tracing::info_span!("request", request_id, method = %request.method(), path);
    let handled = tokio::time::timeout(REQUEST_DEADLINE, handle(&context, request, next).instrument(span.clone()));
    let mut response = handled.await.unwrap_or_else(|_| {
        span.in_scope(|| {
            Problem::Unavailable("the request did not finish within its deadline".to_owned()).into_response()
        })
    });
    let refusal = response.extensions_mut().remove().map(|RefusalExtension(refusal)| refusal);
    let status = refusal.as_ref().map_or(response.status().as_u16(), |refusal| refusal.code.status());
    line.answered(&request_id, status, refusal.as_ref(), &requester, &path);
    if let Some(refusal) = refusal {
        span.in_scope(|| security_log::refused(&requester, &path, &refusal, &request_id));
        response = render(response, refusal, &request_id);
    }
    let headers = response.headers_mut();
    // By the clock that set the times in the reply, so that a client can compute how long something lasts.
    let date = context.now().to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::try_from(date) {
        headers.insert(header::DATE, date);
    }
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.insert("x-request-id", request_id);
    }
    secure(headers);
    response
}

/// Adds the security headers that a reply does not have yet.
pub fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
}

/// Runs the handler. If it refuses because a concurrent request with the same `Idempotency-Key` finished first, the
/// reply is that request's.
async fn handle(context: &Context, request: Request, next: Next) -> Response {
    let mut request = match body::buffered(request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let slot = IdempotencySlot::default();
    request.extensions_mut().insert(slot.clone());
    let response = next.run(request).await;
    let refused = response.extensions().get::<RefusalExtension>().map(|RefusalExtension(refusal)| refusal.code);
    let Some(code) = refused.filter(|code| code.status() < 500) else { return response };
    match slot.concurrent_reply(context).await {
        Some(reply) if reply.may_replace(code) => reply.into_response(),
        Some(_) | None => response,
    }
}

/// Replaces bytes in a path that do not decode as UTF-8 by the replacement character. No id contains it, so the request
/// becomes an ordinary 404 in the usual order of refusals instead of failing in the router.
fn decodable_path(mut request: Request) -> Request {
    let uri = request.uri();
    if percent_decode_str(uri.path()).decode_utf8().is_ok() {
        return request;
    }
    let segments = uri.path().split('/').map(|segment| {
        let text = percent_decode_str(segment).decode_utf8_lossy();
        utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
    });
    let path = segments.collect::<Vec<_>>().join("/");
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    *request.uri_mut() = Uri::try_from(format!("{path}{query}")).unwrap_or_default();
    request
}

/// Headers of every reply. A page that needs a wider policy sets its own.
const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
];

fn render(mut response: Response, refusal: Refusal, request_id: &str) -> Response {
    *response.status_mut() = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(wait) = refusal.retry_after {
        // Rounded up to whole seconds, so that a client that waits as told is not refused again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if refusal.code.status() == StatusCode::UNAUTHORIZED.as_u16() {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let body = serde_json::to_vec(&ProblemBody::new(refusal, request_id)).unwrap_or_default();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = body.into();
    response
}

fn problem_of_panic(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::Internal(format!("panicked: {}", text.unwrap_or("without a message")))
}
