//! The signed-in user behind a request.

use axum::http::{HeaderMap, Method, header, request::Parts};
use rollcall_domain::{
    Code, Timestamp, audit,
    id::{DeviceId, UserId},
    role::Rights,
    session::Session,
    user::User,
};

use crate::{
    context::Context,
    problem::Problem,
    security_log::Requester,
    token::{self, Transport},
};

/// A signed-in user, read together with the session of this request.
#[derive(Debug)]
pub struct Actor {
    /// The user, as stored when the request began.
    pub user: User,
    /// The session that the request carries.
    pub session: Session,
    /// What the user may do, by the roles they hold now.
    pub rights: Rights,
}

impl Actor {
    /// Authenticates a request: its token must name a live session.
    pub(crate) async fn authenticate(context: &Context, parts: &Parts, now: Timestamp) -> Result<Self, Problem> {
        let (token, transport) = token::of(&parts.headers)?;
        let found = context.store.user_and_session(token.user_id, token.session_id).await?;
        let (user, mut session) = found.ok_or(Code::Unauthenticated)?;
        if !token::is_of(&token, &session) {
            return Err(Code::Unauthenticated.into());
        }
        session.check(&user, context.config.sessions.of(&user), now)?;
        if let Some(requester) = parts.extensions.get::<Requester>() {
            requester.identify(user.user_id);
        }
        if transport == Transport::Cookie {
            check_same_origin(&context.config.public_origin, &parts.method, &parts.headers)?;
        }
        if session.is_touch_due(now) {
            context.record([rollcall_store::session::touch(&session, now)]).await?;
            session.last_seen_at = now;
        }
        let rights = Rights::new(&user, context.store.roles_of(&user).await?, now);
        Ok(Self { user, session, rights })
    }

    /// The device of the session, if the user still knows it.
    pub fn known_device(&self) -> Option<DeviceId> {
        self.session.device_id.filter(|device_id| self.user.devices.contains(*device_id))
    }
}

/// The user in whose name a job works, with what they may do now.
#[derive(Debug)]
pub struct JobActor {
    /// The user, as stored when this was read.
    pub user: User,
    /// What the user may do, by the roles they hold now.
    pub rights: Rights,
}

impl JobActor {
    /// Reads the user; `None` if they no longer exist or are disabled.
    pub async fn load(context: &Context, user_id: UserId) -> Result<Option<Self>, Problem> {
        let Some(user) = context.store.user(user_id).await?.filter(User::is_enabled) else { return Ok(None) };
        let rights = Rights::new(&user, context.store.roles_of(&user).await?, context.now());
        Ok(Some(Self { user, rights }))
    }
}

/// A user as audit records name them.
pub(crate) fn audited(user: &User) -> audit::AuditActor {
    audit::AuditActor { user_id: user.user_id, login: user.login.clone() }
}

/// Refuses a request that another site made the browser send with the cookie.
///
/// `Sec-Fetch-Site` is set by the browser and cannot be forged by a page. Where it is missing, `Origin` must be ours.
/// Without either header no browser sent the request, so nothing was attached to it unasked.
pub(crate) fn check_same_origin(public_origin: &str, method: &Method, headers: &HeaderMap) -> Result<(), Code> {
    if method.is_safe() { Ok(()) } else { check_origin(public_origin, headers) }
}

/// `check_same_origin` for a request of any method.
pub fn check_origin(public_origin: &str, headers: &HeaderMap) -> Result<(), Code> {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_same = match (header(header::HeaderName::from_static("sec-fetch-site")), header(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin == public_origin,
        (None, None) => true,
    };
    if is_same { Ok(()) } else { Err(Code::CrossSiteRequest) }
}
