//! The service that sends a letter: SES, an SMTP server, or a closure.

use std::{fmt, pin::Pin, sync::Arc};

use lettre::message::Mailbox;
use rollcall_api::Variable;
use rollcall_store::Connection;

use crate::{Letter, ses, smtp};

/// Why a letter was not accepted. The reason is logged, so it contains no address and quotes no reply that might.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// A later attempt may succeed.
    Transient(String),
    /// No attempt will succeed.
    Permanent(String),
}

type SendFuture = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// Sends letters. Cheap to clone.
#[derive(Clone)]
pub struct Sender(Arc<dyn Fn(Letter) -> SendFuture + Send + Sync>);

impl Sender {
    /// A sender that calls `send`.
    pub fn new<Sent>(send: impl Fn(Letter) -> Sent + Send + Sync + 'static) -> Self
    where
        Sent: Future<Output = Result<(), SendError>> + Send + 'static,
    {
        Self(Arc::new(move |letter| Box::pin(send(letter))))
    }

    /// The sender that the environment configures: the SMTP server at `SMTP_URL`, otherwise SES. `MAIL_FROM` is the
    /// sender's address. No request tells the origin that mails link to, so `PUBLIC_ORIGIN` must be set, too.
    pub fn read(connection: &Connection, variable: &Variable<'_>) -> Result<Self, String> {
        let from = variable("MAIL_FROM").ok_or("MAIL_FROM must be set")?;
        variable("PUBLIC_ORIGIN").ok_or("PUBLIC_ORIGIN must be set: mails link to it")?;
        match variable("SMTP_URL") {
            Some(url) => Self::smtp(&url, &from),
            None => Self::ses(connection, variable(ses::ENDPOINT), &from),
        }
    }

    /// The SES of the connection's region, or at `endpoint`, sending from the address `from`.
    pub fn ses(connection: &Connection, endpoint: Option<String>, from: &str) -> Result<Self, String> {
        Ok(ses::sender(connection, endpoint, &parse_from(from)?))
    }

    /// Checks the address that mails are sent from.
    pub fn check_from(from: &str) -> Result<(), String> {
        parse_from(from).map(drop)
    }

    /// The SMTP server at `url`, which may hold a password and is never printed, sending from the address `from`.
    pub fn smtp(url: &str, from: &str) -> Result<Self, String> {
        smtp::sender(url, parse_from(from)?)
    }

    pub(crate) async fn send(&self, letter: Letter) -> Result<(), SendError> {
        (self.0)(letter).await
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").finish_non_exhaustive()
    }
}

fn parse_from(from: &str) -> Result<Mailbox, String> {
    from.parse()
        .map_err(|_| format!("MAIL_FROM must be an address such as Rollcall <rollcall@example.com>, and is {from:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_sender_address_is_reported() {
        for good in ["rollcall@example.com", "Rollcall <rollcall@localhost>", "\"롤콜\" <rollcall@example.com>"] {
            assert!(parse_from(good).is_ok(), "{good}");
        }
        for bad in ["", "rollcall", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com"] {
            assert!(parse_from(bad).unwrap_err().contains("MAIL_FROM"), "{bad}");
        }
    }
}
