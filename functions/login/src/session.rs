//! Signing in and out.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{AppendHeaders, IntoResponse},
};
use rollcall_api::{
    Call, Context, Guest, Problem, Reply,
    password::{self, Password},
    token::{self, SESSION_COOKIE, Transport},
};
use rollcall_domain::{
    Code, Fields, FromField, Invalid, Refusal, Timestamp, ViolationCode,
    id::{SessionId, UserId},
    session::{Session, SessionSecret, SessionToken},
    text::Login,
    user::{Status, User, UserView},
};
use rollcall_store::{Commit, user::Credential};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

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
    /// The mark of a device that signed in before. It is taken and changes nothing while sign-ins are not throttled.
    device_token: Option<String>,
}

struct SignIn {
    login: Option<Login>,
    password: Password,
    transport: Transport,
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

impl SignIn {
    /// Reads what was typed. A login that could not exist is not a mistake to point out but a login nobody has.
    fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let login: Option<String> = fields.required("login");
        let password: Option<String> = fields.required("password");
        let transport = fields.optional("transport").map_or(Transport::Bearer, |TransportField(transport)| transport);
        // Clients may send the mark of their device already; it matters once there is a throttle to spare it from.
        let _: Option<String> = fields.optional("device_token");
        fields.finish(|| {
            let typed: String = login?.nfkc().collect();
            let login = Login::parse(typed.trim()).ok();
            Some(Self { login, password: Password::new(&password?), transport })
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
}

/// Signs in with login and password.
#[utoipa::path(post, path = "/v1/login", tag = "public", request_body = SignInBody, responses((status = 200, body = SignedIn)))]
pub(crate) async fn sign_in(State(context): State<Context>, guest: Guest) -> Result<impl IntoResponse, Problem> {
    let fields = guest.fields()?;
    if fields.says("transport", "cookie") {
        guest.check_same_origin(&context)?;
    }
    let typed = SignIn::read(fields)?;
    let (user, credential) = proven(&context, typed.login.as_ref(), typed.password).await?;
    let (session, token) = begin(&context, &guest, &user)?;
    let began = rollcall_store::session::create(&session, &user)?;
    let seen = rollcall_store::user::signed_in(&user, &credential, guest.now)?;
    context.store.commit(Commit::new([began]).extended(seen)).await?;

    let user = User { last_login_at: Some(guest.now), ..user };
    let (token, cookie) = match typed.transport {
        Transport::Bearer => (Some(token), None),
        Transport::Cookie => (None, Some(cookie(&token, user.session_lifetime().age.as_secs()))),
    };
    let reply = Reply::ok(&SignedIn { user: (&user).into(), expires_at: session.expires_at(&user), token })?;
    Ok((AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie))), reply))
}

/// The enabled user whose login and password these are, and the proof. Whatever is wrong, the same is read and one hash
/// is computed: nobody learns from the time whether it was the login, the password or the user.
async fn proven(context: &Context, login: Option<&Login>, password: Password) -> Result<(User, Credential), Problem> {
    let credential = context.store.credential(login).await?;
    let user_id = credential.as_ref().map_or(UserId::from_bytes([0; 16]), |credential| credential.user_id);
    let user = context.store.user(user_id).await?.filter(|user| user.status == Status::Enabled);
    let is_right = password::verify(context, password, credential.as_ref()).await?;
    Ok(user.zip(credential).filter(|_| is_right).ok_or(Code::InvalidCredentials)?)
}

fn begin(context: &Context, guest: &Guest, user: &User) -> Result<(Session, String), Problem> {
    let session_id = SessionId::new(context.uuid()?);
    let secret = SessionSecret::new(rollcall_api::clock::random()?);
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

/// Ends the calling session.
#[utoipa::path(post, path = "/v1/logout", tag = "own identity", responses((status = 204)))]
pub(crate) async fn sign_out(State(context): State<Context>, call: Call) -> Result<impl IntoResponse, Problem> {
    call.no_input()?;
    context.store.commit(rollcall_store::session::end(&call.actor.session)).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie("", 0))]), Reply::no_content()))
}

/// The session's cookie for this many seconds; none at all ends it.
fn cookie(token: &str, seconds: u64) -> HeaderValue {
    let cookie = format!("{SESSION_COOKIE}={token}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(cookie).expect("base64 and digits are header characters")
}
