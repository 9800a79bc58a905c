//! Mails: what somebody is to be told, and when it is tried again. How it is worded is the mailer's business.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    id::{CodeId, MailId},
    limits::{CODE_LIFETIME, MAIL_RETRIES},
    text::Login,
    time::Timestamp,
};

/// A language the console and its mails speak.
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
    /// The language of a primary language subtag, if it is one of ours.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::En),
            "ko" => Some(Self::Ko),
            _ => None,
        }
    }
}

/// Names a mailed code without holding it: the code is computed from this and a key that is not in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedCode {
    /// Drawn anew for every code.
    pub code_id: CodeId,
    /// The id of the master key.
    pub key_id: String,
}

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// The code that proves an address at registration.
    RegistrationCode(MailedCode),
    /// The code that proves an address for a forgotten password.
    PasswordResetCode(MailedCode),
    /// The code that proves an address before it is bound to a user.
    EmailChangeCode(MailedCode),
    /// Somebody wanted to register, or to bind, an address that is this user's already.
    AddressTaken {
        /// Whose address it is.
        login: Login,
    },
    /// The password was changed, by its owner or by somebody who may.
    PasswordChanged {
        /// Whose.
        login: Login,
    },
    /// Another address took this one's place.
    EmailChanged {
        /// Whose.
        login: Login,
    },
    /// The address is bound to the user no longer.
    EmailUnbound {
        /// Whose.
        login: Login,
    },
    /// Two-factor is on.
    TotpEnabled {
        /// Whose.
        login: Login,
    },
    /// Two-factor is off.
    TotpDisabled {
        /// Whose.
        login: Login,
    },
    /// A recovery code took the place of the second factor.
    RecoveryCodeUsed {
        /// Whose.
        login: Login,
        /// How many are left.
        left: usize,
    },
    /// Somebody signed in from a device that was not seen before.
    NewDevice {
        /// Who.
        login: Login,
        /// From where.
        address: Option<IpAddr>,
        /// With what program, by its own word.
        user_agent: Option<String>,
    },
}

/// A mail on its way, as stored in the change's own transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Its key: one id is sent once.
    pub mail_id: MailId,
    /// Where to. Nobody, where the mail exists only so that known and unknown addresses cost the same.
    #[serde(default)]
    pub to: Option<Email>,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub message: Message,
    /// When what it tells of happened.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// From when it may be tried.
    pub due_at: Timestamp,
}

/// What becomes of a mail that is taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailAttempt {
    /// Not yet.
    Wait,
    /// To be tried now; should that fail, this is the mail that is tried next.
    Try(Mail),
    /// Not any more: it was tried too often, or what it says is over.
    GiveUp,
}

impl Mail {
    /// A mail that is due at once.
    pub fn new(mail_id: MailId, to: Option<Email>, language: Language, message: Message, now: Timestamp) -> Self {
        Self { mail_id, to, language, message, created_at: now, attempts: 0, due_at: now }
    }

    /// Takes the mail up.
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

    /// How long after its occasion the mail still says something.
    fn useful_for(&self) -> Duration {
        if self.message.code().is_some() { CODE_LIFETIME } else { Duration::MAX }
    }
}

impl Message {
    /// The code that the mail carries, where it carries one.
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
            | Self::NewDevice { .. } => None,
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
    fn a_mail_is_tried_at_growing_distances_and_then_given_up() {
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
    fn a_code_that_is_over_is_not_sent() {
        let code = MailedCode { code_id: CodeId::from_bytes([2; 16]), key_id: "k1".to_owned() };
        let mail = mail(Message::RegistrationCode(code));
        assert!(matches!(mail.next_attempt(mail.created_at), MailAttempt::Try(_)));
        assert_eq!(mail.next_attempt(mail.created_at + CODE_LIFETIME), MailAttempt::GiveUp);
    }
}
