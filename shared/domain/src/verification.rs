//! Proving an address by a mailed code: how the flow begins, how often mail may go out, how often it may be tried.

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

/// What the address is proved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowPurpose {
    /// To become a user.
    Registration,
    /// To set a new password.
    PasswordReset,
    /// To be bound to a user.
    EmailChange,
}

impl FlowPurpose {
    /// The purpose's word in keys.
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
    /// The flow's key, which says nothing of the code.
    pub flow_id: FlowId,
    /// What the address is proved for.
    pub purpose: FlowPurpose,
    /// The address as it was typed.
    pub email: Email,
    /// Whose flow it is; nobody's at registration, and where no user has the address.
    #[serde(default)]
    pub user_id: Option<UserId>,
    /// The newest code, the only one that counts.
    pub code: MailedCode,
    /// Tries so far, through all its codes.
    pub tries: u32,
    /// When the newest code was mailed.
    pub sent_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl Verification {
    /// A flow whose first code is mailed now.
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

    /// The flow with another code, for whoever has the address by now; the tries go on counting.
    #[must_use]
    pub fn resent(self, user_id: Option<UserId>, code: MailedCode, now: Timestamp) -> Self {
        Self { user_id, code, sent_at: now, expires_at: now + CODE_LIFETIME, ..self }
    }

    /// From when another mail may be asked for.
    pub fn resend_after(&self) -> Timestamp {
        self.sent_at + RESEND_AFTER
    }
}

/// What the starting of a flow answers, whoever the address belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// When the code is over.
    pub expires_at: Timestamp,
    /// From when another mail may be asked for.
    pub resend_after: Timestamp,
}

impl From<&Verification> for Started {
    fn from(flow: &Verification) -> Self {
        Self { expires_at: flow.expires_at, resend_after: flow.resend_after() }
    }
}

/// The mails of the last day that somebody caused, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailings {
    /// The flow they belong to, where it is one.
    #[serde(default)]
    pub flow_id: Option<FlowId>,
    /// When they were sent, oldest first.
    pub sent_at: Vec<Timestamp>,
}

impl Mailings {
    /// How long one more mail must wait, if it must. `limits` are numbers of mails and their time.
    pub fn wait(&self, limits: &[(usize, Duration)], now: Timestamp) -> Option<Duration> {
        let free_at = |(most, time): &(usize, Duration)| {
            let nth_newest = self.sent_at.len().checked_sub(*most).and_then(|index| self.sent_at.get(index));
            nth_newest.map(|sent_at| *sent_at + *time)
        };
        let free_at = limits.iter().filter_map(free_at).max().filter(|free_at| now < *free_at);
        free_at.map(|free_at| free_at.since(now))
    }

    /// One more mail now, of this flow; those that are `longest` ago count no more.
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

    /// B12.
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
