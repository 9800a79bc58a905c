//! Proving an address by a mailed code: the same steps, reads and writes for addresses that somebody has and those
//! that nobody has.

use std::time::Duration;

use rollcall_domain::{
    Code, Refusal,
    digits::EightDigits,
    email::Email,
    id::{FlowId, UserId},
    limits::{MAILS_PER_ADDRESS, MAILS_PER_ADDRESS_TO_BIND, MAILS_PER_NETWORK_AND_ADDRESS},
    mail::Message,
    throttle::ThrottleKind,
    user::User,
    verification::{FlowPurpose, Verification},
};
use rollcall_store::{Commit, CommitError, Write, flow};
use subtle::ConstantTimeEq;

use crate::{
    Context, Problem, PublicRequest, mailed_code,
    throttle::{self, Attempt},
};

/// How a mailed code is asked for.
#[derive(Clone, Copy, Debug)]
pub enum VerificationRequest<'a> {
    /// By a stranger who wants to register.
    Registration,
    /// By a stranger who forgot a password.
    PasswordReset,
    /// By this user, who wants to bind the address.
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
}

/// The flow of a user's change of address: a user has one at a time, so that it needs no other name.
pub fn email_change_of(user_id: UserId) -> FlowId {
    FlowId::from_bytes(*user_id.as_bytes())
}

/// Begins a flow, or goes on with the one that this address has: the flow, and what is to be written for it, mail
/// included. Within a minute of the last mail that is nothing.
pub async fn begin(
    context: &Context,
    guest: &PublicRequest,
    wanted: VerificationRequest<'_>,
    email: Email,
) -> Result<(Verification, Commit), Problem> {
    let (now, purpose, canonical) = (guest.now, wanted.purpose(), email.canonical());
    let (to_address, from_network) =
        throttle::mailing_hashes(context, purpose.word(), &canonical, guest.address).await?;
    let addressed = context.store.addressed(&canonical, &to_address, &from_network).await?;
    let flow_id = match wanted {
        VerificationRequest::EmailChange(user) => Some(email_change_of(user.user_id)),
        VerificationRequest::Registration | VerificationRequest::PasswordReset => {
            addressed.to_address.as_ref().and_then(|sent| sent.flow_id)
        }
    };
    let flow_id = flow_id.map_or_else(|| context.uuid().map(FlowId::new), Ok)?;
    let before = context.store.verification(flow_id, purpose).await?;
    // Nobody has the id of zeros: who has no address costs the same reading.
    let owner_id = addressed.owner.unwrap_or(UserId::from_bytes([0; 16]));
    let owner = context.store.user(owner_id).await?;

    let current = before.clone().filter(|flow| now < flow.expires_at && flow.email.canonical() == canonical);
    if let Some(flow) = current.clone().filter(|flow| now < flow.resend_after()) {
        return Ok((flow, Commit::default()));
    }
    let code = mailed_code::draw(context).await?;
    let user_id = match wanted {
        VerificationRequest::EmailChange(user) => Some(user.user_id),
        VerificationRequest::Registration | VerificationRequest::PasswordReset => {
            owner.as_ref().map(|owner| owner.user_id)
        }
    };
    let after = if let Some(flow) = current {
        flow.resent(user_id, code, now)
    } else {
        let flow_id = match wanted {
            VerificationRequest::EmailChange(_) => flow_id,
            // The flow that had this address, if one had, is over or spent, and so is its id.
            VerificationRequest::Registration | VerificationRequest::PasswordReset => FlowId::new(context.uuid()?),
        };
        Verification::begin(flow_id, purpose, email, user_id, code, now)
    };
    let replaced = before.filter(|before| before.flow_id == after.flow_id);
    // Another address is no way to more tries.
    let tries = replaced.as_ref().filter(|before| now < before.expires_at).map_or(0, |before| before.tries);
    let after = Verification { tries, ..after };
    let (to, message) = letter(wanted, owner.as_ref(), &after);
    let mut commit = Commit::new([flow::verify(replaced.as_ref(), &after)?]);
    let per_address = match wanted {
        VerificationRequest::EmailChange(_) => MAILS_PER_ADDRESS_TO_BIND,
        VerificationRequest::Registration | VerificationRequest::PasswordReset => MAILS_PER_ADDRESS,
    };
    let counts = [
        (to_address, addressed.to_address, per_address),
        (from_network, addressed.from_network, MAILS_PER_NETWORK_AND_ADDRESS),
    ];
    // The longest wait of all: whoever comes back after it gets the mail.
    if let Some(wait) = counts.iter().filter_map(|(_, sent, limits)| sent.as_ref()?.wait(limits, now)).max() {
        return Err(Refusal::wait(Code::TooManyRequests, wait).into());
    }
    for (hash, before, limits) in counts {
        let longest = longest(limits);
        let sent = before.clone().unwrap_or_default().and_now(Some(after.flow_id), longest, now);
        commit.extend([flow::mailed(&hash, before.as_ref(), &sent, now + longest)?]);
    }
    let reader = match wanted {
        VerificationRequest::EmailChange(user) => Some(user),
        VerificationRequest::Registration | VerificationRequest::PasswordReset => None,
    };
    let reader = owner.as_ref().filter(|owner| to.as_ref() == owner.verified_email()).or(reader);
    let language = reader.map_or(guest.language.unwrap_or_default(), |reader| reader.language);
    Ok((after, commit.and(context.mail(to, language, message, now)?)))
}

/// Who is told what: the code goes only to an address that it can be of use to; its owner hears of any other attempt.
fn letter(wanted: VerificationRequest<'_>, owner: Option<&User>, flow: &Verification) -> (Option<Email>, Message) {
    let code = flow.purpose.message(flow.code.clone());
    let stored = |owner: &User| owner.verified_email().cloned();
    match (wanted, owner) {
        (VerificationRequest::Registration, Some(owner)) => {
            (stored(owner), Message::AddressTaken { login: owner.login.clone() })
        }
        (VerificationRequest::EmailChange(user), Some(owner)) if owner.user_id != user.user_id => {
            (stored(owner), Message::AddressTaken { login: owner.login.clone() })
        }
        (VerificationRequest::PasswordReset, owner) => (owner.and_then(stored), code),
        (VerificationRequest::Registration, None) | (VerificationRequest::EmailChange(_), _) => {
            (Some(flow.email.clone()), code)
        }
    }
}

/// How long a mail counts under these limits.
fn longest(limits: &[(usize, Duration)]) -> Duration {
    limits.iter().map(|(_, time)| *time).max().unwrap_or_default()
}

/// A flow whose code was right.
#[derive(Debug)]
pub struct ProvenFlow {
    /// The flow, as it was when the try was counted.
    pub flow: Verification,
    attempt: Attempt,
}

impl ProvenFlow {
    /// Tries a code at a flow that was read as `known`. Unknown, over, spent and wrong are one refusal.
    pub async fn by_code(
        context: &Context,
        guest: &PublicRequest,
        (flow_id, purpose): (FlowId, FlowPurpose),
        known: Option<&Verification>,
        code: &EightDigits,
    ) -> Result<Self, Problem> {
        // What never was is guessed at like anything else.
        let subject = known.map_or_else(|| flow_id.to_string(), |flow| flow.email.canonical());
        let throttles = vec![
            throttle::network_throttle(context, guest.address).await?,
            throttle::id(context, ThrottleKind::Code, &subject, None).await?,
        ];
        let found = context.store.throttles(&throttles).await?;
        let attempt = Attempt::reserve(context, throttles, found, guest.now).await?;
        let flow = context.store.try_code(flow_id, purpose, guest.now).await?.ok_or(Code::VerificationFailed)?;
        let digits = mailed_code::digits(context, &flow.code).await?;
        if bool::from(digits.as_bytes().ct_eq(code.as_str().as_bytes())) {
            return Ok(Self { flow, attempt });
        }
        Err(Code::VerificationFailed.into())
    }

    /// The writes that end the flow by its success.
    pub fn succeeded(&self) -> Vec<Write> {
        [flow::end_verification(&self.flow)].into_iter().chain(self.attempt.succeeded()).collect()
    }

    /// Gives the try back, since something else stood in the way, and passes that on.
    pub async fn refused(self, context: &Context, problem: Problem) -> Problem {
        let given_back = async {
            match context.store.commit(Commit::new([flow::undo_try(self.flow.flow_id)])).await {
                // A flow that ended meanwhile has no tries to give.
                Ok(()) | Err(CommitError::Refused(_)) => self.attempt.undo_attempt(context).await,
                Err(error) => Err(error.into()),
            }
        };
        given_back.await.err().unwrap_or(problem)
    }
}
