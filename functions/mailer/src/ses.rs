//! Sends letters with Amazon SES.

use aws_sdk_sesv2::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::send_email::SendEmailError,
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader},
};
use lettre::message::{
    Mailbox,
    header::{self, Headers},
};
use rollcall_domain::limits::CONNECT_TIMEOUT;
use rollcall_store::Connection;

use crate::{Letter, SendError, Sender};

/// The environment variable that overrides the endpoint of SES.
pub const ENDPOINT: &str = "AWS_ENDPOINT_URL_SESV2";

/// Attempts per letter when SES throttles or fails: a brief fault should not delay a code until the next retry of the
/// outbox.
const MAX_ATTEMPTS: u32 = 3;

pub(crate) fn sender(connection: &Connection, endpoint: Option<String>, from: &Mailbox) -> Sender {
    let mut config = Builder::from(&connection.sdk_config());
    config.set_endpoint_url(endpoint);
    let config = config
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
        // No timeout per attempt: an attempt that was cut off may have sent the mail, and a retry would repeat it.
        // The caller limits the time of all attempts together.
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .build();
    let (client, from) = (Client::from_conf(config), encode(from));
    Sender::new(move |letter| {
        let request = client
            .send_email()
            .from_email_address(&from)
            .destination(Destination::builder().to_addresses(letter.to.to_wire()).build());
        async move {
            let content = content(letter).map_err(|error| SendError::Permanent(error.to_string()))?;
            request.content(content).send().await.map(drop).map_err(|error| refusal(&error))
        }
    })
}

/// SES sets a Message-ID of its own, so ours goes into another header.
fn content(letter: Letter) -> Result<EmailContent, BuildError> {
    let content = |text: String| Content::builder().charset("UTF-8").data(text).build();
    let header = |name: &str, value: &str| MessageHeader::builder().name(name).value(value).build();
    let body = Body::builder().text(content(letter.text)?).html(content(letter.html)?).build();
    let message = Message::builder()
        .subject(content(letter.subject)?)
        .body(body)
        .headers(header("X-Mail-ID", &letter.message_id)?)
        .headers(header("Auto-Submitted", "auto-generated")?)
        .build();
    Ok(EmailContent::builder().simple(message).build())
}

/// The sender's address in ASCII, which SES requires.
fn encode(from: &Mailbox) -> String {
    let mut headers = Headers::new();
    headers.set(header::Sender::from(from.clone()));
    headers.to_string().trim_start_matches("Sender:").replace("\r\n", "").trim().to_owned()
}

/// Only the error code is logged: the message of SES may quote the address.
fn refusal<R: std::fmt::Debug>(error: &SdkError<SendEmailError, R>) -> SendError {
    let Some(code) = error.code() else {
        let reason = match error {
            SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => DisplayErrorContext(error).to_string(),
            _ => error.to_string(),
        };
        return SendError::Transient(reason);
    };
    // SES uses the same code for an unverified sender, which an operator can verify while the mail waits.
    let is_unverified = error.message().is_some_and(|message| message.contains("not verified"));
    let is_about_the_mail = error
        .as_service_error()
        .is_some_and(|error| error.is_message_rejected() && !is_unverified || error.is_bad_request_exception());
    let reason = format!("SES {code}");
    if is_about_the_mail { SendError::Permanent(reason) } else { SendError::Transient(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_sender_is_encoded_as_ascii() {
        let encoded = |text: &str| encode(&text.parse().unwrap());
        assert_eq!(encoded("rollcall@example.com"), "rollcall@example.com");
        assert_eq!(encoded("Rollcall <rollcall@example.com>"), "Rollcall <rollcall@example.com>");
        assert_eq!(encoded("\"롤콜\" <rollcall@example.com>"), "=?utf-8?b?66Gk7L2c?= <rollcall@example.com>");
    }
}
