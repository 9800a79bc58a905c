//! Sending by an SMTP server, which gets its own connection for each letter: mails are rare, idle connections go stale.

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        response::{Category, Code, Severity},
    },
};
use rollcall_domain::limits::MAIL_TIMEOUT;

use crate::{Letter, SendError, Sender};

pub(crate) fn sender(url: &str, from: Mailbox) -> Result<Sender, String> {
    // What is wrong with it is not told: the words might be a part of the password.
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| {
        "SMTP_URL must be a URL such as smtps://user:password@smtp.example.com or smtp://localhost:25, with \
         ?tls=required for STARTTLS"
    })?;
    let transport = builder.timeout(Some(MAIL_TIMEOUT)).build();
    Ok(Sender::new(move |letter| {
        let (transport, from) = (transport.clone(), from.clone());
        async move {
            let message = message(letter, from).map_err(SendError::Permanent)?;
            transport.send(message).await.map(drop).map_err(|error| refusal(&error))
        }
    }))
}

fn message(letter: Letter, from: Mailbox) -> Result<Message, String> {
    // The address itself stays out of the reason, which goes to the log.
    let to: Address = letter.to.to_wire().parse().map_err(|_| "the address cannot be written in a mail")?;
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(letter.subject)
        .message_id(Some(letter.message_id))
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
        .map_err(|error| error.to_string())
}

/// A server's words may quote the address, so only its code is told.
fn refusal(error: &smtp::Error) -> SendError {
    let Some(code) = error.status() else {
        // An answer that is none is quoted in the error's own text.
        let reason = if error.is_response() { "an answer that is not SMTP".to_owned() } else { error.to_string() };
        return SendError::Transient(reason);
    };
    let reason = format!("SMTP {code}");
    if is_about_the_mail(code) { SendError::Permanent(reason) } else { SendError::Transient(reason) }
}

/// Refusals for good that are about the mailbox or the mail. The others are about our sign-in or our way to speak, which
/// the operator can mend while the mail waits.
fn is_about_the_mail(code: Code) -> bool {
    code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem
}
