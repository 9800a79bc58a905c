//! Verifying an email address with a mailed code, and the limits on how many mails are sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    email::Email,
    id::{FlowId, UserId},
    limits::{
        CODE_LIFETIME, MAILS_COUNTED_FOR, MAILS_KEPT, MAILS_PER_ADDRESS, MAX_CODE_TRIES, MAX_REFUSALS_AFTER_RIGHT_CODE,
        RESEND_AFTER,
    },
    mail::{MailedCode, Message},
    time::Timestamp,
};

/// Why an address is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowPurpose {
    /// To register as a user.
    Registration,
    /// To set a new password.
    PasswordReset,
    /// To be bound to a user.
    EmailChange,
}

impl FlowPurpose {
    /// The name of the purpose in database keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::PasswordReset => "password_reset",
            Self::EmailChange => "email_change",
        }
    }

    /// The mail that carries a code for this purpose.
    pub fn message(self, code: MailedCode) -> Message {
        match self {
            Self::Registration => Message::RegistrationCode(code),
            Self::PasswordReset => Message::PasswordResetCode(code),
            Self::EmailChange => Message::EmailChangeCode(code),
        }
    }
}

/// A flow that waits for the code mailed to an address, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Identifies the flow. The code cannot be derived from it.
    pub flow_id: FlowId,
    /// Why an address is verified.
    pub purpose: FlowPurpose,
    /// The address as it was typed.
    pub email: Email,
    /// The user of the flow; `None` at registration, and if no user has the address.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// The newest code. Earlier ones are no longer valid.
    pub code: MailedCode,
    /// The number of attempts, at all codes of the flow.
    pub tries: u32,
    /// The number of right codes that were followed by a refusal.
    #[serde(default)]
    pub refusals: u32,
    /// When the newest code is mailed.
    pub sent_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Verification {
    /// Starts a flow. Its first code is mailed at `sent_at`.
    pub fn begin(
        flow_id: FlowId,
        purpose: FlowPurpose,
        email: Email,
        user_id: Option<UserId>,
        code: MailedCode,
        sent_at: Timestamp,
    ) -> Self {
        let expires_at = sent_at + CODE_LIFETIME;
        Self { flow_id, purpose, email, user_id, code, tries: 0, refusals: 0, sent_at, expires_at }
    }

    /// The flow with a new code, mailed at `sent_at`, for the user who has the address now. Attempts still count.
    #[must_use]
    pub fn resent(self, user_id: Option<UserId>, code: MailedCode, sent_at: Timestamp) -> Self {
        Self { user_id, code, sent_at, expires_at: sent_at + CODE_LIFETIME, ..self }
    }

    /// Whether the flow takes another attempt: it has not expired, and its attempts are not used up.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.tries < MAX_CODE_TRIES && self.refusals < MAX_REFUSALS_AFTER_RIGHT_CODE
    }

    /// When another mail may be requested that is sent at once.
    pub fn resend_after(&self) -> Timestamp {
        self.sent_at + RESEND_AFTER
    }
}

/// The reply to the start of a flow. It is the same whether or not a user has the address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// When the code expires.
    pub expires_at: Timestamp,
    /// When another mail may be requested. One that is requested earlier is sent then.
    pub resend_after: Timestamp,
}

impl From<&Verification> for Started {
    fn from(flow: &Verification) -> Self {
        Self { expires_at: flow.expires_at, resend_after: flow.resend_after() }
    }
}

/// A mail that counts against the limits of its address, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailing {
    /// When it is sent.
    pub sent_at: Timestamp,
    /// A keyed hash of the network that requested it.
    pub network: String,
}

/// The recent mails to one address for one purpose, as stored, in the order in which they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailings {
    mails: Vec<Mailing>,
}

impl Mailings {
    /// When the next mail is sent; if the limits allow none, how long to wait before asking again.
    ///
    /// [`MAILS_KEPT`] of the mails are reserved for a known device of the address's owner and networks that have not
    /// asked yet.
    pub fn next(&self, network: &str, is_known_device: bool, now: Timestamp) -> Result<Timestamp, Duration> {
        let recent: Vec<_> = self.mails.iter().filter(|mail| counts(mail, now)).collect();
        let next = recent.last().map_or(now, |last| now.max(last.sent_at + RESEND_AFTER));
        let kept = if is_known_device || !self.has_asked(network, now) { 0 } else { MAILS_KEPT };
        let free_at = |(max, period): &(usize, Duration)| {
            let oldest_that_counts = recent.len().checked_sub(max - kept).and_then(|index| recent.get(index));
            oldest_that_counts.map(|mail| mail.sent_at + *period)
        };
        let free_at = MAILS_PER_ADDRESS.iter().filter_map(free_at).max().filter(|free_at| next < *free_at);
        free_at.map_or(Ok(next), |free_at| Err(free_at.since(now)))
    }

    /// Adds a mail. Mails that no longer count are dropped.
    #[must_use]
    pub fn with(&self, mail: Mailing, now: Timestamp) -> Self {
        let recent = self.mails.iter().filter(|mail| counts(mail, now)).cloned();
        Self { mails: recent.chain([mail]).collect() }
    }

    /// The mails, in the order in which they are sent.
    pub fn mails(&self) -> &[Mailing] {
        &self.mails
    }

    /// Until when the newest mail counts.
    pub fn counts_until(&self) -> Option<Timestamp> {
        self.mails.last().map(|mail| mail.sent_at + MAILS_COUNTED_FOR)
    }

    fn has_asked(&self, network: &str, now: Timestamp) -> bool {
        self.mails.iter().any(|mail| mail.network == network && counts(mail, now))
    }
}

/// Whether a mail counts at `now`. One that is due later than any that can be requested now was counted before the
/// clock was set back.
fn counts(mail: &Mailing, now: Timestamp) -> bool {
    let most = MAILS_PER_ADDRESS.iter().map(|(max, _)| *max).max().unwrap_or_default();
    let latest = (0..most).fold(now, |latest, _| latest + RESEND_AFTER);
    now < mail.sent_at + MAILS_COUNTED_FOR && mail.sent_at <= latest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap())
    }

    /// Asks once a minute for three days, and returns when mails are sent.
    fn ask(network: impl Fn(u64) -> String, is_known_device: bool) -> Vec<Timestamp> {
        let (mut mailings, mut sent) = (Mailings::default(), Vec::new());
        for minute in 0..(3 * 24 * 60) {
            let (now, network) = (noon() + Duration::from_mins(minute), network(minute));
            match mailings.next(&network, is_known_device, now) {
                Ok(sent_at) => {
                    assert_eq!(sent_at, now, "a minute after the last mail the next one is sent at once");
                    sent.push(sent_at);
                    mailings = mailings.with(Mailing { sent_at, network }, now);
                }
                Err(wait) => {
                    let early = mailings.next(&network, is_known_device, now + wait - Duration::from_millis(1));
                    assert_eq!(early, Err(Duration::from_millis(1)));
                    assert_eq!(mailings.next(&network, is_known_device, now + wait), Ok(now + wait));
                }
            }
        }
        sent
    }

    #[test]
    fn an_address_gets_five_mails_an_hour_and_ten_a_day() {
        for sent in [ask(|minute| minute.to_string(), false), ask(|_| "same".to_owned(), true)] {
            assert_eq!(sent.len(), 30);
            for (most, time) in MAILS_PER_ADDRESS {
                assert!(sent.windows(most + 1).all(|window| window[*most].since(window[0]) >= *time), "{most}");
            }
        }
    }

    #[test]
    fn a_network_that_has_asked_before_leaves_three_mails_to_others() {
        let sent = ask(|_| "same".to_owned(), false);
        for (most, time) in MAILS_PER_ADDRESS {
            let most = most - MAILS_KEPT;
            assert!(sent.windows(most + 1).all(|window| window[most].since(window[0]) >= *time), "{most}");
        }
    }

    #[test]
    fn mails_from_before_the_clock_was_set_back_do_not_count() {
        let later = noon() + Duration::from_hours(24);
        let mailings = (0..5).fold(Mailings::default(), |mailings, number| {
            let sent_at = later + RESEND_AFTER * number;
            mailings.with(Mailing { sent_at, network: number.to_string() }, later)
        });
        assert_eq!(mailings.next("0", false, noon()), Ok(noon()));
    }

    #[test]
    fn mails_requested_within_a_minute_are_sent_a_minute_apart() {
        let mut mailings = Mailings::default();
        for number in 0..5 {
            let now = noon() + Duration::from_secs(number);
            let network = number.to_string();
            let sent_at = mailings.next(&network, false, now).unwrap();
            assert_eq!(sent_at, noon() + Duration::from_mins(number));
            mailings = mailings.with(Mailing { sent_at, network }, now);
        }
        assert_eq!(mailings.next("sixth", false, noon()), Err(Duration::from_hours(1)));
    }
}
