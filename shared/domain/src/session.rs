//! A signed-in session and the token that proves it.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::ZeroizeOnDrop;

use crate::{
    credential::Credential,
    error::Code,
    id::{DeviceId, FlowId, SessionId, UserId},
    limits::{ADMIN_SESSION, MEMBER_SESSION, SESSION_TOUCH_INTERVAL, SessionLifetime, TICKET_LIFETIME},
    text::Login,
    time::Timestamp,
    user::{Status, User},
};

/// Bytes of a token: the user's id, the session's id, and 256 bits of secret.
const TOKEN_BYTES: usize = 16 + 16 + SECRET_BYTES;
const SECRET_BYTES: usize = 32;

/// The secret half of a session's token or of a ticket. It cannot be printed and leaves no copy in memory.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Secret([u8; SECRET_BYTES]);

impl Secret {
    /// The secret of these 256 random bits.
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

/// What a client holds: it names its session and proves it.
#[derive(Clone, Debug)]
pub struct SessionToken {
    /// Whose session.
    pub user_id: UserId,
    /// Which session.
    pub session_id: SessionId,
    /// The proof.
    pub secret: Secret,
}

impl SessionToken {
    /// The 64 bytes that stand, in URL-safe base64, in the header or the cookie.
    pub fn to_bytes(&self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[..16].copy_from_slice(self.user_id.as_bytes());
        bytes[16..32].copy_from_slice(self.session_id.as_bytes());
        bytes[32..].copy_from_slice(self.secret.expose());
        bytes
    }

    /// Reads the bytes of a token; any other length is none.
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

/// A session, as stored: of the secret, only its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The session's key, beside its user.
    pub session_id: SessionId,
    /// Whose session.
    pub user_id: UserId,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    /// The user's epoch at sign-in.
    pub epoch: u32,
    /// When it was signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// From where it was signed in.
    pub address: Option<IpAddr>,
    /// With what it was signed in.
    pub user_agent: Option<String>,
}

impl Session {
    /// When the session is over unless it is used before: the sooner of its rest and its age.
    pub fn expires_at(&self, lifetime: SessionLifetime) -> Timestamp {
        (self.last_seen_at + lifetime.idle).min(self.created_at + lifetime.age)
    }

    /// Whether the session still stands for `user` at `now`. The caller has compared the secret.
    pub fn check(&self, user: &User, lifetime: SessionLifetime, now: Timestamp) -> Result<(), Code> {
        let stands = user.status == Status::Enabled && self.epoch == user.epoch && now < self.expires_at(lifetime);
        if stands { Ok(()) } else { Err(Code::Unauthenticated) }
    }

    /// Whether `last_seen_at` is due to be rewritten.
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) > SESSION_TOUCH_INTERVAL
    }
}

/// A session as its user sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView<'a> {
    session_id: SessionId,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, required)]
    address: Option<IpAddr>,
    #[schema(required)]
    user_agent: Option<&'a str>,
    /// Whether it is the session that asks.
    current: bool,
}

impl<'a> SessionView<'a> {
    /// A session, seen from the session `current`.
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

/// How long sessions live, by what their user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Those of members.
    pub member: SessionLifetime,
    /// Those of the admin types.
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

/// The step between the password and the second factor, as stored. It is not a session and opens nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInTicket {
    /// The flow's key.
    pub flow_id: FlowId,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    /// Who gave the right password.
    pub login: Login,
    /// Whose login it was.
    pub user_id: UserId,
    /// The user's epoch then: what ends its sessions ends the ticket.
    pub epoch: u32,
    /// The device, where it had signed in before.
    #[serde(default)]
    pub device_id: Option<DeviceId>,
    /// Tries at the second factor.
    pub tries: u32,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl SignInTicket {
    /// A ticket for whoever gave the right password to this credential just now.
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

    /// Whether the login's credential is still what the right password was given to.
    pub fn is_for(&self, credential: &Credential) -> bool {
        credential.enabled && (credential.user_id, credential.epoch) == (self.user_id, self.epoch)
    }
}

/// What a client holds of a ticket.
#[derive(Clone, Debug)]
pub struct SignInTicketToken {
    /// Which ticket.
    pub flow_id: FlowId,
    /// The proof.
    pub secret: Secret,
}

impl SignInTicketToken {
    /// The 48 bytes that stand, in URL-safe base64, in the reply.
    pub fn to_bytes(&self) -> [u8; 16 + SECRET_BYTES] {
        let mut bytes = [0; 16 + SECRET_BYTES];
        bytes[..16].copy_from_slice(self.flow_id.as_bytes());
        bytes[16..].copy_from_slice(self.secret.expose());
        bytes
    }

    /// Reads the bytes of a ticket; any other length is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (flow_id, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self { flow_id: FlowId::from_bytes(*flow_id), secret: Secret::new(secret.try_into().ok()?) })
    }
}
