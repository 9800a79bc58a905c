//! Tokens and cookies as they are sent. Those of sessions and tickets are URL-safe base64 without padding; API keys have
//! a form of their own.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::Cookie;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use rollcall_domain::{
    Code,
    api_key::ApiKeyToken,
    session::{Secret, Session, SessionToken, SignInTicketToken},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::problem::Problem;

/// The cookie with the session token. Browsers enforce what the prefix stands for: Secure, Path=/ and no Domain.
pub const SESSION_COOKIE: &str = "__Host-session";

/// The cookie with the device mark.
pub const DEVICE_COOKIE: &str = "__Host-device";

/// How a session token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Transport {
    /// In the `Authorization` header.
    Bearer,
    /// In the cookie, which a browser attaches by itself: the request's origin is checked.
    Cookie,
}

/// Encodes a session token.
pub fn encode(token: &SessionToken) -> String {
    BASE64URL_NOPAD.encode(&token.to_bytes())
}

/// SHA-256 of a secret in hex, the only form in which it is stored. 256 random bits need no slow hash.
pub fn hash(secret: &Secret) -> String {
    HEXLOWER.encode(&Sha256::digest(secret.expose()))
}

/// Encodes a sign-in ticket.
pub fn encode_ticket(ticket: &SignInTicketToken) -> String {
    BASE64URL_NOPAD.encode(&ticket.to_bytes())
}

/// Decodes a sign-in ticket.
pub fn decode_ticket(text: &str) -> Option<SignInTicketToken> {
    SignInTicketToken::from_bytes(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?)
}

/// A `Set-Cookie` header for a cookie that lives this many seconds; 0 removes it.
pub fn set_cookie(name: &str, value: &str, seconds: u64) -> Result<HeaderValue, Problem> {
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(cookie)
        .map_err(|_| Problem::Internal(format!("the cookie {name} does not fit into a header")))
}

/// The session token in the cookie of a request that needs none, such as a sign-in.
pub(crate) fn of_cookie(headers: &HeaderMap) -> Option<SessionToken> {
    decode(&cookie(headers, SESSION_COOKIE)?)
}

/// Whether the token is that of this session.
pub fn is_of(token: &SessionToken, session: &Session) -> bool {
    is_hashed(&token.secret, &session.secret_hash)
}

/// Whether this is the hash of the secret.
pub(crate) fn is_hashed(secret: &Secret, expected: &str) -> bool {
    hash(secret).as_bytes().ct_eq(expected.as_bytes()).into()
}

fn decode(text: &str) -> Option<SessionToken> {
    SessionToken::from_bytes(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?)
}

/// What a request carries to identify its user and to authenticate.
pub(crate) enum Token {
    /// The token of a session, and how it was sent.
    Session(SessionToken, Transport),
    /// An API key.
    Key(ApiKeyToken),
}

impl Token {
    /// The token of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Code> {
        let bearer = headers.get(header::AUTHORIZATION);
        let (text, transport) = match (bearer, cookie(headers, SESSION_COOKIE)) {
            (Some(_), Some(_)) => return Err(Code::AmbiguousCredentials),
            (Some(value), None) => {
                let token = bearer_token(value.to_str().unwrap_or_default()).ok_or(Code::Unauthenticated)?;
                if let Some(key) = ApiKeyToken::parse(token) {
                    return Ok(Self::Key(key));
                }
                (token.to_owned(), Transport::Bearer)
            }
            (None, Some(value)) => (value, Transport::Cookie),
            (None, None) => return Err(Code::Unauthenticated),
        };
        Ok(Self::Session(decode(&text).ok_or(Code::Unauthenticated)?, transport))
    }
}

fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The value of a cookie of this name.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    (cookies.flat_map(Cookie::split_parse).flatten())
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}
