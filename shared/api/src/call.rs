//! Requests as handlers get them, checked in the order in which the API refuses: authentication, origin, due password
//! change, size and form of the body, `If-Match`, `Idempotency-Key`.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, Method, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use rollcall_domain::{
    Code, Fields, Refusal, Timestamp, limits::MAX_USER_AGENT_BYTES, mail::Language, session::SessionToken, user::User,
};
use serde_json::{Map, Value};

use crate::{
    actor::{self, Actor},
    body,
    context::Context,
    header_list,
    idempotency::{IdempotencyKey, Lookup},
    if_match::IfMatch,
    parameters::Parameters,
    problem::Problem,
    reply::Reply,
    security_log::Requester,
    token,
};

/// The network address of the client, as the gateway or the socket reports it. Never taken from a header.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Makes this the client address of a request.
    pub fn set(self, request: &mut Request) {
        if let Some(requester) = request.extensions().get::<Requester>() {
            requester.locate(self.0);
        }
        request.extensions_mut().insert(self);
    }
}

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
    body: Option<Value>,
}

impl PublicRequest {
    fn new(parts: Parts, now: Timestamp, body: Option<Value>) -> Self {
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
        }
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
        Ok(actor::check_same_origin(&context.config.public_origin, &self.method, &self.headers)?)
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

/// A request of a signed-in user.
pub struct Call {
    /// The user who sent it.
    pub actor: Actor,
    /// The request itself.
    pub request: PublicRequest,
    /// Its `Idempotency-Key`, if it carries one.
    pub idempotency_key: Option<Arc<IdempotencyKey>>,
    if_match: IfMatch,
}

impl Call {
    /// When the request arrived.
    pub fn now(&self) -> Timestamp {
        self.request.now
    }

    /// See [`PublicRequest::fields`].
    pub fn fields(&self) -> Result<Fields, Code> {
        self.request.fields()
    }

    /// See [`PublicRequest::no_input`].
    pub fn no_input(&self) -> Result<(), Refusal> {
        self.request.no_input()
    }

    /// Reads the caller again. The session must still be valid; it may have moved on to a newer epoch of its user.
    pub async fn current_user(&self, context: &Context) -> Result<User, Problem> {
        let session = &self.actor.session;
        let found = context.store.user_and_session(session.user_id, session.session_id).await?;
        let (user, session) = found.ok_or(Code::Unauthenticated)?;
        session.check(&user, context.config.sessions.of(&user), self.now())?;
        Ok(user)
    }

    /// Checks that the session is still valid for its user as they were read meanwhile. It is read again only if the
    /// epoch has risen.
    pub async fn check_session(&self, context: &Context, user: &User) -> Result<(), Problem> {
        if user.epoch == self.actor.user.epoch { Ok(()) } else { self.current_user(context).await.map(drop) }
    }

    /// Refuses a request whose `If-Match` names another version than the stored one.
    pub fn check_version(&self, version: u64) -> Result<(), Code> {
        self.if_match.check(version)
    }
}

impl FromRequest<Context> for Call {
    type Rejection = Rejection;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Rejection> {
        let now = context.now();
        let (parts, body) = request.into_parts();
        let actor = Actor::authenticate(context, &parts, now).await?;
        if actor.user.password_change_required && !is_open_before_password_change(&parts) {
            return Err(Code::PasswordChangeRequired.into());
        }
        let bytes = read_body(&parts, body).await?;
        let body = body::parse(&parts.method, &parts.headers, &bytes)?;
        let if_match = IfMatch::read(&parts.method, &parts.headers)?;
        match IdempotencyKey::look_up(context, &parts, Some(actor.user.user_id), &bytes, now).await? {
            Lookup::Answered(reply) => {
                if let Some(right) = reply.replay_right() {
                    right.check(context, &actor).await?;
                }
                Err(Rejection::Answered(reply))
            }
            Lookup::New(idempotency_key) => {
                Ok(Self { actor, request: PublicRequest::new(parts, now, body), idempotency_key, if_match })
            }
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
async fn read_body(parts: &Parts, body: Body) -> Result<Bytes, Problem> {
    if parts.method.is_safe() { Ok(Bytes::new()) } else { body::read(&parts.headers, body).await }
}

/// The requests that a session may send before its user has replaced a password that somebody else set.
pub(crate) const OPEN_BEFORE_PASSWORD_CHANGE: [(Method, &str); 3] =
    [(Method::GET, "/v1/me"), (Method::POST, "/v1/me/password"), (Method::POST, "/v1/logout")];

fn is_open_before_password_change(parts: &Parts) -> bool {
    OPEN_BEFORE_PASSWORD_CHANGE.iter().any(|(method, path)| parts.method == *method && parts.uri.path() == *path)
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
