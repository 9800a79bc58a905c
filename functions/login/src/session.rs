//! The start of a session, with or without a second factor.

use axum::{
    http::header,
    response::{AppendHeaders, IntoResponse, Response},
};
use rollcall_api::{
    Authority, Context, Plan, Problem, PublicRequest, Reply, device,
    token::{self, DEVICE_COOKIE, SESSION_COOKIE, Transport},
};
use rollcall_domain::{
    Code, Fields, FromField, Invalid, Timestamp, ViolationCode,
    credential::Credential,
    id::{DeviceId, SessionId},
    limits::DEVICE_LIFETIME,
    mail::Message,
    session::{Secret, Session, SessionToken, sign_in},
    user::{User, UserView},
};
use rollcall_store::{Bookkeeping, Commit};
use serde::Serialize;
use utoipa::ToSchema;

/// The reply to a successful sign-in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn<'a> {
    /// The user who signed in.
    user: UserView<'a>,
    /// When the session ends unless it is used.
    expires_at: Timestamp,
    /// The session's token, for the header `Authorization: Bearer`; only with the transport `bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9_-]{86}$")]
    token: Option<String>,
    /// Marks the device, for its next sign-in within 180 days; only with the transport `bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

/// How the client wants its token.
struct TransportField(Transport);

impl FromField for TransportField {
    fn from_field(value: &rollcall_domain::Value) -> Result<Self, Invalid> {
        match String::from_field(value)?.as_str() {
            "bearer" => Ok(Self(Transport::Bearer)),
            "cookie" => Ok(Self(Transport::Cookie)),
            _ => Err(Invalid::new(ViolationCode::NotAllowed, "takes one of: bearer, cookie")),
        }
    }
}

pub(crate) fn read_transport(fields: &mut Fields) -> Transport {
    fields.optional("transport").map_or(Transport::Bearer, |TransportField(transport)| transport)
}

/// The fields of a sign-in. A sign-in that sets the cookie must be same-origin.
pub(crate) fn fields_of(context: &Context, request: &PublicRequest) -> Result<Fields, Problem> {
    let fields = request.fields()?;
    if fields.has_text("transport", "cookie") {
        request.check_same_origin(context)?;
    }
    Ok(fields)
}

/// The start of a session, after every factor was checked.
pub(crate) struct SessionStart<'a> {
    /// The credential that was checked. It was read before the user.
    pub(crate) credential: &'a Credential,
    /// The device, if it is a known one.
    pub(crate) device_id: Option<DeviceId>,
    pub(crate) transport: Transport,
    /// What is written together with the session.
    pub(crate) writes: Vec<Bookkeeping>,
    /// A mail to the user besides the one about a new device.
    pub(crate) notice: Option<Message>,
    /// The refusal if the credential has changed since it was read.
    pub(crate) refusal: Code,
}

impl SessionStart<'_> {
    pub(crate) async fn begin(self, context: &Context, request: &PublicRequest) -> Result<Response, Problem> {
        let (before, replaced) = self.read(context, request).await?;
        // The first sign-in of any user is from a new device, which is no news to them.
        let is_news = self.device_id.is_none() && before.last_login_at.is_some();
        let device_id = self.device_id.map_or_else(|| context.uuid().map(DeviceId::new), Ok)?;
        let language = request.language.unwrap_or(before.language);
        let devices = before.devices.clone().with(device_id, request.now);
        let user = &User { last_login_at: Some(request.now), language, devices, ..before };
        let lifetime = context.config.sessions.of(user);
        let (session, token) = new_session(context, request, user, device_id)?;
        let writes = Commit::new(self.writes)
            .and(rollcall_store::session::create(&session, lifetime)?)
            .and(rollcall_store::user::record_sign_in(user, request.now, self.refusal)?)
            .extended(replaced.as_ref().map(rollcall_store::session::end));
        let mut plan = Plan::new(Authority::SignIn(request, user), writes).audit(sign_in(&session));
        for message in self.notice.into_iter().chain(is_news.then(|| new_device(request, user))) {
            plan = plan.notify(user, message);
        }
        let mark = device::mark(context, device_id, user, request.now).await?;
        context.commit(plan).await?;

        let (kept, cookies) = match self.transport {
            Transport::Bearer => (Some((token, mark)), Vec::new()),
            Transport::Cookie => {
                let session = token::set_cookie(SESSION_COOKIE, &token, lifetime.age.as_secs())?;
                (None, vec![session, token::set_cookie(DEVICE_COOKIE, &mark, DEVICE_LIFETIME.as_secs())?])
            }
        };
        let (token, device_token) = kept.unzip();
        let expires_at = session.expires_at(lifetime);
        let reply = Reply::ok(&SignedIn { user: user.into(), expires_at, token, device_token })?;
        let cookies = AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
        Ok((cookies, reply).into_response())
    }

    /// Reads the user, and the session whose cookie the new one replaces, if the request has it: the browser forgets
    /// its token, so nobody could end it later.
    ///
    /// An epoch other than the credential's means that the credential has changed since it was read.
    async fn read(&self, context: &Context, request: &PublicRequest) -> Result<(User, Option<Session>), Problem> {
        let user_id = self.credential.user_id;
        let replaced = request.cookie_session().filter(|_| self.transport == Transport::Cookie);
        let (user, session) = match &replaced {
            None => (context.store.user(user_id).await?, None),
            Some(token) => context.store.user_and_replaced_session(user_id, (token.user_id, token.session_id)).await?,
        };
        let user = user.filter(|user| user.epoch == self.credential.epoch).ok_or(self.refusal)?;
        let session = session.filter(|session| replaced.is_some_and(|token| token::is_of(&token, session)));
        Ok((user, session))
    }
}

fn new_session(
    context: &Context,
    request: &PublicRequest,
    user: &User,
    device_id: DeviceId,
) -> Result<(Session, String), Problem> {
    let session_id = SessionId::new(context.uuid()?);
    let secret = Secret::new(rollcall_api::clock::random()?);
    let session = Session {
        session_id,
        user_id: user.user_id,
        secret_hash: token::hash(&secret),
        epoch: user.epoch,
        created_at: request.now,
        last_seen_at: request.now,
        address: request.address,
        user_agent: request.user_agent.clone(),
        device_id: Some(device_id),
    };
    Ok((session, token::encode(&SessionToken { user_id: user.user_id, session_id, secret })))
}

fn new_device(request: &PublicRequest, user: &User) -> Message {
    let (login, address, user_agent) = (user.login.clone(), request.address, request.user_agent.clone());
    Message::NewDevice { login, address, user_agent }
}
