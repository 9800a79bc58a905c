//! Who calls: the signed-in user behind a request.

use axum::http::{HeaderMap, Method, header};
use rollcall_domain::{Code, Timestamp, audit, id::TeamId, role::Rights, session::Session, user::User};
use rollcall_store::{Write, member::still_may};
use subtle::ConstantTimeEq;

use crate::{
    Context, Problem,
    token::{self, Transport},
};

/// A signed-in user, read together with its session for this request.
#[derive(Debug)]
pub struct Actor {
    /// Who it is, as of now.
    pub user: User,
    /// By which session.
    pub session: Session,
    /// What it may do, by its roles as they are now.
    pub rights: Rights,
}

impl Actor {
    /// Who sent these headers: the token names a session that still stands.
    pub(crate) async fn of(
        context: &Context,
        method: &Method,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let (token, transport) = token::of(headers)?;
        let found = context.store.user_and_session(token.user_id, token.session_id).await?;
        let (user, mut session) = found.ok_or(Code::Unauthenticated)?;
        let proven = token::hash(&token.secret).as_bytes().ct_eq(session.secret_hash.as_bytes());
        if !bool::from(proven) {
            return Err(Code::Unauthenticated.into());
        }
        session.check(&user, context.config.sessions.of(&user), now)?;
        if transport == Transport::Cookie {
            check_same_origin(&context.config.public_origin, method, headers)?;
        }
        if session.is_touch_due(now) {
            context.store.commit(rollcall_store::session::touch(&session, now)).await?;
            session.last_seen_at = now;
        }
        let rights = Rights::new(&user, context.store.roles_of(&user).await?);
        Ok(Self { user, session, rights })
    }

    /// The guards that it still is who it was when the request began and, where it acts by its role in a team, that it
    /// still has that role and the role still is what it was.
    pub fn still_may(&self, team: Option<TeamId>) -> Vec<Write> {
        let role = team.and_then(|team_id| Some((team_id, self.rights.role_in(team_id)?)));
        let refused = if role.is_some() { Code::Forbidden } else { Code::Unauthenticated };
        still_may(&self.user, role, refused)
    }

    /// The actor as audit records name it.
    pub fn to_audit(&self) -> audit::AuditActor {
        audit::AuditActor { user_id: self.user.user_id, login: self.user.login.clone() }
    }
}

/// Refuses what a page of another site makes a browser send with the cookie.
///
/// `Sec-Fetch-Site` is the browser's own word; where it is missing, `Origin` must be ours; with neither, no browser
/// sent it and nothing was sent unasked.
pub fn check_same_origin(public_origin: &str, method: &Method, headers: &HeaderMap) -> Result<(), Code> {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_same = match (header(header::HeaderName::from_static("sec-fetch-site")), header(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin == public_origin,
        (None, None) => true,
    };
    if method.is_safe() || is_same { Ok(()) } else { Err(Code::CrossSiteRequest) }
}
