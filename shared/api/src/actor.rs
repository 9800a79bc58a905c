//! The user in whose name a request is made.

use axum::http::{HeaderMap, Method, header, request::Parts};
use rollcall_domain::{
    Code, Timestamp,
    api_key::{ApiKey, ApiKeyToken, KeyStatus},
    audit::{AuditActor, RequestOrigin},
    id::{ApiKeyId, DeviceId},
    job::Job,
    permission::UserType,
    role::Rights,
    scope::Scopes,
    session::{Session, SessionToken},
    user::User,
};

use crate::{
    client_address::ClientAddress,
    context::Context,
    problem::Problem,
    security_log::Requester,
    token::{self, Token, Transport},
};

/// A user, read together with what authenticates this request.
#[derive(Debug)]
pub struct Actor {
    /// The user, as stored when the request began.
    pub user: User,
    /// What authenticates the request.
    pub access: Access,
    /// What the user may do, by the roles they hold now, within the scopes of the request's API key.
    pub rights: Rights,
}

/// What authenticates a request.
#[derive(Debug)]
pub enum Access {
    /// The session of a user who has signed in.
    Session(Session),
    /// An API key.
    Key(Box<ApiKey>),
}

impl Actor {
    /// Authenticates a request: its token must be that of a live session or of an active API key.
    pub(crate) async fn authenticate(context: &Context, parts: &Parts, now: Timestamp) -> Result<Self, Problem> {
        match Token::of(&parts.headers)? {
            Token::Session(token, transport) => Self::of_session(context, parts, (token, transport), now).await,
            Token::Key(token) => Self::of_key(context, parts, &token, now).await,
        }
    }

    async fn of_session(
        context: &Context,
        parts: &Parts,
        (token, transport): (SessionToken, Transport),
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let found = context.store.user_and_session(token.user_id, token.session_id).await?;
        let (user, mut session) = found.ok_or(Code::Unauthenticated)?;
        if !token::is_of(&token, &session) {
            return Err(Code::Unauthenticated.into());
        }
        session.check(&user, context.config.sessions.of(&user), now)?;
        identify(parts, &user);
        if transport == Transport::Cookie {
            let origin = context.config.origin(parts.extensions.get());
            check_same_origin(origin, &parts.method, &parts.headers)?;
        }
        if session.is_touch_due(now) {
            context.record([rollcall_store::session::touch(&session, now)]).await?;
            session.last_seen_at = now;
        }
        let rights = Rights::new(&user, context.store.roles_of(&user).await?, now);
        Ok(Self { user, access: Access::Session(session), rights })
    }

    async fn of_key(context: &Context, parts: &Parts, token: &ApiKeyToken, now: Timestamp) -> Result<Self, Problem> {
        let found = context.store.user_and_key(token.user_id, token.key_id).await?;
        let (user, mut key) = found.ok_or(Code::Unauthenticated)?;
        if !key.secret_hashes(now).any(|hash| token::is_hashed(&token.secret, hash)) {
            return Err(Code::Unauthenticated.into());
        }
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        key.check(&user, address, now)?;
        identify(parts, &user);
        if let Some(requester) = parts.extensions.get::<Requester>() {
            requester.carries_key(key.key_id);
        }
        if key.is_touch_due(now) {
            key = key.used(address, now);
            context.record([rollcall_store::api_key::touch(&key)?]).await?;
        }
        let rights = Rights::new(&user, context.store.roles_of(&user).await?, now).within(key.scopes());
        Ok(Self { user, access: Access::Key(Box::new(key)), rights })
    }

    /// The session of the request. API keys are refused.
    pub fn session(&self) -> Result<&Session, Code> {
        match &self.access {
            Access::Session(session) => Ok(session),
            Access::Key(_) => Err(Code::KeyNotAllowed),
        }
    }

    /// The API key of the request, if it carries one.
    pub fn key(&self) -> Option<&ApiKey> {
        match &self.access {
            Access::Session(_) => None,
            Access::Key(key) => Some(key),
        }
    }

    /// The type by which the user acts on other users. With an API key, a super admin has no power over admins.
    pub fn acting_type(&self) -> UserType {
        match self.access {
            Access::Session(_) => self.user.user_type,
            Access::Key(_) => self.user.user_type.min(UserType::PlatformAdmin),
        }
    }

    /// The device of the session, if the user still knows it.
    pub fn known_device(&self) -> Option<DeviceId> {
        let device_id = self.session().ok()?.device_id;
        device_id.filter(|device_id| self.user.devices.contains(*device_id))
    }

    /// What an `Idempotency-Key` is scoped to. What was replied to a session is not repeated to an API key.
    pub(crate) fn idempotency_scope(&self) -> [u8; 16] {
        self.key().map_or(*self.user.user_id.as_bytes(), |key| *key.key_id.as_bytes())
    }

    /// The user and the API key as audit records name them.
    pub fn audited(&self) -> AuditActor {
        AuditActor { key_id: self.key().map(|key| key.key_id), ..audited(&self.user) }
    }
}

/// Names the user in the lines of the logs about this request.
fn identify(parts: &Parts, user: &User) {
    if let Some(requester) = parts.extensions.get::<Requester>() {
        requester.identify(user.user_id);
    }
}

/// The user in whose name a job works, with what they may do now.
#[derive(Debug)]
pub struct JobActor {
    /// The user, as stored when this was read.
    pub user: User,
    /// What the user may do, by the roles they hold now, within the scopes of the API key that began the job.
    pub rights: Rights,
    pub(crate) key_id: Option<ApiKeyId>,
    pub(crate) origin: Option<RequestOrigin>,
}

impl JobActor {
    /// Reads the user, and the API key that began the job if one did. `None` if the user no longer exists or is
    /// disabled, or if the key has ended.
    pub async fn load(context: &Context, job: &Job) -> Result<Option<Self>, Problem> {
        let (user_id, key_id) = (job.acts_for, job.key_id);
        let (user, scopes) = match key_id {
            None => (context.store.user(user_id).await?, Scopes::All),
            Some(key_id) => {
                let found = context.store.user_and_key(user_id, key_id).await?;
                let active = found.filter(|(user, key)| key.status(user, context.now()) == KeyStatus::Active);
                active.map_or((None, Scopes::All), |(user, key)| (Some(user), key.scopes()))
            }
        };
        let Some(user) = user.filter(User::is_enabled) else { return Ok(None) };
        let rights = Rights::new(&user, context.store.roles_of(&user).await?, context.now()).within(scopes);
        Ok(Some(Self { user, rights, key_id, origin: job.origin.clone() }))
    }

    /// The user and the API key as audit records name them.
    pub(crate) fn audited(&self) -> AuditActor {
        AuditActor { key_id: self.key_id, ..audited(&self.user) }
    }
}

/// A user as audit records name them.
pub(crate) fn audited(user: &User) -> AuditActor {
    AuditActor { user_id: user.user_id, login: user.login.clone(), key_id: None }
}

/// Refuses a request that another site made the browser send with the cookie.
///
/// `Sec-Fetch-Site` is set by the browser and cannot be forged by a page. Where it is missing, `Origin` must be ours.
/// Without either header no browser sent the request, so nothing was attached to it unasked.
pub(crate) fn check_same_origin(public_origin: Option<&str>, method: &Method, headers: &HeaderMap) -> Result<(), Code> {
    if method.is_safe() { Ok(()) } else { check_origin(public_origin, headers) }
}

/// `check_same_origin` for a request of any method.
pub fn check_origin(public_origin: Option<&str>, headers: &HeaderMap) -> Result<(), Code> {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_same = match (header(header::HeaderName::from_static("sec-fetch-site")), header(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => Some(origin) == public_origin,
        (None, None) => true,
    };
    if is_same { Ok(()) } else { Err(Code::CrossSiteRequest) }
}
