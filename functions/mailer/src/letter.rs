//! A rendered mail, as a sender takes it.

use askama::Template;
use rollcall_api::{Context, Problem, mailed_code};
use rollcall_domain::{
    email::Email,
    mail::{Language, Mail},
};

use crate::words::{MailWords, Paragraph};

/// A mail as its reader gets it. It contains the code, which the table item does not, so it has no `Debug`.
#[derive(Clone)]
pub struct Letter {
    /// In angle brackets. The same in each attempt at a mail, so that readers can recognise a repeated one.
    pub message_id: String,
    /// The recipient, as they spell their address.
    pub to: Email,
    /// One line without user input.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML that loads and runs nothing.
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct PlainTextTemplate<'a> {
    words: &'a MailWords,
    code: &'a str,
    origin: &'a str,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct HtmlTemplate<'a> {
    language: &'static str,
    words: &'a MailWords,
    code: &'a str,
    origin: &'a str,
}

impl Letter {
    /// Renders a mail. Links lead to the configured origin, which no request can influence.
    pub(crate) async fn render(context: &Context, mail: &Mail, to: &Email) -> Result<Self, Problem> {
        let code = match mail.message.code() {
            Some(code) => mailed_code::digits(context, code).await?,
            None => String::new(),
        };
        // `Sender::read` refuses to start without one.
        let origin = context.config.public_origin.as_deref().unwrap_or_default();
        let words = MailWords::of(mail);
        let language = match mail.language {
            Language::En => "en",
            Language::Ko => "ko",
        };
        let failed = |error: askama::Error| Problem::Internal(format!("a mail cannot be rendered: {error}"));
        Ok(Self {
            message_id: format!("<{}@{}>", mail.mail_id, host(origin)),
            to: to.clone(),
            subject: words.subject.to_owned(),
            text: PlainTextTemplate { words: &words, code: &code, origin }.render().map_err(failed)?,
            html: HtmlTemplate { language, words: &words, code: &code, origin }.render().map_err(failed)?,
        })
    }
}

/// The host of an origin, without its port.
fn host(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_origin_has_no_port() {
        assert_eq!(host("https://console.example.com"), "console.example.com");
        assert_eq!(host("http://127.0.0.1:3000"), "127.0.0.1");
        assert_eq!((host("http://[::1]:3000"), host("http://[::1]")), ("[::1]", "[::1]"));
    }
}
