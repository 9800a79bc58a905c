//! The second step of a sign-in: the ticket and the second factor.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use rollcall_api::{
    Context, Problem, PublicRequest, Reply,
    clock::random,
    second_factor::{self, PendingAttempt},
    throttle,
    token::{self, Transport},
};
use rollcall_domain::{
    Code, Timestamp,
    body::ReadElsewhere,
    credential::Credential,
    id::{DeviceId, FlowId},
    limits::MAX_TICKET_TRIES,
    mail::Message,
    request_body,
    session::{Secret, SignInTicket, SignInTicketToken},
    text::Login,
    throttle::ThrottleKind,
    totp::{SecondFactorInput, TotpCode},
};
use rollcall_store::{Bookkeeping, flow};
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::session::{SessionStart, SignedIn, fields_of, read_transport};

/// The reply to a right password if the second factor is still needed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorRequired {
    /// What the second step needs.
    mfa: Mfa,
}

/// What the second step needs.
#[derive(Serialize, ToSchema)]
pub(crate) struct Mfa {
    /// Valid for the second step only; it is not a session.
    #[schema(pattern = "^[A-Za-z0-9_-]{64}$")]
    ticket: String,
    /// When the ticket expires.
    expires_at: Timestamp,
    /// What the second step takes.
    #[schema(value_type = Vec<SecondFactorMethod>, min_items = 2, max_items = 2)]
    methods: [&'static str; 2],
}

/// A kind of second factor.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words in `Mfa::methods`")]
enum SecondFactorMethod {
    Totp,
    RecoveryCode,
}

/// Issues the ticket that the second step takes.
pub(crate) async fn require_second_factor(
    context: &Context,
    request: &PublicRequest,
    (login, credential): (Login, &Credential),
    device_id: Option<DeviceId>,
    mut writes: Vec<Bookkeeping>,
) -> Result<Response, Problem> {
    let flow_id = FlowId::new(context.uuid()?);
    let secret = Secret::new(random()?);
    let ticket = SignInTicket::new(flow_id, token::hash(&secret), login, credential, device_id, request.now);
    writes.push(flow::begin_ticket(&ticket)?);
    context.record(writes).await?;
    let (expires_at, methods) = (ticket.expires_at, ["totp", "recovery_code"]);
    let ticket = token::encode_ticket(&SignInTicketToken { flow_id, secret });
    Ok(Reply::ok(&SecondFactorRequired { mfa: Mfa { ticket, expires_at, methods } })?.into_response())
}

request_body! {
    /// The second step of a sign-in: either `code` or `recovery_code`.
    #[schema(as = SecondStep, title = "code | recovery_code")]
    pub(crate) struct SecondStepBody from (fields) {
        /// The ticket of the first step.
        ticket: String,
        /// Six digits from the authenticator app.
        #[schema(value_type = Option<TotpCode>)]
        code: SecondFactorInput = SecondFactorInput::read(fields),
        /// An unused recovery code. Case, spaces and hyphens do not count.
        #[schema(value_type = Option<String>, example = "ABCDEFGHIJKLM-NOPQRSTUVWXYZ")]
        recovery_code: ReadElsewhere,
        /// As in the first step. The ticket does not store it.
        #[schema(value_type = Option<Transport>)]
        transport: Transport = Some(read_transport(fields)),
    }
}

/// `POST /v1/login/totp`: completes a sign-in with the second factor.
#[utoipa::path(
    post,
    path = "/v1/login/totp",
    operation_id = "sign_in_with_second_factor",
    tag = "public",
    request_body = SecondStepBody,
    responses((status = 200, body = SignedIn, headers(("Set-Cookie")))),
    extensions(("x-codes" = json!([Code::CrossSiteRequest, Code::InvalidCode, Code::TooManyAttempts]))),
)]
pub(crate) async fn sign_in_with_second_factor(
    State(context): State<Context>,
    request: PublicRequest,
) -> Result<Response, Problem> {
    let body = fields_of(&context, &request)?.parse(SecondStepBody::read)?;
    let (typed, transport) = (body.code, body.transport);
    let ticket = ticket_of(&context, &request, &body.ticket).await?;
    request.requester.identify(ticket.user_id);
    let is_known_device = ticket.device_id.is_some();
    let network = throttle::of_network(&context, ThrottleKind::Network, request.address).await?;
    let network = Some(network.for_device(is_known_device));
    let pending = PendingAttempt::read(&context, &ticket.login, is_known_device, network).await?;
    let credential = pending.credential.clone().filter(|credential| ticket.is_for(credential));
    let credential = credential.ok_or(Code::InvalidCode)?;
    let attempt = pending.count(&context, request.now).await?;
    context.store.count_ticket_attempt(ticket.flow_id, request.now).await?.ok_or(Code::InvalidCode)?;
    let used = second_factor::check(&context, &typed, &credential, request.now).await?;
    let used = used.ok_or(Code::InvalidCode)?;

    let mut writes = attempt.succeeded();
    writes.extend([flow::end_ticket(&ticket), used.used_up(&ticket.login)?]);
    let left = used.recovery_codes_left();
    let notice = left.map(|left| Message::RecoveryCodeUsed { login: ticket.login.clone(), left });
    let (device_id, refusal) = (ticket.device_id, Code::InvalidCode);
    let beginning = SessionStart { credential: &credential, device_id, transport, writes, notice, refusal };
    beginning.begin(&context, &request).await
}

/// Reads a ticket that is still usable.
async fn ticket_of(context: &Context, request: &PublicRequest, text: &str) -> Result<SignInTicket, Problem> {
    let token = token::decode_ticket(text).ok_or(Code::InvalidCode)?;
    let ticket = context.store.ticket(token.flow_id).await?.ok_or(Code::InvalidCode)?;
    let is_proven = bool::from(token::hash(&token.secret).as_bytes().ct_eq(ticket.secret_hash.as_bytes()));
    let is_open = request.now < ticket.expires_at && ticket.tries < MAX_TICKET_TRIES;
    if is_proven && is_open { Ok(ticket) } else { Err(Code::InvalidCode.into()) }
}
