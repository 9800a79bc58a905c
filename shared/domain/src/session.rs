//! Sessions, their tokens, and the tickets between the two steps of a sign-in.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::ZeroizeOnDrop;

use crate::{
    audit::{Action, Change, Target},
    credential::Credential,
    error::Code,
    id::{DeviceId, FlowId, SessionId, UserId},
    limits::{ADMIN_SESSION, MEMBER_SESSION, SESSION_TOUCH_INTERVAL, SessionLifetime, TICKET_LIFETIME},
    text::Login,
    time::Timestamp,
    user::{Status, User},
};

/// Bytes of a session token: the user's id, the session's id, and a secret of 256 bits.
const TOKEN_BYTES: usize = 16 + 16 + SECRET_BYTES;
const SECRET_BYTES: usize = 32;

/// The secret in the token of a session or a ticket. It is not printed, and its memory is wiped when it is dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// A secret of 256 random bits.
    pub const fn new(random: [u8; SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// The bytes, for hashing.
    pub const fn expose(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// The token with which a client identifies its session and authenticates.
#[derive(Clone, Debug)]
pub struct SessionToken {
    /// The user of the session.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// The secret, which proves that the client holds the session.
    pub secret: Secret,
}

impl SessionToken {
    /// The 64 bytes of the token. The header and the cookie have them in URL-safe base64.
    pub fn to_bytes(&self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[..16].copy_from_slice(self.user_id.as_bytes());
        bytes[16..32].copy_from_slice(self.session_id.as_bytes());
        bytes[32..].copy_from_slice(self.secret.expose());
        bytes
    }

    /// Parses the bytes of a token. `None` if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (user_id, rest) = bytes.split_first_chunk::<16>()?;
        let (session_id, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            user_id: UserId::from_bytes(*user_id),
            session_id: SessionId::from_bytes(*session_id),
            secret: Secret::new(secret.try_into().ok()?),
        })
    }
}

/// A session, as stored: without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifies the session among those of its user.
    pub session_id: SessionId,
    /// The user.
    pub user_id: UserId,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    /// The user's epoch at sign-in. The session ends when the user has a later one.
    pub epoch: u32,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it was last used, at most [`SESSION_TOUCH_INTERVAL`] too early.
    pub last_seen_at: Timestamp,
    /// The network address of the sign-in.
    pub address: Option<IpAddr>,
    /// The `User-Agent` of the sign-in.
    pub user_agent: Option<String>,
    /// The device of the sign-in. It stays known when its user changes their password or second factor in this session.
    #[serde(default)]
    pub device_id: Option<DeviceId>,
}

impl Session {
    /// When the session expires unless it is used again: by inactivity or by age, whichever is sooner.
    pub fn expires_at(&self, lifetime: SessionLifetime) -> Timestamp {
        (self.last_seen_at + lifetime.idle).min(self.created_at + lifetime.age)
    }

    /// Checks that the session is valid for `user` at `now`. The caller has compared the secret.
    pub fn check(&self, user: &User, lifetime: SessionLifetime, now: Timestamp) -> Result<(), Code> {
        let is_valid = user.status == Status::Enabled && self.epoch == user.epoch && now < self.expires_at(lifetime);
        if is_valid { Ok(()) } else { Err(Code::Unauthenticated) }
    }

    /// Whether `last_seen_at` must be updated.
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) > SESSION_TOUCH_INTERVAL
    }
}

/// The audit record of a sign-in. It names the session, so that what was done in it can be told apart.
pub fn sign_in(session: &Session) -> Change {
    #[derive(Serialize)]
    struct Begun {
        session_id: SessionId,
    }
    let begun = Begun { session_id: session.session_id };
    Change::between(Action::UserSignIn, Target::user(session.user_id), None, None, Some(&begun))
}

/// A session, as replies show it to its user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView<'a> {
    /// Identifies the session among those of its user.
    session_id: SessionId,
    /// When the user signed in.
    created_at: Timestamp,
    /// When the session was last used, to the minute.
    last_seen_at: Timestamp,
    /// When the session ends unless it is used again.
    expires_at: Timestamp,
    /// The network address of the sign-in, of IPv4 or IPv6; null if it is unknown.
    #[schema(value_type = Option<String>, required, max_length = 45, example = "203.0.113.7")]
    address: Option<IpAddr>,
    /// The `User-Agent` of the sign-in; null if it sent none.
    #[schema(required, max_length = 256)]
    user_agent: Option<&'a str>,
    /// Whether it is the session of this request.
    current: bool,
}

impl<'a> SessionView<'a> {
    /// The view of a session, for a request of the session `current`.
    pub fn new(session: &'a Session, lifetime: SessionLifetime, current: SessionId) -> Self {
        Self {
            session_id: session.session_id,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at(lifetime),
            address: session.address,
            user_agent: session.user_agent.as_deref(),
            current: session.session_id == current,
        }
    }
}

/// The lifetimes of sessions, by the type of their user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Sessions of members.
    pub member: SessionLifetime,
    /// Sessions of admins of the platform.
    pub admin: SessionLifetime,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { member: MEMBER_SESSION, admin: ADMIN_SESSION }
    }
}

impl Lifetimes {
    /// The lifetime of this user's sessions.
    pub fn of(&self, user: &User) -> SessionLifetime {
        if user.user_type.is_admin() { self.admin } else { self.member }
    }
}

/// A sign-in between the password and the second factor, as stored. It grants access to nothing but its second step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInTicket {
    /// Identifies the ticket.
    pub flow_id: FlowId,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    /// The login whose password was right.
    pub login: Login,
    /// The user of the login at that time.
    pub user_id: UserId,
    /// The user's epoch at that time: whatever ends the user's sessions ends the ticket.
    pub epoch: u32,
    /// The device, if it had signed in before.
    #[serde(default)]
    pub device_id: Option<DeviceId>,
    /// The number of attempts at the second factor.
    pub tries: u32,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl SignInTicket {
    /// A ticket after the right password for `credential`.
    pub fn new(
        flow_id: FlowId,
        secret_hash: String,
        login: Login,
        credential: &Credential,
        device_id: Option<DeviceId>,
        now: Timestamp,
    ) -> Self {
        let (user_id, epoch) = (credential.user_id, credential.epoch);
        Self { flow_id, secret_hash, login, user_id, epoch, device_id, tries: 0, expires_at: now + TICKET_LIFETIME }
    }

    /// Whether `credential` is enabled and unchanged since the ticket was created.
    pub fn is_for(&self, credential: &Credential) -> bool {
        credential.enabled && (credential.user_id, credential.epoch) == (self.user_id, self.epoch)
    }
}

/// The token with which a client identifies and proves its ticket.
#[derive(Clone, Debug)]
pub struct SignInTicketToken {
    /// The ticket.
    pub flow_id: FlowId,
    /// The secret.
    pub secret: Secret,
}

impl SignInTicketToken {
    /// The 48 bytes of the token. The reply has them in URL-safe base64.
    pub fn to_bytes(&self) -> [u8; 16 + SECRET_BYTES] {
        let mut bytes = [0; 16 + SECRET_BYTES];
        bytes[..16].copy_from_slice(self.flow_id.as_bytes());
        bytes[16..].copy_from_slice(self.secret.expose());
        bytes
    }

    /// Parses the bytes of a ticket's token. `None` if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (flow_id, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self { flow_id: FlowId::from_bytes(*flow_id), secret: Secret::new(secret.try_into().ok()?) })
    }
}
