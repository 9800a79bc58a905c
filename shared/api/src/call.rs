//! One request, read in the order in which the contract refuses.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, Method, Uri, header, request::Parts},
};
use rollcall_domain::{Code, Fields, Refusal, Timestamp, limits::MAX_USER_AGENT_BYTES, mail::Language};
use serde_json::{Map, Value};

use crate::{
    Context, Parameters, Problem,
    actor::Actor,
    body,
    idempotency::{IdempotencyKey, IdempotencySlot},
};

/// The network address a request came from, by the gateway's or the socket's word and never by a header's.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The id of a request, also in its reply and its audit records.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Where a request came from and what it asks, whoever sent it. It cannot be printed: it may hold a password.
pub struct PublicRequest {
    /// When it arrived.
    pub now: Timestamp,
    /// Its id.
    pub request_id: String,
    /// From which address.
    pub address: Option<IpAddr>,
    /// With which program.
    pub user_agent: Option<String>,
    /// The language its browser asks for, of those we speak.
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
            language: language_of(&parts.headers),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
        }
    }

    /// The fields of the body; a request that has none is not a well-formed one. A request with a body takes no query
    /// parameters: what is there is told with what is wrong with the body.
    pub fn fields(&self) -> Result<Fields, Code> {
        let body = self.body.clone().ok_or(Code::MalformedJson)?;
        Ok(Fields::of(body).noting(self.parameters().finish().err().unwrap_or_default()))
    }

    /// Refuses whatever was sent, for requests that take neither parameters nor a body.
    pub fn no_input(&self) -> Result<(), Refusal> {
        let body = self.body.clone().filter(|body| !body.is_null()).unwrap_or_else(|| Value::Object(Map::new()));
        Fields::of(body).noting(self.parameters().finish().err().unwrap_or_default()).finish(|| Some(()))
    }

    /// The parameters of the query.
    pub fn parameters(&self) -> Parameters {
        Parameters::of(&self.uri)
    }

    /// Refuses a page of another site, for requests that set or use the cookie.
    pub fn check_same_origin(&self, context: &Context) -> Result<(), Problem> {
        Ok(crate::actor::check_same_origin(&context.config.public_origin, &self.method, &self.headers)?)
    }
}

impl FromRequest<Context> for PublicRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts, body).await?;
        let body = body::parse(&parts.headers, &bytes)?;
        Ok(Self::new(parts, context.now(), body))
    }
}

/// A public request whose reply is remembered under its `Idempotency-Key`.
pub struct IdempotentRequest {
    /// The request itself.
    pub request: PublicRequest,
    pub(crate) ticket: Option<Arc<IdempotencyKey>>,
}

impl FromRequest<Context> for IdempotentRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        let now = context.now();
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts, body).await?;
        let body = body::parse(&parts.headers, &bytes)?;
        let ticket = ticket_of(context, &parts, None, &bytes, now).await?;
        Ok(Self { request: PublicRequest::new(parts, now, body), ticket })
    }
}

/// A request of a signed-in user.
pub struct Call {
    /// Who sent it.
    pub actor: Actor,
    /// The request itself.
    pub request: PublicRequest,
    if_match: IfMatch,
    /// Under which key its reply is remembered, if it asked for that.
    pub(crate) ticket: Option<Arc<IdempotencyKey>>,
}

impl Call {
    /// When the request arrived.
    pub fn now(&self) -> Timestamp {
        self.request.now
    }

    /// The fields of the body.
    pub fn fields(&self) -> Result<Fields, Code> {
        self.request.fields()
    }

    /// Refuses whatever was sent, for requests that take neither parameters nor a body.
    pub fn no_input(&self) -> Result<(), Refusal> {
        self.request.no_input()
    }

    /// Refuses what was asked of another version than the one that is stored.
    pub fn check_version(&self, version: u64) -> Result<(), Code> {
        match &self.if_match {
            IfMatch::Any => Ok(()),
            IfMatch::OneOf(tags) if tags.contains(&format!("\"{version}\"")) => Ok(()),
            IfMatch::OneOf(_) => Err(Code::VersionConflict),
        }
    }
}

impl FromRequest<Context> for Call {
    type Rejection = Problem;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Problem> {
        let now = context.now();
        let (parts, body) = request.into_parts();
        let actor = Actor::of(context, &parts.method, &parts.headers, now).await?;
        if actor.user.password_change_required && !is_open_before_password_change(&parts) {
            return Err(Code::PasswordChangeRequired.into());
        }
        let bytes = read_body(&parts, body).await?;
        let body = body::parse(&parts.headers, &bytes)?;
        let if_match = IfMatch::of(&parts.headers)?;
        let ticket = ticket_of(context, &parts, Some(&actor), &bytes, now).await?;
        Ok(Self { actor, request: PublicRequest::new(parts, now, body), if_match, ticket })
    }
}

/// The ticket of a request that carries a key, unless it was answered before: then the reply ends it.
async fn ticket_of(
    context: &Context,
    parts: &Parts,
    actor: Option<&Actor>,
    body: &[u8],
    now: Timestamp,
) -> Result<Option<Arc<IdempotencyKey>>, Problem> {
    let Some(ticket) = IdempotencyKey::of(parts, actor, body)?.map(Arc::new) else { return Ok(None) };
    ticket.replay(context, now).await?;
    IdempotencySlot::of(parts).keep(&ticket);
    Ok(Some(ticket))
}

/// The language a browser asks for first, of those we speak (RFC 9110's `Accept-Language`).
fn language_of(headers: &HeaderMap) -> Option<Language> {
    let ranges = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let preference = |range: &str| {
        let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
        let weight: f32 = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse).unwrap_or_default();
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        Some((Language::of_tag(&primary)?, weight)).filter(|(_, weight)| *weight > 0.0)
    };
    let mut best: Option<(Language, f32)> = None;
    for (language, weight) in ranges.split(',').filter_map(preference) {
        if best.is_none_or(|(_, highest)| weight > highest) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

/// A body is read where one may mean something.
async fn read_body(parts: &Parts, body: axum::body::Body) -> Result<Bytes, Problem> {
    if parts.method.is_safe() { Ok(Bytes::new()) } else { body::read(&parts.headers, body).await }
}

/// What a session may do whose password somebody else has set.
fn is_open_before_password_change(parts: &Parts) -> bool {
    let open = [(Method::GET, "/v1/me"), (Method::POST, "/v1/me/password"), (Method::POST, "/v1/logout")];
    open.iter().any(|(method, path)| parts.method == *method && parts.uri.path() == *path)
}

/// Which versions the caller means to change.
#[derive(Debug)]
enum IfMatch {
    Any,
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Reads RFC 9110's list of entity tags. A tag may hold a comma, and a list may end with one.
    fn of(headers: &HeaderMap) -> Result<Self, Code> {
        let mut tags = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let mut rest = value.to_str().map_err(|_| Code::InvalidIfMatch)?.trim();
            if rest == "*" {
                return Ok(Self::Any);
            }
            let begun = tags.len();
            while !rest.is_empty() {
                let start = if rest.starts_with("W/") { 2 } else { 0 };
                let inner = rest[start..].strip_prefix('"').ok_or(Code::InvalidIfMatch)?;
                let end = start + 2 + inner.find('"').ok_or(Code::InvalidIfMatch)?;
                // A weak tag is kept with its mark, so that it equals no version.
                tags.push(rest[..end].to_owned());
                rest = rest[end..].trim_start();
                if !rest.is_empty() {
                    rest = rest.strip_prefix(',').ok_or(Code::InvalidIfMatch)?.trim_start_matches([',', ' ', '\t']);
                }
            }
            if tags.len() == begun {
                return Err(Code::InvalidIfMatch);
            }
        }
        Ok(if tags.is_empty() { Self::Any } else { Self::OneOf(tags) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_asked_for_first_of_those_we_speak() {
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
            assert_eq!(language_of(&headers), language, "{header}");
        }
    }
}
