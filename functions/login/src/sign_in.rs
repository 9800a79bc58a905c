//! Signing in with login and password.

use axum::{extract::State, response::Response};
use rollcall_api::{
    Context, Problem, PublicRequest,
    password::{self, Verdict},
    token::Transport,
};
use rollcall_domain::{Code, Fields, Refusal, credential::PasswordHash, password::Password, text::Login};
use rollcall_store::CommitError;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::{
    authentication::PasswordAttempt,
    session::{SessionStart, SignedIn, failed, fields_of, read_transport},
    ticket::{SecondFactorRequired, require_second_factor},
};

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
    /// The login as typed, in the form that is throttled.
    subject: String,
    login: Option<Login>,
    password: Password,
    transport: Transport,
    device_token: Option<String>,
}

impl SignIn {
    /// Reads the body. An invalid login is no violation: it is treated as an unknown login.
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

/// Both replies, for the API document.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two replies of a sign-in")]
pub(crate) enum SignInReply<'a> {
    SignedIn(SignedIn<'a>),
    SecondFactorRequired(SecondFactorRequired),
}

/// `POST /v1/login`: signs in with login and password. With a second factor this is the first of two steps.
///
/// Every failure costs the same reads, writes and one hash, so neither reply nor latency reveals whether the login is
/// unknown, the password wrong or the user disabled.
#[utoipa::path(
    post,
    path = "/v1/login",
    tag = "public",
    request_body = SignInBody,
    responses((status = 200, body = SignInReply)),
)]
pub(crate) async fn sign_in(State(context): State<Context>, guest: PublicRequest) -> Result<Response, Problem> {
    let fields = fields_of(&context, &guest)?;
    let typed = SignIn::read(fields)?;
    let (subject, login, device_token) = (&typed.subject, typed.login.as_ref(), typed.device_token.as_deref());
    let tried = PasswordAttempt { subject, login, device_token, password: typed.password.clone() };
    let tried = tried.make(&context, &guest).await?;
    let credential = tried.credential.filter(|credential| credential.enabled && tried.verdict != Verdict::Wrong);
    let Some((login, credential)) = typed.login.zip(credential) else {
        return Err(failed(Code::InvalidCredentials));
    };
    if tried.verdict == Verdict::RightButOutdated {
        rehash(&context, &login, &credential.password, typed.password).await?;
    }
    let writes = tried.attempt.succeeded();
    if credential.totp.is_some() {
        return require_second_factor(&context, &guest, (login, &credential), tried.device_id, writes).await;
    }
    let (device_id, transport, refusal) = (tried.device_id, typed.transport, Code::InvalidCredentials);
    let beginning = SessionStart { credential: &credential, device_id, transport, writes, notice: None, refusal };
    beginning.begin(&context, &guest).await
}

/// Stores a new hash with current parameters and pepper. Of several concurrent sign-ins one writes it; the others go on
/// without.
async fn rehash(context: &Context, login: &Login, old: &PasswordHash, password: Password) -> Result<(), Problem> {
    let better = password::hash(context, password).await?;
    let write = rollcall_store::user::rehash(login, old, &better);
    match context.record([write]).await {
        Ok(()) | Err(CommitError::Refused(_)) => Ok(()),
        Err(CommitError::Fault(fault)) => Err(fault.into()),
    }
}
