//! Signing in with login and password.

use axum::{extract::State, response::Response};
use rollcall_api::{
    Context, Problem, PublicRequest,
    authentication::{DeviceEvidence, PasswordAttempt},
    password::{self, Verdict},
    token::Transport,
};
use rollcall_domain::{Code, credential::PasswordHash, password::Password, request_body, text::Login};
use rollcall_store::CommitError;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::{
    session::{SessionStart, SignedIn, fields_of, read_transport},
    ticket::{SecondFactorRequired, require_second_factor},
};

request_body! {
    /// Login and password.
    #[schema(as = SignIn)]
    pub(crate) struct SignInBody from (fields) {
        /// The login as typed. One that no user can have is treated as an unknown one.
        #[schema(example = "mina")]
        login: String,
        /// The password as typed.
        password: Password,
        /// Whether the reply has the session's token or sets it as a cookie; `bearer` if it is left out.
        #[schema(value_type = Option<Transport>)]
        transport: Transport = Some(read_transport(fields)),
        /// The mark of a known device. The known devices of a login share a throttle, apart from unknown devices. The
        /// cookie counts as well.
        device_token: Option<String>,
    }
}

/// How much of a login is looked at: more than a login has, with room for blanks around it.
const MAX_LOGIN_CHARS_READ: usize = 256;

/// The session, or the ticket for the second step if the user has a second factor.
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
    operation_id = "sign_in",
    tag = "public",
    request_body = SignInBody,
    responses((status = 200, body = SignInReply, headers(("Set-Cookie")))),
    extensions(("x-codes" = json!([Code::CrossSiteRequest, Code::InvalidCredentials, Code::TooManyAttempts]))),
)]
pub(crate) async fn sign_in(State(context): State<Context>, request: PublicRequest) -> Result<Response, Problem> {
    let typed = fields_of(&context, &request)?.parse(SignInBody::read)?;
    // Spellings of one login that look alike share a throttle. No user has a login as long as what is cut off.
    let subject = typed.login.nfkc().take(MAX_LOGIN_CHARS_READ).collect::<String>().trim().to_lowercase();
    let (login, device) = (Login::parse(&subject).ok(), DeviceEvidence::Mark(typed.device_token.as_deref()));
    let password = typed.password.clone();
    let tried = PasswordAttempt { subject: &subject, login: login.as_ref(), device, password };
    let tried = tried.make(&context, &request).await?;
    let proven = tried.credential.filter(|_| tried.verdict != Verdict::Wrong);
    if proven.as_ref().is_some_and(|credential| !credential.enabled) {
        request.requester.found_disabled();
    }
    let credential = proven.filter(|credential| credential.enabled);
    let (login, credential) = login.zip(credential).ok_or(Code::InvalidCredentials)?;
    if tried.verdict == Verdict::RightButOutdated {
        rehash(&context, &login, credential.password.as_ref(), typed.password).await?;
    }
    let writes = tried.attempt.succeeded();
    if credential.totp.is_some() {
        return require_second_factor(&context, &request, (login, &credential), tried.device_id, writes).await;
    }
    let (device_id, transport, refusal) = (tried.device_id, typed.transport, Code::InvalidCredentials);
    let beginning = SessionStart { credential: &credential, device_id, transport, writes, notice: None, refusal };
    beginning.begin(&context, &request).await
}

/// Stores a new hash with current parameters and pepper. Of several concurrent sign-ins one writes it; the others go on
/// without.
async fn rehash(
    context: &Context,
    login: &Login,
    old: Option<&PasswordHash>,
    password: Password,
) -> Result<(), Problem> {
    let Some(old) = old else { return Ok(()) };
    let better = password::hash(context, password).await?;
    let write = rollcall_store::credential::rehash(login, old, &better);
    match context.record([write]).await {
        Ok(()) | Err(CommitError::Refused(_)) => Ok(()),
        Err(CommitError::Fault(fault)) => Err(fault.into()),
    }
}
