//! A mail in its final words: what a sender carries.

use askama::Template;
use rollcall_api::{Context, Problem, mailed_code};
use rollcall_domain::{
    email::Email,
    mail::{Language, Mail},
};

use crate::words::{Paragraph, Words};

/// A mail as its reader gets it. It holds the code that its table item does not, so it cannot be printed.
#[derive(Clone)]
pub struct Letter {
    /// The same for each try at the same mail, in angle brackets.
    pub message_id: String,
    /// Where to, as its owner spells it.
    pub to: Email,
    /// One line without anything that a user chose.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as a page, which loads nothing and runs nothing.
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    words: &'a Words,
    code: &'a str,
    origin: &'a str,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    language: &'static str,
    words: &'a Words,
    code: &'a str,
    origin: &'a str,
}

impl Letter {
    /// Puts a mail into words. Links lead to the configured origin only: no request has a say in a mail.
    pub(crate) async fn write(context: &Context, mail: &Mail, to: &Email) -> Result<Self, Problem> {
        let code = match mail.message.code() {
            Some(code) => mailed_code::digits(context, code).await?,
            None => String::new(),
        };
        let (words, origin) = (Words::of(mail), context.config.public_origin.as_str());
        let language = match mail.language {
            Language::En => "en",
            Language::Ko => "ko",
        };
        let failed = |error: askama::Error| Problem::Internal(format!("a mail cannot be laid out: {error}"));
        Ok(Self {
            message_id: format!("<{}@{}>", mail.mail_id, host(origin)),
            to: to.clone(),
            subject: words.subject.to_owned(),
            text: Text { words: &words, code: &code, origin }.render().map_err(failed)?,
            html: Page { language, words: &words, code: &code, origin }.render().map_err(failed)?,
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
    fn a_host_has_no_port() {
        assert_eq!(host("https://console.example.com"), "console.example.com");
        assert_eq!(host("http://127.0.0.1:3000"), "127.0.0.1");
        assert_eq!((host("http://[::1]:3000"), host("http://[::1]")), ("[::1]", "[::1]"));
    }
}
