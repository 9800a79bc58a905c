//! The main of every function, and what surrounds every request.

use std::{any::Any, pin::Pin, process::ExitCode, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use lambda_http::request::{LambdaRequest, RequestContext};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rollcall_domain::{Code, limits::REQUEST_DEADLINE};
use rollcall_store::{Connection, Secrets, Store};
use tower::{Layer, ServiceExt, util::MapRequest};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    ClientAddress, Context, Problem, body,
    call::RequestId,
    clock::Clock,
    config::{self, Config},
    idempotency::IdempotencySlot,
    problem::{ProblemBody, RefusalExtension},
};

/// The routes with everything that surrounds a request: its id, its deadline, its problems and its headers.
pub fn service(routes: Router<Context>, context: Context) -> Router {
    let inner = routes
        .method_not_allowed_fallback(|| async { Problem::from(Code::MethodNotAllowed) })
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panicked(&*panic).into_response()))
        .layer(middleware::from_fn_with_state(context.clone(), surround))
        .with_state(context);
    // Around the routes, since a router's own layers see a request when it has been routed.
    Router::new().fallback_service(MapRequest::new(inner, readable))
}

async fn surround(State(context): State<Context>, mut request: Request, next: Next) -> Response {
    let Ok(request_id) = context.uuid().map(|uuid| uuid.to_string()) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let span = tracing::info_span!("request", request_id, method = %request.method(), path = request.uri().path());
    let handled = tokio::time::timeout(REQUEST_DEADLINE, handled(&context, request, next).instrument(span.clone()));
    let mut response = handled.await.unwrap_or_else(|_| {
        span.in_scope(|| Problem::Unavailable("the request's deadline passed".to_owned()).into_response())
    });
    if let Some(RefusalExtension(refusal)) = response.extensions_mut().remove() {
        response = rendered(response, refusal, &request_id);
    }
    let headers = response.headers_mut();
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.insert("x-request-id", request_id);
    }
    for (name, value) in SECURITY_HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A request's reply; that of its twin, where the same request was quicker and what it did stands in this one's way.
async fn handled(context: &Context, request: Request, next: Next) -> Response {
    let mut request = match body::arrived(request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let pocket = IdempotencySlot::default();
    request.extensions_mut().insert(pocket.clone());
    let response = next.run(request).await;
    let refused = response.extensions().get::<RefusalExtension>();
    if refused.is_some_and(|RefusalExtension(refusal)| refusal.code.status() < 500)
        && let Some(reply) = pocket.twins_reply(context).await
    {
        return reply.into_replayed();
    }
    response
}

/// Replaces what is no text in a path by the replacement character, which no id holds: the address of nothing then takes
/// its turn in the order of refusals, instead of failing in the router.
fn readable(mut request: Request) -> Request {
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

/// On every reply; a page that needs a wider policy sets its own.
const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
];

fn rendered(mut response: Response, refusal: rollcall_domain::Refusal, request_id: &str) -> Response {
    *response.status_mut() = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(wait) = refusal.retry_after {
        // Whole seconds, rounded up: whoever comes back when told to is not sent away again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if refusal.code == Code::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let body = serde_json::to_vec(&ProblemBody::new(refusal, request_id)).unwrap_or_default();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = body.into();
    response
}

fn panicked(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::Internal(format!("panicked: {}", text.unwrap_or("without a word")))
}

/// The main of a function that answers the gateway.
pub fn http(routes: OpenApiRouter<Context>) -> ExitCode {
    started(nothing, async |context, ()| {
        let service = service(routes.split_for_parts().0, context).map_request(|mut request: lambda_http::Request| {
            if let Some(address) = gateway_address(&request) {
                request.extensions_mut().insert(address);
            }
            request
        });
        let service = service.map_response(ToGateway);
        let adapted = lambda_http::Adapter::from(service);
        lambda_runtime::run(tower::util::MapRequestLayer::new(encoded).layer(adapted)).await
    })
}

/// The main of a function that is invoked with an event and answers with a report.
pub fn event<Event, Report, Handled>(handle: impl Fn(Context, Event) -> Handled + Send + Sync + 'static) -> ExitCode
where
    Event: for<'de> serde::Deserialize<'de> + Send + 'static,
    Report: serde::Serialize + Send + 'static,
    Handled: Future<Output = Result<Report, Problem>> + Send,
{
    event_with(nothing, move |context, (), event| handle(context, event))
}

/// [`event`] for a function with surroundings of its own, which `read` makes of the environment at the start.
pub fn event_with<Own, Event, Report, Handled>(
    read: impl FnOnce(&Connection, &Variable<'_>) -> Result<Own, String>,
    handle: impl Fn(Context, Own, Event) -> Handled + Send + Sync + 'static,
) -> ExitCode
where
    Own: Clone + Send + Sync + 'static,
    Event: for<'de> serde::Deserialize<'de> + Send + 'static,
    Report: serde::Serialize + Send + 'static,
    Handled: Future<Output = Result<Report, Problem>> + Send,
{
    started(read, async |context, own| {
        let handle = Arc::new(handle);
        lambda_runtime::run(lambda_runtime::service_fn(move |event: lambda_runtime::LambdaEvent<Event>| {
            let (context, own, handle) = (context.clone(), own.clone(), Arc::clone(&handle));
            async move {
                // Boxed: the runtime's futures around the handler's are deeper than the compiler follows.
                Box::pin(handle(context, own, event.payload)).await.map_err(|problem| {
                    tracing::error!(%problem, "failed");
                    lambda_runtime::Error::from(problem.to_string())
                })
            }
        }))
        .await
    })
}

/// Reads the configuration, sets up logs and the single-threaded runtime, and runs until the end.
///
/// One thread: a function has one request at a time, and more threads break the connection to the Runtime API up.
fn started<Own, Run>(read: impl FnOnce(&Connection, &Variable<'_>) -> Result<Own, String>, run: Run) -> ExitCode
where
    Run: AsyncFnOnce(Context, Own) -> Result<(), lambda_runtime::Error>,
{
    lambda_http::tracing::init_default_subscriber();
    let (context, own) = match surroundings(&|name| std::env::var(name).ok(), read) {
        Ok(surroundings) => surroundings,
        Err(reason) => {
            tracing::error!(reason, "the configuration is wrong");
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(lambda_runtime::Error::from).and_then(|runtime| runtime.block_on(run(context, own))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function ended");
            ExitCode::FAILURE
        }
    }
}

/// How a variable of the environment is read.
pub type Variable<'a> = dyn Fn(&str) -> Option<String> + 'a;

fn surroundings<Own>(
    variable: &Variable<'_>,
    read: impl FnOnce(&Connection, &Variable<'_>) -> Result<Own, String>,
) -> Result<(Context, Own), String> {
    let config = Config::read(&variable)?;
    let connection = Connection::read(&variable)?;
    let own = read(&connection, variable)?;
    let store = Store::new(&connection, config::required(&variable, "TABLE_NAME")?);
    Ok((Context::new(store, Secrets::new(connection), config, Clock::system()), own))
}

/// What most functions read of the environment beyond what all of them do.
#[expect(clippy::unnecessary_wraps, reason = "others fail")]
fn nothing(_: &Connection, _: &Variable<'_>) -> Result<(), String> {
    Ok(())
}

/// Who called, by the gateway's own word.
fn gateway_address(request: &lambda_http::Request) -> Option<ClientAddress> {
    match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok().map(ClientAddress),
        // The enumeration grows with features of the crate that are not compiled in.
        _ => None,
    }
}

/// A reply on its way to the gateway: a file goes as bytes, whatever its type.
///
/// `lambda_http` would send a text file as text. That drops the byte order mark a CSV file begins with, and takes up to
/// four bytes for one quotation mark; as bytes, any file takes a third more, and a full selection fits Lambda's 6 MB.
struct ToGateway(Response);

impl lambda_http::IntoResponse for ToGateway {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<lambda_http::Body>> + Send>> {
        if !self.0.headers().contains_key(header::CONTENT_DISPOSITION) {
            return lambda_http::IntoResponse::into_response(self.0);
        }
        let (parts, body) = self.0.into_parts();
        Box::pin(async {
            let bytes = body.collect().await.expect("a file is in memory, where reading cannot fail").to_bytes();
            Response::from_parts(parts, lambda_http::Body::Binary(bytes.into()))
        })
    }
}

/// What must not stand in a URI as it is.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Encodes the path again where the gateway has decoded it: a decoded space or letter is no URI, and the adapter
/// panics on what is none. A `%` stays: the local gateway does not decode, and no id holds one.
fn encoded(mut event: lambda_runtime::LambdaEvent<LambdaRequest>) -> lambda_runtime::LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        let path = request.raw_path.take().unwrap_or_default();
        request.raw_path = Some(utf8_percent_encode(&path, NOT_IN_A_PATH).to_string());
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(headers: &[(&'static str, &str)], body: &'static str) -> lambda_http::Body {
        let mut response = Response::new(body.into());
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        lambda_http::IntoResponse::into_response(ToGateway(response)).await.into_body()
    }

    #[tokio::test]
    async fn a_file_reaches_the_gateway_byte_by_byte() {
        let file = [("content-type", "text/csv; charset=utf-8"), ("content-disposition", "attachment")];
        assert_eq!(sent(&file, "\u{feff}a\r\n").await, lambda_http::Body::Binary(b"\xef\xbb\xbfa\r\n".to_vec()));
        let json = [("content-type", "application/json")];
        assert_eq!(sent(&json, "{}").await, lambda_http::Body::Text("{}".to_owned()));
    }

    /// The adapter sends as text only what is text by its type and not encoded; the pages rely on it.
    #[tokio::test]
    async fn what_is_no_text_reaches_the_gateway_byte_by_byte() {
        let script = [("content-type", "text/javascript; charset=utf-8"), ("content-encoding", "gzip")];
        assert_eq!(sent(&script, "\u{1f}").await, lambda_http::Body::Binary(b"\x1f".to_vec()));
        assert_eq!(sent(&script[..1], "1;").await, lambda_http::Body::Text("1;".to_owned()));
        let font = [("content-type", "font/woff2")];
        assert_eq!(sent(&font, "wOF2").await, lambda_http::Body::Binary(b"wOF2".to_vec()));
    }
}
