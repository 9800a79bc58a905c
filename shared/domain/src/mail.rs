//! Mails: what they are about, and when sending is retried. The mailer writes their text.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    id::{CodeId, MailId},
    limits::{CODE_LIFETIME, MAIL_RETRIES},
    text::{KeyName, Login, TeamName},
    time::Timestamp,
    webhook_url::WebhookUrl,
};

/// A language of the console and its mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Language {
    /// The language of a primary language subtag; `None` if it is not supported.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::En),
            "ko" => Some(Self::Ko),
            _ => None,
        }
    }
}

/// Identifies a mailed code without containing it. The code is derived from this and from a key that is not in the
/// database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedCode {
    /// Random, for every code.
    pub code_id: CodeId,
    /// The id of the master key from which the code is derived.
    pub key_id: String,
}

/// What a mail is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// The code that verifies an address at registration.
    RegistrationCode(MailedCode),
    /// The code that verifies an address for resetting a password.
    PasswordResetCode(MailedCode),
    /// The code that verifies an address before it becomes a user's.
    EmailChangeCode(MailedCode),
    /// Somebody tried to register or use an address that this user already has.
    AddressTaken {
        /// The login of the user who has the address.
        login: Login,
    },
    /// The password was changed, by the user or by an admin.
    PasswordChanged {
        /// The user's login.
        login: Login,
    },
    /// The address was replaced by another one. It goes to the old address.
    EmailChanged {
        /// The user's login.
        login: Login,
    },
    /// The address was removed from the user.
    EmailUnbound {
        /// The user's login.
        login: Login,
    },
    /// The second factor was turned on.
    TotpEnabled {
        /// The user's login.
        login: Login,
    },
    /// The second factor was turned off.
    TotpDisabled {
        /// The user's login.
        login: Login,
    },
    /// A recovery code was used instead of the second factor.
    RecoveryCodeUsed {
        /// The user's login.
        login: Login,
        /// The number of unused recovery codes.
        left: usize,
    },
    /// The user's membership in a team ends soon.
    MembershipEnding {
        /// The user's login.
        login: Login,
        /// The team's name.
        team: TeamName,
        /// When the membership ends.
        expires_at: Timestamp,
    },
    /// The user signed in from a new device.
    NewDevice {
        /// The user's login.
        login: Login,
        /// The network address.
        address: Option<IpAddr>,
        /// The `User-Agent`.
        user_agent: Option<String>,
    },
    /// A webhook was paused, because it did not accept an event for three days, or answered 410.
    WebhookPaused {
        /// Where its events were sent to.
        url: WebhookUrl,
        /// The first failure of the event, which has not been accepted since.
        failing_since: Timestamp,
    },
    /// An API key ends soon. It goes to its owner or, for a service account, to who is responsible for it.
    KeyExpires {
        /// The owner's login.
        login: Login,
        /// The name of the key.
        name: KeyName,
        /// When the key ends.
        expires_at: Timestamp,
    },
}

/// A mail to send, as stored in the transaction of the change that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Identifies the mail.
    pub mail_id: MailId,
    /// The recipient. `None` for a mail that exists only so that requests for unknown addresses do the same work as for
    /// known ones (no timing oracle).
    #[serde(default)]
    pub to: Option<Email>,
    /// The language of the text.
    pub language: Language,
    /// What the mail is about.
    pub message: Message,
    /// When the change was made.
    pub created_at: Timestamp,
    /// The number of attempts to send it.
    pub attempts: u32,
    /// When the next attempt may be made.
    pub due_at: Timestamp,
}

/// What to do with a mail now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailAttempt {
    /// Wait: it is not due yet.
    Wait,
    /// Try to send it. This is its state if the attempt fails.
    Try(Mail),
    /// Give up: there were too many attempts, or its code has expired.
    GiveUp,
}

impl Mail {
    /// A mail that is due now.
    pub fn new(mail_id: MailId, to: Option<Email>, language: Language, message: Message, now: Timestamp) -> Self {
        Self { mail_id, to, language, message, created_at: now, attempts: 0, due_at: now }
    }

    /// The mail, to be sent at `due_at`.
    #[must_use]
    pub fn due_at(self, due_at: Timestamp) -> Self {
        Self { due_at, ..self }
    }

    /// Decides what to do with the mail now.
    pub fn next_attempt(&self, now: Timestamp) -> MailAttempt {
        if now < self.due_at {
            return MailAttempt::Wait;
        }
        let wait = usize::try_from(self.attempts).ok().and_then(|attempts| MAIL_RETRIES.get(attempts));
        match wait {
            Some(wait) if now.since(self.created_at) < self.useful_for() => {
                MailAttempt::Try(Self { attempts: self.attempts + 1, due_at: now + *wait, ..self.clone() })
            }
            Some(_) | None => MailAttempt::GiveUp,
        }
    }

    /// How long the mail is worth sending: a code is not once it has expired.
    fn useful_for(&self) -> Duration {
        if self.message.code().is_some() { CODE_LIFETIME } else { Duration::MAX }
    }
}

impl Message {
    /// The code in the mail, if there is one.
    pub fn code(&self) -> Option<&MailedCode> {
        match self {
            Self::RegistrationCode(code) | Self::PasswordResetCode(code) | Self::EmailChangeCode(code) => Some(code),
            Self::AddressTaken { .. }
            | Self::PasswordChanged { .. }
            | Self::EmailChanged { .. }
            | Self::EmailUnbound { .. }
            | Self::TotpEnabled { .. }
            | Self::TotpDisabled { .. }
            | Self::RecoveryCodeUsed { .. }
            | Self::MembershipEnding { .. }
            | Self::NewDevice { .. }
            | Self::WebhookPaused { .. }
            | Self::KeyExpires { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(message: Message) -> Mail {
        let now = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
        Mail::new(MailId::from_bytes([1; 16]), None, Language::En, message, now)
    }

    #[test]
    fn a_mail_is_retried_at_growing_intervals_and_then_given_up() {
        let mut mail = mail(Message::TotpEnabled { login: Login::parse("mina").unwrap() });
        for wait in MAIL_RETRIES {
            let now = mail.due_at;
            let MailAttempt::Try(next) = mail.next_attempt(now) else { panic!("{mail:?}") };
            assert_eq!((next.next_attempt(now), next.due_at), (MailAttempt::Wait, now + *wait));
            mail = next;
        }
        assert_eq!(mail.next_attempt(mail.due_at), MailAttempt::GiveUp);
    }

    #[test]
    fn an_expired_code_is_not_sent() {
        let code = MailedCode { code_id: CodeId::from_bytes([2; 16]), key_id: "k1".to_owned() };
        let mail = mail(Message::RegistrationCode(code));
        assert!(matches!(mail.next_attempt(mail.created_at), MailAttempt::Try(_)));
        assert_eq!(mail.next_attempt(mail.created_at + CODE_LIFETIME), MailAttempt::GiveUp);
    }
}
