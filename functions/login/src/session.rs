//! Signing in, in one step or two, and out.

use axum::{
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse, Response},
};
use rollcall_api::{
    Call, Context, Guest, Problem, Reply, device,
    password::{self, Verdict},
    throttle::{self, Attempt},
    token::{self, DEVICE_COOKIE, SESSION_COOKIE, Transport},
};
use rollcall_domain::{
    Code, Fields, FromField, Invalid, Refusal, Timestamp, ViolationCode,
    credential::Credential,
    id::{DeviceId, FlowId, SessionId},
    lane::Kind,
    limits::{DEVICE_LIFETIME, MAX_TICKET_TRIES},
    mail::Message,
    password::Password,
    session::{Secret, Session, SessionToken, Ticket, TicketToken},
    text::Login,
    totp::SecondFactor,
    user::{User, UserView},
};
use rollcall_store::{Commit, flow};
use serde::Serialize;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::{authentication::Try, second_factor};

/// What is typed to sign in.
#[derive(ToSchema)]
#[schema(as = SignIn)]
#[expect(dead_code, reason = "describes the body that `SignIn` reads")]
pub(crate) struct SignInBody {
    login: String,
    password: String,
    /// `bearer` (the default) replies with a token, `cookie` sets one.
    #[schema(pattern = "^(bearer|cookie)$")]
    transport: Option<String>,
    /// The mark of a device that signed in before: strangers who guess do not lock it out. The cookie counts as well.
    device_token: Option<String>,
}

struct SignIn {
    /// As typed, in the form under which it is counted.
    subject: String,
    login: Option<Login>,
    password: Password,
    transport: Transport,
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

fn read_transport(fields: &mut Fields) -> Transport {
    fields.optional("transport").map_or(Transport::Bearer, |TransportField(transport)| transport)
}

impl SignIn {
    /// Reads what was typed. A login that could not exist is not a mistake to point out but a login nobody has.
    fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let login: Option<String> = fields.required("login");
        let password = fields.required("password");
        let transport = read_transport(&mut fields);
        let device_token = fields.optional("device_token");
        fields.finish(|| {
            let subject = login?.nfkc().collect::<String>().trim().to_lowercase();
            let login = Login::parse(&subject).ok();
            Some(Self { subject, login, password: password?, transport, device_token })
        })
    }
}

/// A session that has just begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn<'a> {
    user: UserView<'a>,
    expires_at: Timestamp,
    /// Only with the bearer transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The mark of this device, for the next sign-in; only with the bearer transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

/// The password was right; the second factor is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HalfSignedIn {
    mfa: Mfa,
}

/// What takes the sign-in to its end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mfa {
    /// Opens nothing but the next step.
    ticket: String,
    expires_at: Timestamp,
    methods: [&'static str; 2],
}

/// What both replies are, for the API document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two replies of a sign-in")]
pub(crate) enum SignInReply<'a> {
    SignedIn(SignedIn<'a>),
    HalfSignedIn(HalfSignedIn),
}

/// Signs in with login and password, or, where two-factor is on, begins to.
///
/// Whatever is wrong, the same is read and written and one hash is computed: nobody learns whether it was the login,
/// the password or the user.
#[utoipa::path(post, path = "/v1/login", tag = "public", request_body = SignInBody, responses((status = 200, body = SignInReply)))]
pub(crate) async fn sign_in(State(context): State<Context>, guest: Guest) -> Result<Response, Problem> {
    let fields = fields_of(&context, &guest)?;
    let typed = SignIn::read(fields)?;
    let (subject, login, device_token) = (&typed.subject, typed.login.as_ref(), typed.device_token.as_deref());
    let tried = Try { subject, login, device_token, password: typed.password.clone() };
    let tried = tried.make(&context, &guest).await?;
    let credential = tried.credential.filter(|credential| credential.enabled && tried.verdict != Verdict::Wrong);
    let Some((login, credential)) = typed.login.zip(credential) else {
        // One is nothing; an alarm counts them over the whole platform.
        tracing::warn!("a sign-in failed");
        return Err(Code::InvalidCredentials.into());
    };
    let mut commit = Commit::new(tried.attempt.succeeded());
    if tried.verdict == Verdict::RightButDated {
        let better = password::hash(&context, typed.password).await?;
        commit.extend([rollcall_store::user::rehash(&login, &credential.password, &better)]);
    }
    if credential.totp.is_some() {
        return half_signed_in(&context, &guest, login, tried.device_id, commit).await;
    }
    let user = user_of(&context, &guest, &credential).await?;
    Beginning { user, device_id: tried.device_id, transport: typed.transport, commit }.begin(&context, &guest).await
}

/// The fields of a sign-in, which sets a cookie for our own pages only.
fn fields_of(context: &Context, guest: &Guest) -> Result<Fields, Problem> {
    let fields = guest.fields()?;
    if fields.says("transport", "cookie") {
        guest.check_same_origin(context)?;
    }
    Ok(fields)
}

/// The user of a credential that was read before it: of the same epoch, or something ended the proof meanwhile.
async fn user_of(context: &Context, guest: &Guest, credential: &Credential) -> Result<User, Problem> {
    let user = context.store.user(credential.user_id).await?;
    let user = user.filter(|user| user.epoch == credential.epoch).ok_or(Code::InvalidCredentials)?;
    let language = guest.language.unwrap_or(user.language);
    Ok(User { last_login_at: Some(guest.now), language, ..user })
}

async fn half_signed_in(
    context: &Context,
    guest: &Guest,
    login: Login,
    device_id: Option<DeviceId>,
    commit: Commit,
) -> Result<Response, Problem> {
    let flow_id = FlowId::new(context.uuid()?);
    let secret = Secret::new(rollcall_api::clock::random()?);
    let ticket = Ticket::new(flow_id, token::hash(&secret), login, device_id, guest.now);
    context.store.commit(commit.and(flow::begin_ticket(&ticket)?)).await?;
    let (expires_at, methods) = (ticket.expires_at, ["totp", "recovery_code"]);
    let ticket = token::encode_ticket(&TicketToken { flow_id, secret });
    Ok(Reply::ok(&HalfSignedIn { mfa: Mfa { ticket, expires_at, methods } })?.into_response())
}

/// The second step of a sign-in.
#[derive(ToSchema)]
#[schema(as = SecondStep)]
#[expect(dead_code, reason = "describes the body that `sign_in_with_second_factor` reads")]
pub(crate) struct SecondStepBody {
    ticket: String,
    /// Six digits from the authenticator app; either this or a recovery code.
    #[schema(pattern = "^[0-9]{6}$")]
    code: Option<String>,
    /// One of the recovery codes, this once.
    recovery_code: Option<String>,
    /// As at the first step, which does not remember it.
    #[schema(pattern = "^(bearer|cookie)$")]
    transport: Option<String>,
}

/// Ends a sign-in with the second factor.
#[utoipa::path(post, path = "/v1/login/totp", tag = "public", request_body = SecondStepBody, responses((status = 200, body = SignedIn)))]
pub(crate) async fn sign_in_with_second_factor(
    State(context): State<Context>,
    guest: Guest,
) -> Result<Response, Problem> {
    let mut fields = fields_of(&context, &guest)?;
    let ticket: Option<String> = fields.required("ticket");
    let typed = SecondFactor::read(&mut fields);
    let transport = read_transport(&mut fields);
    let (ticket, typed) = fields.finish(|| ticket.zip(typed))?;

    let ticket = ticket_of(&context, &guest, &ticket).await?;
    let lanes = vec![
        throttle::network_lane(&context, guest.address).await?,
        throttle::lane(&context, Kind::Totp, &ticket.login.key(), ticket.device_id).await?,
    ];
    let (credential, found) = context.store.credential_and_lanes(Some(&ticket.login), &lanes).await?;
    let credential = credential.filter(|credential| credential.enabled).ok_or(Code::InvalidCode)?;
    let attempt = Attempt::reserve(&context, lanes, found, guest.now).await?;
    context.store.try_ticket(ticket.flow_id, guest.now).await?.ok_or(Code::InvalidCode)?;
    let used = second_factor::check(&context, &typed, &credential, &ticket.login, guest.now).await?;
    let used = used.ok_or(Code::InvalidCode)?;

    let user = user_of(&context, &guest, &credential).await?;
    let mut commit = Commit::new(attempt.succeeded()).and(flow::end_ticket(&ticket)).and(used.write);
    if let Some(left) = used.recovery_codes_left {
        let message = Message::RecoveryCodeUsed { login: user.login.clone(), left };
        commit.extend(context.tell(&user, message, guest.now)?);
    }
    Beginning { user, device_id: ticket.device_id, transport, commit }.begin(&context, &guest).await
}

/// The ticket of this text, while it can be used.
async fn ticket_of(context: &Context, guest: &Guest, text: &str) -> Result<Ticket, Problem> {
    let token = token::decode_ticket(text).ok_or(Code::InvalidCode)?;
    let ticket = context.store.ticket(token.flow_id).await?.ok_or(Code::InvalidCode)?;
    let is_proven = bool::from(token::hash(&token.secret).as_bytes().ct_eq(ticket.secret_hash.as_bytes()));
    let is_open = guest.now < ticket.expires_at && ticket.tries < MAX_TICKET_TRIES;
    if is_proven && is_open { Ok(ticket) } else { Err(Code::InvalidCode.into()) }
}

/// A session about to begin, for a user who proved to be it.
struct Beginning {
    user: User,
    /// The device, if it signed in before.
    device_id: Option<DeviceId>,
    transport: Transport,
    /// What is written with the session.
    commit: Commit,
}

impl Beginning {
    async fn begin(self, context: &Context, guest: &Guest) -> Result<Response, Problem> {
        let (user, lifetime) = (&self.user, context.config.sessions.of(&self.user));
        let (session, token) = new_session(context, guest, user)?;
        let mut commit = self.commit.and(rollcall_store::session::create(&session, lifetime)?);
        commit.extend([rollcall_store::user::signed_in(user, guest.now)?]);
        if self.device_id.is_none() {
            commit.extend(context.tell(user, new_device(guest, user), guest.now)?);
        }
        let device_id = self.device_id.map_or_else(|| context.uuid().map(DeviceId::new), Ok)?;
        let mark = device::mark(context, device_id, &user.login, guest.now).await?;
        context.store.commit(commit).await?;

        let (kept, cookies) = match self.transport {
            Transport::Bearer => (Some((token, mark)), Vec::new()),
            Transport::Cookie => {
                let session = token::set_cookie(SESSION_COOKIE, &token, lifetime.age.as_secs());
                (None, vec![session, token::set_cookie(DEVICE_COOKIE, &mark, DEVICE_LIFETIME.as_secs())])
            }
        };
        let (token, device_token) = kept.unzip();
        let expires_at = session.expires_at(lifetime);
        let reply = Reply::ok(&SignedIn { user: user.into(), expires_at, token, device_token })?;
        let cookies = AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
        Ok((cookies, reply).into_response())
    }
}

fn new_session(context: &Context, guest: &Guest, user: &User) -> Result<(Session, String), Problem> {
    let session_id = SessionId::new(context.uuid()?);
    let secret = Secret::new(rollcall_api::clock::random()?);
    let session = Session {
        session_id,
        user_id: user.user_id,
        secret_hash: token::hash(&secret),
        epoch: user.epoch,
        created_at: guest.now,
        last_seen_at: guest.now,
        address: guest.address,
        user_agent: guest.user_agent.clone(),
    };
    Ok((session, token::encode(&SessionToken { user_id: user.user_id, session_id, secret })))
}

fn new_device(guest: &Guest, user: &User) -> Message {
    let (login, address, user_agent) = (user.login.clone(), guest.address, guest.user_agent.clone());
    Message::NewDevice { login, address, user_agent }
}

/// Ends the calling session.
#[utoipa::path(post, path = "/v1/logout", tag = "own identity", responses((status = 204)))]
pub(crate) async fn sign_out(State(context): State<Context>, call: Call) -> Result<impl IntoResponse, Problem> {
    call.no_input()?;
    context.store.commit(rollcall_store::session::end(&call.actor.session)).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, token::set_cookie(SESSION_COOKIE, "", 0))]), Reply::no_content()))
}
