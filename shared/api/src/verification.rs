//! Proving an email address by a mailed code.
//!
//! Every step reads and writes the same for an address that a user has as for one that nobody has, so that neither the
//! reply nor its latency reveals which it is.

use std::time::Duration;

use rollcall_domain::{
    Code, Refusal, Timestamp,
    digits::EightDigits,
    email::Email,
    id::{FlowId, UserId},
    limits::{MAILS_PER_ADDRESS, MAILS_PER_ADDRESS_TO_BIND, MAILS_PER_NETWORK_AND_ADDRESS},
    mail::{Language, Message},
    throttle::ThrottleKind,
    user::User,
    verification::{FlowPurpose, Mailings, Verification},
};
use rollcall_store::{
    Bookkeeping, CommitError,
    flow::{self, AddressState},
};
use subtle::ConstantTimeEq;

use crate::{
    call::PublicRequest,
    context::Context,
    mailed_code,
    problem::Problem,
    retry::retry_on_conflict,
    throttle::{self, Attempt},
};

/// Who asks for a mailed code, and what for.
#[derive(Clone, Copy, Debug)]
pub enum VerificationRequest<'a> {
    /// Somebody without an account, to register.
    Registration,
    /// Somebody without a session, to set a new password.
    PasswordReset,
    /// This user, to bind the address to their account.
    EmailChange(&'a User),
}

impl VerificationRequest<'_> {
    fn purpose(self) -> FlowPurpose {
        match self {
            Self::Registration => FlowPurpose::Registration,
            Self::PasswordReset => FlowPurpose::PasswordReset,
            Self::EmailChange(_) => FlowPurpose::EmailChange,
        }
    }

    fn mails_per_address(self) -> &'static [(usize, Duration)] {
        match self {
            Self::EmailChange(_) => MAILS_PER_ADDRESS_TO_BIND,
            Self::Registration | Self::PasswordReset => MAILS_PER_ADDRESS,
        }
    }
}

/// The flow of a user's change of address. A user has one at a time, so it needs no id of its own.
pub fn email_change_of(user_id: UserId) -> FlowId {
    FlowId::from_bytes(*user_id.as_bytes())
}

/// Begins a flow, or continues the one this address has, and mails a code. Returns the flow and what to write for it,
/// the mail included. Within a minute of the last mail there is nothing to write.
pub async fn begin(
    context: &Context,
    request: &PublicRequest,
    wanted: VerificationRequest<'_>,
    email: Email,
) -> Result<(Verification, Vec<Bookkeeping>), Problem> {
    let counts = MailCounts::read(context, request, wanted, &email).await?;
    let (before, owner) = read_flow(context, wanted, &counts.known).await?;
    let (now, canonical) = (request.now, email.canonical());
    let live = before.clone().filter(|flow| now < flow.expires_at && flow.email.canonical() == canonical);
    if let Some(flow) = live.clone().filter(|flow| now < flow.resend_after()) {
        return Ok((flow, Vec::new()));
    }
    let after = next_flow(context, wanted, (live, owner.as_ref()), email, now).await?;
    let replaced = before.filter(|before| before.flow_id == after.flow_id);
    // A change of the address continues the count: another address does not bring more tries.
    let tries = replaced.as_ref().filter(|before| now < before.expires_at).map_or(0, |before| before.tries);
    let after = Verification { tries, ..after };
    let mut writes = vec![flow::save_verification(replaced.as_ref(), &after)?];
    writes.extend(counts.count(after.flow_id, now)?);
    let (to, message) = mail(wanted, owner.as_ref(), &after);
    let language = language(request, wanted, owner.as_ref(), to.as_ref());
    writes.push(context.mail(to, language, message, now)?);
    Ok((after, writes))
}

/// [`begin`] for a public request, written at once and retried on conflicts with concurrent requests.
pub async fn start(
    context: &Context,
    request: &PublicRequest,
    wanted: VerificationRequest<'_>,
    email: Email,
) -> Result<Verification, Problem> {
    retry_on_conflict(|| async {
        let (flow, writes) = begin(context, request, wanted, email.clone()).await?;
        context.record(writes).await?;
        Ok(flow)
    })
    .await
}

/// The mails to an address so far, and the limits on them.
struct MailCounts {
    to_address: String,
    from_network: String,
    per_address: &'static [(usize, Duration)],
    known: AddressState,
}

/// The mails counted under one hash, and the limits on them.
struct MailCount<'a> {
    hash: &'a str,
    sent: Option<&'a Mailings>,
    limits: &'static [(usize, Duration)],
}

impl MailCounts {
    async fn read(
        context: &Context,
        request: &PublicRequest,
        wanted: VerificationRequest<'_>,
        email: &Email,
    ) -> Result<Self, Problem> {
        let (purpose, canonical) = (wanted.purpose().word(), email.canonical());
        let (to_address, from_network) =
            throttle::mailing_hashes(context, purpose, &canonical, request.address).await?;
        let known = context.store.address_state(&canonical, &to_address, &from_network).await?;
        Ok(Self { to_address, from_network, per_address: wanted.mails_per_address(), known })
    }

    /// The writes that count one more mail, or the refusal where a limit is reached. `Retry-After` is the longest of
    /// the waits, after which the mail is certain to be sent.
    fn count(&self, flow_id: FlowId, now: Timestamp) -> Result<[Bookkeeping; 2], Problem> {
        let counts = [
            MailCount { hash: &self.to_address, sent: self.known.to_address.as_ref(), limits: self.per_address },
            MailCount {
                hash: &self.from_network,
                sent: self.known.from_network.as_ref(),
                limits: MAILS_PER_NETWORK_AND_ADDRESS,
            },
        ];
        if let Some(wait) = counts.iter().filter_map(|count| count.sent?.wait(count.limits, now)).max() {
            return Err(Refusal::wait(Code::TooManyRequests, wait).into());
        }
        let [to_address, from_network] = counts.map(|MailCount { hash, sent, limits }| {
            let longest = limits.iter().map(|(_, time)| *time).max().unwrap_or_default();
            let after = sent.cloned().unwrap_or_default().with_mail_at_now(Some(flow_id), longest, now);
            flow::save_mailings(hash, sent, &after, now + longest)
        });
        Ok([to_address?, from_network?])
    }
}

/// The flow that this request continues, if there is one, and the user who has verified the address. Without such a
/// user an id that nobody has is read, so that the number of reads is the same.
async fn read_flow(
    context: &Context,
    wanted: VerificationRequest<'_>,
    known: &AddressState,
) -> Result<(Option<Verification>, Option<User>), Problem> {
    let flow_id = match wanted {
        VerificationRequest::EmailChange(user) => Some(email_change_of(user.user_id)),
        VerificationRequest::Registration | VerificationRequest::PasswordReset => {
            known.to_address.as_ref().and_then(|sent| sent.flow_id)
        }
    };
    let flow_id = flow_id.map_or_else(|| context.uuid().map(FlowId::new), Ok)?;
    let before = context.store.verification(flow_id, wanted.purpose()).await?;
    let owner = context.store.user(known.owner.unwrap_or(UserId::from_bytes([0; 16]))).await?;
    Ok((before, owner))
}

/// The flow with a new code: the live one continued, or a new one.
async fn next_flow(
    context: &Context,
    wanted: VerificationRequest<'_>,
    (live, owner): (Option<Verification>, Option<&User>),
    email: Email,
    now: Timestamp,
) -> Result<Verification, Problem> {
    let code = mailed_code::draw(context).await?;
    let user_id = match wanted {
        VerificationRequest::EmailChange(user) => Some(user.user_id),
        VerificationRequest::Registration | VerificationRequest::PasswordReset => owner.map(|owner| owner.user_id),
    };
    if let Some(flow) = live {
        return Ok(flow.resent(user_id, code, now));
    }
    let flow_id = match wanted {
        VerificationRequest::EmailChange(user) => email_change_of(user.user_id),
        VerificationRequest::Registration | VerificationRequest::PasswordReset => FlowId::new(context.uuid()?),
    };
    Ok(Verification::begin(flow_id, wanted.purpose(), email, user_id, code, now))
}

/// The mail to send, and where. A code goes only to an address it can be used for. A user who has verified the address
/// is told of anybody else's attempt instead.
fn mail(wanted: VerificationRequest<'_>, owner: Option<&User>, flow: &Verification) -> (Option<Email>, Message) {
    let code = flow.purpose.message(flow.code.clone());
    let verified = |owner: &User| owner.verified_email().cloned();
    match (wanted, owner) {
        (VerificationRequest::Registration, Some(owner)) => {
            (verified(owner), Message::AddressTaken { login: owner.login.clone() })
        }
        (VerificationRequest::EmailChange(user), Some(owner)) if owner.user_id != user.user_id => {
            (verified(owner), Message::AddressTaken { login: owner.login.clone() })
        }
        (VerificationRequest::PasswordReset, owner) => (owner.and_then(verified), code),
        (VerificationRequest::Registration, None) | (VerificationRequest::EmailChange(_), _) => {
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
        VerificationRequest::EmailChange(user) => Some(user),
        VerificationRequest::Registration | VerificationRequest::PasswordReset => None,
    };
    let recipient = owner.filter(|owner| to == owner.verified_email()).or(caller);
    recipient.map_or(request.language.unwrap_or_default(), |recipient| recipient.language)
}

/// A flow whose code was right.
#[derive(Debug)]
pub struct ProvenFlow {
    /// The flow, as it was when the try was counted.
    pub flow: Verification,
    attempt: Attempt,
}

impl ProvenFlow {
    /// Tries a code at a flow that was read as `known`. An unknown, an expired and a spent flow answer as a wrong code.
    pub async fn by_code(
        context: &Context,
        request: &PublicRequest,
        (flow_id, purpose): (FlowId, FlowPurpose),
        known: Option<&Verification>,
        code: &EightDigits,
    ) -> Result<Self, Problem> {
        // A flow that never existed is throttled by its id.
        let subject = known.map_or_else(|| flow_id.to_string(), |flow| flow.email.canonical());
        let throttles = vec![
            throttle::network_throttle(context, request.address).await?,
            throttle::id(context, ThrottleKind::Code, &subject, None).await?,
        ];
        let found = context.store.throttles(&throttles).await?;
        let attempt = Attempt::reserve(context, throttles, found, request.now).await?;
        let flow =
            context.store.count_code_attempt(flow_id, purpose, request.now).await?.ok_or(Code::VerificationFailed)?;
        let digits = mailed_code::digits(context, &flow.code).await?;
        if bool::from(digits.as_bytes().ct_eq(code.as_str().as_bytes())) {
            return Ok(Self { flow, attempt });
        }
        Err(Code::VerificationFailed.into())
    }

    /// The writes that end the flow by its success.
    pub fn succeeded(&self) -> Vec<Bookkeeping> {
        [flow::end_verification(&self.flow)].into_iter().chain(self.attempt.succeeded()).collect()
    }

    /// Takes the try off the counts, since something other than the code made the request fail, and returns the problem
    /// to answer with.
    pub async fn fail(self, context: &Context, problem: Problem) -> Problem {
        let undone = async {
            match context.record([flow::undo_code_attempt(self.flow.flow_id)]).await {
                // A flow that ended meanwhile counts nothing.
                Ok(()) | Err(CommitError::Refused(_)) => self.attempt.undo(context).await,
                Err(error) => Err(error.into()),
            }
        };
        undone.await.err().unwrap_or(problem)
    }
}
