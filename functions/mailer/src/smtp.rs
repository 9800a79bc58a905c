//! Sends letters with an SMTP server, over a new connection each: mails are rare, and idle connections go stale.

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
use url::{Host, Url};

use crate::{Letter, SendError, Sender};

pub(crate) fn sender(url: &str, from: Mailbox) -> Result<Sender, String> {
    // The parser's error is not repeated: it may quote a part of the password.
    let named = Url::parse(url).ok().map(|url| with_hello_name(url, &from));
    let builder = named.and_then(|url| AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str()).ok()).ok_or(
        "SMTP_URL must be a URL such as smtps://user:password@smtp.example.com or smtp://localhost:25, with \
         ?tls=required for STARTTLS",
    )?;
    let transport = builder.timeout(Some(MAIL_TIMEOUT)).build();
    Ok(Sender::new(move |letter| {
        let (transport, from) = (transport.clone(), from.clone());
        async move {
            let message = message(letter, from).map_err(SendError::Permanent)?;
            transport.send(message).await.map(drop).map_err(|error| refusal(&error))
        }
    }))
}

/// The URL with the name to greet the server with (EHLO) as its path, where it has none: the domain of the sender's
/// address. Without a name the greeting is an IP address, which many servers take for a sign of spam.
fn with_hello_name(mut url: Url, from: &Mailbox) -> Url {
    if matches!(url.path(), "" | "/")
        && let Ok(host) = Host::parse(from.email.domain())
    {
        url.set_path(&host.to_string());
    }
    url
}

fn message(letter: Letter, from: Mailbox) -> Result<Message, String> {
    // The reason is logged, so it does not contain the address.
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

/// Only the status code is logged: the text of a server may quote the address.
fn refusal(error: &smtp::Error) -> SendError {
    let Some(code) = error.status() else {
        // The error quotes a reply that cannot be parsed.
        let reason = if error.is_response() { "the reply is not SMTP".to_owned() } else { error.to_string() };
        return SendError::Transient(reason);
    };
    let reason = format!("SMTP {code}");
    if is_about_the_mail(code) { SendError::Permanent(reason) } else { SendError::Transient(reason) }
}

/// Whether a refusal is permanent and concerns the mailbox or the mail. Other refusals concern our sign-in or our use
/// of the protocol, which an operator can fix while the mail waits.
fn is_about_the_mail(code: Code) -> bool {
    code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem
}
