//! Asking for a mailed code, which proves an email address.
//!
//! Every step reads and writes the same for an address that a user has as for one that nobody has, so that neither the
//! reply nor its latency reveals which it is.
//!
//! Each request for a code begins a flow of its own, unless it names the flow that it continues. So nobody can use up,
//! or join, the flow of somebody else who asks for the same address. How often an address can be guessed at is bounded
//! by the mails to it.

use std::pin::Pin;

use rollcall_domain::{
    Code, Refusal, Timestamp,
    email::Email,
    id::{FlowId, UserId},
    mail::{Language, Message},
    throttle::ThrottleKind,
    user::User,
    verification::{FlowPurpose, Mailing, Verification},
};
use rollcall_store::{
    Bookkeeping,
    flow::{self, AddressState, FlowRef},
    outbox,
    throttle::ThrottleId,
};

use crate::{
    actor::Actor,
    context::Context,
    device::Mark,
    mailed_code,
    problem::Problem,
    request::PublicRequest,
    retry::retry_on_conflict,
    throttle::{self, Attempt},
};

/// Who asks for a mailed code, and what for.
#[derive(Clone, Copy, Debug)]
pub enum VerificationRequest<'a> {
    /// Somebody without an account, to register. Names the flow to continue, if there is one.
    Registration(Option<FlowId>),
    /// Somebody without a session, to set a new password. Names the flow to continue, if there is one.
    PasswordReset(Option<FlowId>),
    /// This signed-in user, to bind the address to their account.
    EmailChange(&'a Actor),
}

impl VerificationRequest<'_> {
    fn purpose(self) -> FlowPurpose {
        match self {
            Self::Registration(_) => FlowPurpose::Registration,
            Self::PasswordReset(_) => FlowPurpose::PasswordReset,
            Self::EmailChange(_) => FlowPurpose::EmailChange,
        }
    }

    /// The flow to continue.
    fn continued(self) -> Option<FlowRef> {
        match self {
            Self::Registration(flow_id) | Self::PasswordReset(flow_id) => {
                flow_id.map(|flow_id| FlowRef { flow_id, purpose: self.purpose() })
            }
            Self::EmailChange(_) => None,
        }
    }
}

/// The flow of a user's change of address. A user has one at a time, so it needs no id of its own.
pub fn email_change_of(user_id: UserId) -> FlowId {
    FlowId::from_bytes(*user_id.as_bytes())
}

/// A flow that is about to begin or to continue: what to write for it, the mail included, and the count of its mail.
#[must_use = "a flow begins with the commit of its writes"]
pub struct BegunFlow {
    /// The flow after the request.
    pub flow: Verification,
    /// What to write.
    pub writes: Vec<Bookkeeping>,
    /// The mail as counted against the network and the user. Taken back unless the writes are committed.
    pub counted: Attempt,
}

/// Begins a flow, or continues the one that the request names.
///
/// Boxed: without it, the nested future types exceed the compiler's recursion limit.
pub fn begin<'a>(
    context: &'a Context,
    request: &'a PublicRequest,
    wanted: VerificationRequest<'a>,
    email: Email,
) -> Pin<Box<dyn Future<Output = Result<BegunFlow, Problem>> + Send + 'a>> {
    Box::pin(begun(context, request, wanted, email))
}

async fn begun(
    context: &Context,
    request: &PublicRequest,
    wanted: VerificationRequest<'_>,
    email: Email,
) -> Result<BegunFlow, Problem> {
    let now = request.now;
    let throttles = mail_throttles(context, request, wanted).await?;
    let (purpose, canonical) = (wanted.purpose().word(), email.canonical());
    let (hash, network) = throttle::mailing_hashes(context, purpose, &canonical, request.address).await?;
    let state = context.store.address_state(&canonical, &hash, wanted.continued(), &throttles).await?;
    let AddressState { owner, mailings, flow: named, throttles: found } = state;
    // Without an owner an id that nobody has is read, so that the number of reads is the same.
    let owner = context.store.user(owner.unwrap_or(UserId::from_bytes([0; 16]))).await?;
    let known = user_of_known_device(context, request, wanted, owner.as_ref()).await?;
    let is_owners_device = known.is_some() && known == owner.as_ref().map(|owner| owner.user_id);
    let sent = mailings.clone().unwrap_or_default();
    let sent_at = sent.next(&network, is_owners_device, now);
    let sent_at = sent_at.map_err(|wait| Refusal::wait(Code::TooManyRequests, wait))?;
    let throttles = throttles.into_iter().map(|throttle| throttle.for_device(known.is_some())).collect();
    let counted = Attempt::reserve(context, throttles, found, now).await?;

    let named = named.filter(|flow| flow.is_open(now) && flow.email.canonical() == canonical);
    let (flow, write) = next_flow(context, wanted, (named, owner.as_ref()), email, (now, sent_at)).await?;
    let sent = sent.with(Mailing { sent_at, network }, now);
    let (to, message) = mail(wanted, owner.as_ref(), &flow);
    let language = language(request, wanted, owner.as_ref(), to.as_ref());
    let mail = context.mail(to, language, message, now)?.due_at(sent_at);
    let writes = vec![write, flow::save_mailings(&hash, mailings.as_ref(), &sent)?, outbox::put(&mail)?];
    Ok(BegunFlow { flow, writes, counted })
}

/// [`begin`] for a public request, written at once and retried on conflicts with concurrent requests.
pub async fn start(
    context: &Context,
    request: &PublicRequest,
    wanted: VerificationRequest<'_>,
    email: Email,
) -> Result<Verification, Problem> {
    let begun = retry_on_conflict(|| async {
        let BegunFlow { flow, writes, counted } = begin(context, request, wanted, email.clone()).await?;
        let recorded = context.record(writes).await.map_err(Problem::from);
        counted.undo_unless_done(context, recorded).await?;
        Ok(flow)
    });
    // Only requests for mails to the same address compete.
    match begun.await {
        Err(problem) if problem.is(Code::Conflict) => {
            Err(Refusal::wait(Code::TooManyRequests, throttle::WAIT_AFTER_CONTENTION).into())
        }
        begun => begun,
    }
}

/// The throttles of mails with a code, whatever their addresses.
async fn mail_throttles(
    context: &Context,
    request: &PublicRequest,
    wanted: VerificationRequest<'_>,
) -> Result<Vec<ThrottleId>, Problem> {
    let mut throttles = vec![throttle::of_network(context, ThrottleKind::MailingNetwork, request.address).await?];
    if let VerificationRequest::EmailChange(actor) = wanted {
        let user_id = actor.user.user_id.to_string();
        throttles.push(throttle::of_subject(context, ThrottleKind::MailingUser, &user_id).await?);
    }
    Ok(throttles)
}

/// The user on whose known device the request is made, if it is one: the caller, or else the owner of the address.
async fn user_of_known_device(
    context: &Context,
    request: &PublicRequest,
    wanted: VerificationRequest<'_>,
    owner: Option<&User>,
) -> Result<Option<UserId>, Problem> {
    if let VerificationRequest::EmailChange(actor) = wanted {
        return Ok(actor.known_device().map(|_| actor.user.user_id));
    }
    let mark = Mark::read(context, request, None, owner.map(|owner| &owner.login)).await?;
    Ok(mark.filter(|mark| mark.is_of(owner)).map(|mark| mark.user_id))
}

/// The flow with a new code: the named one continued, or a new one; and the write that stores it.
async fn next_flow(
    context: &Context,
    wanted: VerificationRequest<'_>,
    (named, owner): (Option<Verification>, Option<&User>),
    email: Email,
    (now, sent_at): (Timestamp, Timestamp),
) -> Result<(Verification, Bookkeeping), Problem> {
    let code = mailed_code::draw(context).await?;
    let owner_id = owner.map(|owner| owner.user_id);
    if let Some(flow) = named {
        let flow = flow.resent(owner_id, code, sent_at);
        let write = flow::continue_verification(&flow, now)?;
        return Ok((flow, write));
    }
    let (flow_id, user_id) = match wanted {
        VerificationRequest::EmailChange(Actor { user, .. }) => (email_change_of(user.user_id), Some(user.user_id)),
        VerificationRequest::Registration(_) | VerificationRequest::PasswordReset(_) => {
            (FlowId::new(context.uuid()?), owner_id)
        }
    };
    let flow = Verification::begin(flow_id, wanted.purpose(), email, user_id, code, sent_at);
    let write = flow::begin_verification(&flow)?;
    Ok((flow, write))
}

/// The mail to send, and where. A code goes only to an address it can be used for. A user who has verified the address
/// is told of anybody else's attempt instead.
fn mail(wanted: VerificationRequest<'_>, owner: Option<&User>, flow: &Verification) -> (Option<Email>, Message) {
    let code = flow.purpose.message(flow.code.clone());
    let verified = |owner: &User| owner.verified_email().cloned();
    match (wanted, owner) {
        (VerificationRequest::Registration(_), Some(owner)) => {
            (verified(owner), Message::AddressTaken { login: owner.login.clone() })
        }
        (VerificationRequest::EmailChange(actor), Some(owner)) if owner.user_id != actor.user.user_id => {
            (verified(owner), Message::AddressTaken { login: owner.login.clone() })
        }
        (VerificationRequest::PasswordReset(_), owner) => (owner.and_then(verified), code),
        (VerificationRequest::Registration(_), None) | (VerificationRequest::EmailChange(_), _) => {
            (Some(flow.email.clone()), code)
        }
    }
}

/// The language of the mail: the recipient's if the recipient is a user, else the browser's.
fn language(
    request: &PublicRequest,
    wanted: VerificationRequest<'_>,
    owner: Option<&User>,
    to: Option<&Email>,
) -> Language {
    let caller = match wanted {
        VerificationRequest::EmailChange(actor) => Some(&actor.user),
        VerificationRequest::Registration(_) | VerificationRequest::PasswordReset(_) => None,
    };
    let recipient = owner.filter(|owner| to == owner.verified_email()).or(caller);
    recipient.map_or(request.language.unwrap_or_default(), |recipient| recipient.language)
}
