//! Requests as handlers get them, checked in the order in which the API refuses: authentication, origin, whether an API
//! key may be used for the route and for its application, due password change, size and form of the body, `If-Match`,
//! `Idempotency-Key`.

use std::{ops::Deref, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{Method, request::Parts},
};
use rollcall_domain::{Code, Fields, Refusal, Timestamp, job::JobCaller, session::Session, user::User};

use crate::{
    actor::Actor,
    body,
    context::Context,
    idempotency::{IdempotencyKey, Lookup},
    if_match::IfMatch,
    problem::Problem,
    request::{PublicRequest, Rejection, read_body},
};

/// A request of a user: one who has signed in, or a program with an API key of theirs.
pub struct Call {
    /// In whose name it was sent.
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

    /// Who begins or starts a job by this request.
    pub fn job_caller(&self) -> JobCaller<'_> {
        let key_id = self.actor.key().map(|key| key.key_id);
        JobCaller { user: &self.actor.user, key_id, origin: Some(self.request.origin()) }
    }

    /// Reads the caller again. The session must still be valid; it may have moved on to a newer epoch of its user.
    pub async fn current_user(&self, context: &Context) -> Result<User, Problem> {
        let session = self.actor.session()?;
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

    /// Refuses a request with an API key whose body has this field. Null counts, too: it removes an address.
    pub fn check_not_by_key(&self, field: &str) -> Result<(), Code> {
        let has_field = self.request.body.as_ref().is_some_and(|body| body.get(field).is_some());
        if has_field { self.actor.session().map(drop) } else { Ok(()) }
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
        Self::of_actor(actor, parts, body, context, now).await
    }
}

impl Call {
    async fn of_actor(
        actor: Actor,
        parts: Parts,
        body: Body,
        context: &Context,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        if let Some(key) = actor.key() {
            key.check_path(parts.uri.path())?;
        }
        if actor.user.password_change_required && !is_open_before_password_change(&parts) {
            return Err(Code::PasswordChangeRequired.into());
        }
        let bytes = read_body(&parts, body).await?;
        let body = body::parse(&parts.method, &parts.headers, &bytes)?;
        let if_match = IfMatch::read(&parts.method, &parts.headers)?;
        match IdempotencyKey::look_up(context, &parts, Some(actor.idempotency_scope()), &bytes, now).await? {
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

/// A request that only a user who has signed in may send: API keys are refused.
pub struct SessionCall {
    /// The session of the request.
    pub session: Session,
    call: Call,
}

impl Deref for SessionCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl FromRequest<Context> for SessionCall {
    type Rejection = Rejection;

    async fn from_request(request: Request, context: &Context) -> Result<Self, Rejection> {
        let now = context.now();
        let (parts, body) = request.into_parts();
        let actor = Actor::authenticate(context, &parts, now).await?;
        let session = actor.session()?.clone();
        Ok(Self { session, call: Call::of_actor(actor, parts, body, context, now).await? })
    }
}

/// The requests that a session may send before its user has replaced a password that somebody else set.
pub(crate) const OPEN_BEFORE_PASSWORD_CHANGE: [(Method, &str); 3] =
    [(Method::GET, "/v1/me"), (Method::POST, "/v1/me/password"), (Method::POST, "/v1/logout")];

fn is_open_before_password_change(parts: &Parts) -> bool {
    OPEN_BEFORE_PASSWORD_CHANGE.iter().any(|(method, path)| parts.method == *method && parts.uri.path() == *path)
}
