//! The log of requests and of runs: one line for each, with what came of it and how long it took.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
};
use lambda_http::request::RequestContext;
use rollcall_domain::Refusal;
use tokio::time::Instant;

use crate::security_log::{self, Requester, SecurityEvent};

/// The target of these lines.
pub const TARGET: &str = "rollcall::request";

static HAS_SERVED: AtomicBool = AtomicBool::new(false);

/// What the line of an invocation says of the function. On one machine there is none.
#[derive(Debug)]
pub(crate) struct Invocation {
    lambda: Option<lambda_runtime::Context>,
    is_first: bool,
    began: Instant,
}

impl Invocation {
    /// An invocation that begins now.
    pub(crate) fn begin(lambda: Option<lambda_runtime::Context>) -> Self {
        Self { lambda, is_first: !HAS_SERVED.swap(true, Ordering::Relaxed), began: Instant::now() }
    }

    /// Writes the line of a run of a function that is invoked with an event.
    pub(crate) fn ran(self, outcome: &str) {
        let Self { lambda, is_first, began } = self;
        let lambda = lambda.as_ref();
        tracing::info!(
            target: TARGET,
            function = lambda.map(|lambda| lambda.env_config.function_name.as_str()),
            version = lambda.map(|lambda| lambda.env_config.version.as_str()),
            cold_start = lambda.map(|_| is_first),
            lambda_request_id = lambda.map(|lambda| lambda.request_id.as_str()),
            milliseconds = milliseconds(began),
            outcome,
            "ran"
        );
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct RequestLine {
    invocation: Invocation,
    gateway_request_id: Option<String>,
    method: Method,
    /// The path of the API document, which contains no ids. Empty if the request is no operation.
    route: String,
}

impl RequestLine {
    pub(crate) fn begin(request: &Request) -> Self {
        let gateway_request_id = match request.extensions().get() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
            _ => None,
        };
        let route = request.extensions().get::<MatchedPath>();
        Self {
            invocation: Invocation::begin(request.extensions().get().cloned()),
            gateway_request_id,
            method: request.method().clone(),
            route: route.map(|route| route.as_str().to_owned()).unwrap_or_default(),
        }
    }

    /// Writes the line. The outcome of a refusal is its name in the security log if it has one, and otherwise its code.
    pub(crate) fn answered(
        self,
        request_id: &str,
        status: u16,
        refusal: Option<&Refusal>,
        requester: &Requester,
        path: &str,
    ) {
        let Self { invocation: Invocation { lambda, is_first, began }, gateway_request_id, method, route } = self;
        let lambda = lambda.as_ref();
        let event = refusal.and_then(|refusal| security_log::event_of_refusal(refusal, path));
        let code = refusal.map(|refusal| refusal.code.as_str());
        let (user_id, key_id) = requester.identified();
        tracing::info!(
            target: TARGET,
            function = lambda.map(|lambda| lambda.env_config.function_name.as_str()),
            version = lambda.map(|lambda| lambda.env_config.version.as_str()),
            cold_start = lambda.map(|_| is_first),
            lambda_request_id = lambda.map(|lambda| lambda.request_id.as_str()),
            gateway_request_id,
            request_id,
            method = method.as_str(),
            route,
            status,
            milliseconds = milliseconds(began),
            user_id = user_id.map(tracing::field::display),
            key_id = key_id.map(tracing::field::display),
            outcome = event.map(SecurityEvent::as_str).or(code).unwrap_or("success"),
            "answered"
        );
    }
}

fn milliseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
