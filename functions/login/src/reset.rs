//! Resetting a forgotten password by a verified address.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Context, IdempotentRequest, Plan, Problem, PublicRequest, Reply,
    code_attempt::{PendingFlow, ProvenFlow},
    password, retry_on_conflict,
    throttle::LoginThrottles,
    verification::{self, VerificationRequest},
};
use rollcall_domain::{
    Code,
    audit::Action,
    body::ReadElsewhere,
    credential::PasswordHash,
    digits::EightDigits,
    email::Email,
    id::FlowId,
    mail::Message,
    password::{NewPassword, Password, PasswordRule},
    request_body,
    throttle::ThrottleKind,
    user::{User, change},
    verification::{FlowPurpose, Started, Verification},
};
use rollcall_store::credential::{CredentialChange, SecondFactorChange};
use serde::Serialize;
use utoipa::ToSchema;

request_body! {
    /// The address to mail the code to.
    #[schema(as = ResetStart)]
    pub(crate) struct ResetStartBody {
        /// An address that its user has verified.
        email: Email,
        /// A reset with this address to continue with a new code. Without one, or if it has ended, a new one begins.
        reset_id: Option<FlowId>,
    }
}

/// A reset that waits for its code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetStarted {
    /// Identifies the reset, for its completion.
    reset_id: FlowId,
    #[serde(flatten)]
    started: Started,
}

request_body! {
    /// The mailed code and the new password.
    #[schema(as = ResetCompletion)]
    pub(crate) struct ResetCompletionBody from (fields, rule: &PasswordRule) {
        /// The mailed code.
        code: EightDigits,
        /// The new password.
        // The rule against the user's own names is checked after the code: before, it would reveal whose address it is.
        #[schema(value_type = NewPassword)]
        password: Password = rule.read_twice(fields, &[]),
        /// The new password once more.
        #[schema(value_type = Password)]
        password_confirmation: ReadElsewhere,
    }
}

/// `POST /v1/password-resets`: mails a code to the user who has verified the address. The reply is the same if nobody
/// has.
#[utoipa::path(
    post,
    path = "/v1/password-resets",
    operation_id = "start_password_reset",
    tag = "public",
    request_body = ResetStartBody,
    responses((status = 202, body = ResetStarted)),
    extensions(("x-codes" = json!([Code::TooManyRequests]))),
)]
pub(crate) async fn start(State(context): State<Context>, request: PublicRequest) -> Result<Reply, Problem> {
    let ResetStartBody { email, reset_id } = request.fields()?.parse(ResetStartBody::read)?;
    let flow = verification::start(&context, &request, VerificationRequest::PasswordReset(reset_id), email).await?;
    Reply::accepted(&ResetStarted { reset_id: flow.flow_id, started: Started::from(&flow) })
}

/// `POST /v1/password-resets/{reset_id}/complete`: sets a new password. All sessions and device marks end; the second
/// factor stays, and a disabled user stays disabled.
#[utoipa::path(
    post,
    path = "/v1/password-resets/{reset_id}/complete",
    operation_id = "complete_password_reset",
    tag = "public",
    params(("reset_id" = FlowId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ResetCompletionBody,
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::Conflict, Code::VerificationFailed, Code::TooManyAttempts]))),
)]
pub(crate) async fn complete(
    State(context): State<Context>,
    Path(reset_id): Path<String>,
    call: IdempotentRequest,
) -> Result<Reply, Problem> {
    let reset_id = FlowId::parse(&reset_id).ok_or(Code::NotFound)?;
    let (request, purpose) = (&call.request, FlowPurpose::PasswordReset);
    let pending = PendingFlow::of_stranger(&context, request, reset_id, purpose).await?;
    let body = pending.parse(&context, request, |fields, rule, _| ResetCompletionBody::read(fields, rule)).await?;
    let proved = pending.try_code(&context, request, &body.code).await?;
    let user = owner(&context, &proved.flow).await?;
    match hash(&context, &user, body.password).await {
        Ok(hash) => retry_on_conflict(|| commit(&context, &call, &proved, &hash)).await,
        // The code was right.
        Err(problem) => Err(proved.fail(&context, problem).await),
    }
}

/// The hash of a password that obeys the rule for this user, too: the estimate finds their names in other spellings.
async fn hash(context: &Context, user: &User, password: Password) -> Result<PasswordHash, Problem> {
    password::check(context, password.clone(), &user.names()).await?;
    password::hash(context, password).await
}

async fn commit(
    context: &Context,
    call: &IdempotentRequest,
    proved: &ProvenFlow,
    hash: &PasswordHash,
) -> Result<Reply, Problem> {
    let now = call.request.now;
    let before = owner(context, &proved.flow).await?;
    let after = before.clone().with_new_password(false, None, now).with_keys_ended();
    let mut commit =
        rollcall_store::user::change(&before, &after, CredentialChange::Password(hash, SecondFactorChange::Kept))?;
    commit.extend(proved.succeeded()?);
    commit.extend(LoginThrottles::of(context, ThrottleKind::Password, &before.login.key()).await?.clear());
    let plan = Plan::new(Authority::Proven(call, &before), commit)
        .notify(&after, Message::PasswordChanged { login: after.login.clone() })
        .audit(change(Action::UserSetPassword, Some(&before), Some(&after)));
    context.commit(plan).await
}

/// The user to reset. They must still have the address that the code was mailed to.
async fn owner(context: &Context, flow: &Verification) -> Result<User, Problem> {
    let user_id = flow.user_id.ok_or(Code::VerificationFailed)?;
    let user = context.store.user(user_id).await?;
    let canonical = flow.email.canonical();
    let owns = |user: &User| user.verified_email().is_some_and(|email| email.canonical() == canonical);
    Ok(user.filter(owns).ok_or(Code::VerificationFailed)?)
}
