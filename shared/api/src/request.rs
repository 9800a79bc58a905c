//! Requests without authentication, and what all requests have in common.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, Method, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use rollcall_domain::{
    Code, Fields, Refusal, Timestamp, audit::RequestOrigin, limits::MAX_USER_AGENT_BYTES, mail::Language,
    session::SessionToken,
};
use serde_json::{Map, Value};

use crate::{
    actor, body,
    client_address::ClientAddress,
    context::Context,
    gateway::GatewayOrigin,
    header_list,
    idempotency::{IdempotencyKey, Lookup},
    parameters::Parameters,
    problem::Problem,
    reply::Reply,
    security_log::Requester,
    token,
};

/// The id of a request, repeated in its reply and its audit records.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Why a handler does not run: the request is refused, or it was answered before.
#[derive(Debug)]
pub enum Rejection {
    /// The request is refused, or a dependency failed.
    Problem(Problem),
    /// The stored reply to the same `Idempotency-Key`.
    Answered(Reply),
}

impl<P: Into<Problem>> From<P> for Rejection {
    fn from(problem: P) -> Self {
        Self::Problem(problem.into())
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Answered(reply) => reply.into_response(),
        }
    }
}

/// A request without authentication. It implements no `Debug`: its body may hold a password.
pub struct PublicRequest {
    /// When the request arrived.
    pub now: Timestamp,
    /// The request's id.
    pub request_id: String,
    /// The client's address, where it is known.
    pub address: Option<IpAddr>,
    /// The `User-Agent`, cut to [`MAX_USER_AGENT_BYTES`].
    pub user_agent: Option<String>,
    /// Who sends the request, as far as it is known, for the security log.
    pub requester: Requester,
    /// The supported language that `Accept-Language` prefers.
    pub language: Option<Language>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Value>,
    gateway_origin: Option<GatewayOrigin>,
}

impl PublicRequest {
    pub(crate) fn new(parts: Parts, now: Timestamp, body: Option<Value>) -> Self {
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let user_agent = parts.headers.get(header::USER_AGENT).map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text[..text.floor_char_boundary(MAX_USER_AGENT_BYTES)].to_owned()
        });
        Self {
            now,
            request_id,
            address,
            user_agent,
            requester: parts.extensions.get::<Requester>().cloned().unwrap_or_default(),
            language: preferred_language(&parts.headers),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
            gateway_origin: parts.extensions.get().cloned(),
        }
    }

    /// The request as audit records name it.
    pub(crate) fn origin(&self) -> RequestOrigin {
        RequestOrigin { address: self.address, request_id: self.request_id.clone() }
    }

    /// The fields of the body. A missing body is malformed. A request with a body takes no query parameters: any that
    /// are there are reported together with the violations of the body.
    pub fn fields(&self) -> Result<Fields, Code> {
        let body = self.body.clone().ok_or(Code::MalformedJson)?;
        Ok(Fields::of(body).with_violations(self.parameters().finish().err().unwrap_or_default()))
    }

    /// Refuses any field and any query parameter, for requests that take neither.
    pub fn no_input(&self) -> Result<(), Refusal> {
        let body = self.body.clone().filter(|body| !body.is_null()).unwrap_or_else(|| Value::Object(Map::new()));
        Fields::of(body).with_violations(self.parameters().finish().err().unwrap_or_default()).finish(|| Some(()))
    }

    /// The query parameters.
    pub fn parameters(&self) -> Parameters {
        Parameters::of(&self.uri)
    }

    /// The session token in the cookie, if any. The request does not require a session.
    pub fn cookie_session(&self) -> Option<SessionToken> {
        token::of_cookie(&self.headers)
    }

    /// Refuses a request that another site made the browser send. For requests that set or use the cookie.
    pub fn check_same_origin(&self, context: &Context) -> Result<(), Problem> {
        let origin = context.config.origin(self.gateway_origin.as_ref());
        Ok(actor::check_same_origin(origin, &self.method, &self.headers)?)
    }
}

impl FromRequest<Context> for PublicRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts, body).await?;
        let body = body::parse(&parts.method, &parts.headers, &bytes)?;
        Ok(Self::new(parts, context.now(), body))
    }
}

/// A public request that honours an `Idempotency-Key`.
pub struct IdempotentRequest {
    /// The request itself.
    pub request: PublicRequest,
    /// Its key, if it carries one.
    pub idempotency_key: Option<Arc<IdempotencyKey>>,
}

impl FromRequest<Context> for IdempotentRequest {
    type Rejection = Rejection;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Rejection> {
        let now = context.now();
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts, body).await?;
        let body = body::parse(&parts.method, &parts.headers, &bytes)?;
        match IdempotencyKey::look_up(context, &parts, None, &bytes, now).await? {
            Lookup::Answered(reply) => Err(Rejection::Answered(reply)),
            Lookup::New(idempotency_key) => Ok(Self { request: PublicRequest::new(parts, now, body), idempotency_key }),
        }
    }
}

/// The supported language with the highest weight in `Accept-Language`; the first one among equals.
fn preferred_language(headers: &HeaderMap) -> Option<Language> {
    let mut best: Option<(Language, f32)> = None;
    for (tag, weight) in header_list::weighted(headers, &header::ACCEPT_LANGUAGE) {
        let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        if let Some(language) = Language::of_tag(&primary)
            && best.is_none_or(|(_, highest)| weight > highest)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

/// Reads the body of a method that may have one. The body of a GET or HEAD means nothing and is not read.
pub(crate) async fn read_body(parts: &Parts, body: Body) -> Result<Bytes, Problem> {
    if parts.method.is_safe() { Ok(Bytes::new()) } else { body::read(&parts.headers, body).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_supported_language_with_the_highest_weight_is_preferred() {
        for (header, language) in [
            ("", None),
            ("ko-KR,ko;q=0.9,en;q=0.8", Some(Language::Ko)),
            ("fr, en;q=0.3, KO;q=0.7", Some(Language::Ko)),
            ("en-GB, ko", Some(Language::En)),
            ("ko;q=0", None),
            ("ko;q=nonsense, en", Some(Language::En)),
            ("*", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, header.parse().unwrap())]);
            assert_eq!(preferred_language(&headers), language, "{header}");
        }
    }
}
