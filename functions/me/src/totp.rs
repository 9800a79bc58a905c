//! Enrolling and removing the caller's second factor.

use axum::extract::State;
use data_encoding::BASE32_NOPAD;
use fast_qr::{QRBuilder, convert::svg::SvgBuilder};
use rollcall_api::{
    Authority, Call, Context, Plan, Problem, Reply, SessionCall,
    authentication::reauthenticate,
    clock::random,
    queue, retry_on_conflict,
    second_factor::{self, PendingAttempt},
    throttle::{self, Attempt},
};
use rollcall_domain::{
    Code,
    audit::Action,
    body::ReadElsewhere,
    credential::{Enrolment, Totp},
    limits::ENROLMENT_LIFETIME,
    mail::Message,
    password::Password,
    request_body,
    throttle::ThrottleKind,
    totp::{SecondFactorInput, TotpCode, TotpSecret},
    user::change,
};
use rollcall_store::{Commit, credential::CredentialChange, flow, session::adopt_epoch, throttle::ThrottleId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::email::CurrentPasswordBody;

/// A new secret for an authenticator app.
#[derive(Serialize, ToSchema)]
pub(crate) struct Enrolled {
    /// The secret in base 32, for typing.
    #[schema(pattern = "^[A-Z2-7]{32}$")]
    secret: String,
    /// The secret as an `otpauth` URI, for opening.
    #[schema(format = "uri", pattern = "^otpauth://totp/")]
    otpauth_uri: String,
    /// The URI as a QR code, for scanning.
    qr_svg: String,
}

request_body! {
    /// The first code of the new factor.
    #[schema(as = TotpConfirmation)]
    pub(crate) struct TotpConfirmationBody {
        /// Six digits from the authenticator app.
        code: TotpCode,
    }
}

/// Codes that replace the second factor, each for one use.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// The codes, shown once.
    #[schema(min_items = 10, max_items = 10)]
    recovery_codes: Vec<String>,
}

request_body! {
    /// The current password, and either `code` or `recovery_code`.
    #[schema(as = TotpUnbinding, title = "code | recovery_code")]
    pub(crate) struct TotpRemovalBody from (fields) {
        /// The caller's current password.
        current_password: Password,
        /// Six digits from the authenticator app.
        #[schema(value_type = Option<TotpCode>)]
        code: SecondFactorInput = SecondFactorInput::read(fields),
        /// An unused recovery code. Case, spaces and hyphens do not count.
        #[schema(value_type = Option<String>, example = "ABCDEFGHIJKLM-NOPQRSTUVWXYZ")]
        recovery_code: ReadElsewhere,
    }
}

/// `POST /v1/me/totp`: starts the enrolment of a second factor, which takes effect once its first code is confirmed.
#[utoipa::path(
    post,
    path = "/v1/me/totp",
    operation_id = "enrol_totp",
    tag = "own identity",
    request_body = CurrentPasswordBody,
    responses((status = 201, body = Enrolled, headers(("Location")))),
    extensions(("x-codes" = json!([Code::TotpEnabled, Code::TooManyAttempts]))),
)]
pub(crate) async fn start(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let CurrentPasswordBody { current_password } = call.fields()?.parse(CurrentPasswordBody::read)?;
    let proof = reauthenticate(&context, &call, current_password).await?;
    let user = &call.actor.user;
    let secret = TotpSecret::new(random()?);
    let keyring = context.keyring().await?;
    let sealed = second_factor::sealed(&keyring, user.user_id, &secret)?;
    let enrolment = Enrolment { secret: sealed, expires_at: call.now() + ENROLMENT_LIFETIME };
    let otpauth_uri = secret.uri(&user.login);
    let qr_svg = qr_code(otpauth_uri.clone()).await?;
    let enrolled = Enrolled { secret: BASE32_NOPAD.encode(secret.expose()), otpauth_uri, qr_svg };
    // The secret cannot be read again. What it is part of can: the caller's user.
    let reply = Reply::created("/v1/me".to_owned(), &enrolled)?;
    retry_on_conflict(|| async {
        let user = call.current_user(&context).await?;
        proof.check(&context, &user).await?;
        if user.totp_enabled {
            return Err(Code::TotpEnabled.into());
        }
        let writes = Commit::new([flow::begin_enrolment(user.user_id, &enrolment)?]);
        context.commit(Plan::new(Authority::OwnAccount(&call, &user), writes).reply(reply.clone())).await
    })
    .await
}

/// The QR code of a URI, as an SVG image.
async fn qr_code(uri: String) -> Result<String, Problem> {
    let drawn = queue::run(move || QRBuilder::new(uri).build().map(|code| SvgBuilder::default().to_str(&code)));
    drawn.await?.map_err(|error| Problem::Internal(format!("the otpauth URI does not fit into a QR code: {error:?}")))
}

/// `POST /v1/me/totp/confirm`: confirms the second factor with its first code. All other sessions end.
#[utoipa::path(
    post,
    path = "/v1/me/totp/confirm",
    operation_id = "confirm_totp",
    tag = "own identity",
    request_body = TotpConfirmationBody,
    responses((status = 200, body = RecoveryCodes)),
    extensions(("x-codes" = json!([Code::VerificationFailed, Code::TooManyAttempts]))),
)]
pub(crate) async fn confirm(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let TotpConfirmationBody { code } = call.fields()?.parse(TotpConfirmationBody::read)?;
    let network = throttle::of_network(&context, ThrottleKind::Network, call.request.address).await?;
    let attempt = count_attempt(&context, &call, Some(network)).await?;
    let enrolment = context.store.enrolment(call.actor.user.user_id, call.now()).await?;
    let enrolment = enrolment.ok_or(Code::VerificationFailed)?;
    let keyring = context.keyring_of(&enrolment.secret).await?;
    let secret = second_factor::opened(&keyring, call.actor.user.user_id, &enrolment.secret)?;
    let last_step = secret.step_of(&code, call.now()).ok_or(Code::VerificationFailed)?;
    let totp = Totp { secret: enrolment.secret.clone(), last_step };
    let (codes, hashes): (Vec<_>, _) = second_factor::recovery_codes()?.into_iter().unzip();
    let reply = Reply::ok(&RecoveryCodes { recovery_codes: codes })?;
    retry_on_conflict(|| async {
        let before = call.current_user(&context).await?;
        let after = before.clone().with_totp(true, call.session.device_id, call.now());
        let mut commit = rollcall_store::user::change(&before, &after, CredentialChange::Totp(&totp, &hashes))?;
        commit.extend([adopt_epoch(&call.session, &after)]);
        commit.extend([flow::end_enrolment(after.user_id, &enrolment)]);
        commit.extend(attempt.succeeded());
        let plan = Plan::new(Authority::OwnAccount(&call, &before), commit)
            .notify(&after, Message::TotpEnabled { login: after.login.clone() })
            .audit(change(Action::UserBindTotp, Some(&before), Some(&after)));
        context.commit(plan.reply(reply.clone())).await
    })
    .await
}

/// `DELETE /v1/me/totp`: removes the second factor. All other sessions end.
#[utoipa::path(
    delete,
    path = "/v1/me/totp",
    operation_id = "unbind_totp",
    tag = "own identity",
    request_body = TotpRemovalBody,
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::VerificationFailed, Code::TooManyAttempts]))),
)]
pub(crate) async fn unbind(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let TotpRemovalBody { current_password, code: factor, .. } = call.fields()?.parse(TotpRemovalBody::read)?;
    let proof = reauthenticate(&context, &call, current_password).await?;
    // The network has counted this request's password already. Counting twice could make a throttled network wait
    // again.
    let attempt = count_attempt(&context, &call, None).await?;
    retry_on_conflict(|| async {
        let before = call.current_user(&context).await?;
        proof.check(&context, &before).await?;
        let credential = context.store.credential(&before.login).await?.ok_or(Code::Unauthenticated)?;
        let used = second_factor::check(&context, &factor, &credential, call.now()).await?;
        let used = used.ok_or(Code::VerificationFailed)?;
        call.check_version(before.version)?;
        let after = before.clone().with_totp(false, call.session.device_id, call.now());
        // The code is checked once more with the removal, so that a concurrent sign-in cannot use it, too.
        let mut commit = rollcall_store::user::change(&before, &after, CredentialChange::NoTotp)?
            .with_checks([used.still_unused(&before.login)]);
        commit.extend([adopt_epoch(&call.session, &after)]);
        commit.extend(attempt.succeeded());
        let plan = Plan::new(Authority::OwnAccount(&call, &before), commit)
            .notify(&after, Message::TotpDisabled { login: after.login.clone() })
            .audit(change(Action::UserUnbindTotp, Some(&before), Some(&after)));
        context.commit(plan).await
    })
    .await
}

/// Counts an attempt at the caller's second factor and, if given, in a network's throttle.
async fn count_attempt(context: &Context, call: &Call, network: Option<ThrottleId>) -> Result<Attempt, Problem> {
    let is_known_device = call.actor.known_device().is_some();
    let network = network.map(|network| network.for_device(is_known_device));
    let pending = PendingAttempt::read(context, &call.actor.user.login, is_known_device, network).await?;
    pending.count(context, call.now()).await
}
