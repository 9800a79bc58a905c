//! Verifying an email address with a mailed code, and the limits on how many mails are sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    email::Email,
    id::{FlowId, UserId},
    limits::{CODE_LIFETIME, RESEND_AFTER},
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
    /// When the newest code was mailed.
    pub sent_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Verification {
    /// Starts a flow. Its first code is mailed now.
    pub fn begin(
        flow_id: FlowId,
        purpose: FlowPurpose,
        email: Email,
        user_id: Option<UserId>,
        code: MailedCode,
        now: Timestamp,
    ) -> Self {
        Self { flow_id, purpose, email, user_id, code, tries: 0, sent_at: now, expires_at: now + CODE_LIFETIME }
    }

    /// The flow with a new code, mailed now, for the user who has the address now. The number of attempts is kept.
    #[must_use]
    pub fn resent(self, user_id: Option<UserId>, code: MailedCode, now: Timestamp) -> Self {
        Self { user_id, code, sent_at: now, expires_at: now + CODE_LIFETIME, ..self }
    }

    /// When another mail may be requested.
    pub fn resend_after(&self) -> Timestamp {
        self.sent_at + RESEND_AFTER
    }
}

/// The reply to the start of a flow. It is the same whether or not a user has the address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// When the code expires.
    pub expires_at: Timestamp,
    /// When another mail may be requested.
    pub resend_after: Timestamp,
}

impl From<&Verification> for Started {
    fn from(flow: &Verification) -> Self {
        Self { expires_at: flow.expires_at, resend_after: flow.resend_after() }
    }
}

/// The recent mails that count against a limit, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailings {
    /// The flow of the mails, if they all belong to one.
    #[serde(default)]
    pub flow_id: Option<FlowId>,
    /// When they were sent, oldest first.
    pub sent_at: Vec<Timestamp>,
}

impl Mailings {
    /// How long to wait before the next mail; `None` if it can be sent now. Each limit is a number of mails per
    /// duration.
    pub fn wait(&self, limits: &[(usize, Duration)], now: Timestamp) -> Option<Duration> {
        let free_at = |(max, period): &(usize, Duration)| {
            let nth_newest = self.sent_at.len().checked_sub(*max).and_then(|index| self.sent_at.get(index));
            nth_newest.map(|sent_at| *sent_at + *period)
        };
        let free_at = limits.iter().filter_map(free_at).max().filter(|free_at| now < *free_at);
        free_at.map(|free_at| free_at.since(now))
    }

    /// Adds a mail of this flow, sent now. Mails older than `longest` are dropped.
    #[must_use]
    pub fn with_mail_at_now(&self, flow_id: Option<FlowId>, longest: Duration, now: Timestamp) -> Self {
        let recent = self.sent_at.iter().copied().filter(|sent_at| now < *sent_at + longest);
        Self { flow_id, sent_at: recent.chain([now]).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAILS_PER_ADDRESS;

    #[test]
    fn an_address_gets_five_mails_an_hour_and_ten_a_day() {
        let start = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
        let (mut mailings, mut sent) = (Mailings::default(), Vec::new());
        for minute in 0..(3 * 24 * 60) {
            let now = start + Duration::from_mins(minute);
            match mailings.wait(MAILS_PER_ADDRESS, now) {
                None => {
                    sent.push(now);
                    mailings = mailings.with_mail_at_now(None, Duration::from_hours(24), now);
                }
                Some(wait) => {
                    let early = now + wait - Duration::from_millis(1);
                    assert_eq!(mailings.wait(MAILS_PER_ADDRESS, early), Some(Duration::from_millis(1)));
                    assert_eq!(mailings.wait(MAILS_PER_ADDRESS, now + wait), None);
                }
            }
        }
        assert_eq!(sent.len(), 30);
        for (most, time) in MAILS_PER_ADDRESS {
            assert!(sent.windows(most + 1).all(|window| window[*most].since(window[0]) >= *time), "{most}");
        }
    }
}
