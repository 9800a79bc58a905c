//! The texts of each message in each language. The templates lay them out.

mod english;
mod korean;

use rollcall_domain::{
    Timestamp,
    limits::CODE_LIFETIME,
    mail::{Language, Mail},
};

/// The texts of one mail.
pub(crate) struct MailWords {
    /// A fixed text, so that no user input reaches a header.
    pub(crate) subject: &'static str,
    pub(crate) paragraphs: Vec<Paragraph>,
    pub(crate) footer: &'static str,
}

impl MailWords {
    /// With facts below the first paragraph.
    fn with_facts(mut self, facts: impl IntoIterator<Item = Paragraph>) -> Self {
        self.paragraphs.splice(1..1, facts);
        self
    }
}

/// One paragraph.
pub(crate) enum Paragraph {
    /// One line of text.
    Text(String),
    /// A fact on a line of its own: what it is, and its value.
    Fact(&'static str, String),
    /// The digits of the code, on a line of their own.
    Code,
}

impl MailWords {
    pub(crate) fn of(mail: &Mail) -> Self {
        let when = when(mail.created_at);
        match mail.language {
            Language::En => english::words(&mail.message, &when),
            Language::Ko => korean::words(&mail.message, &when),
        }
    }
}

fn text(text: impl Into<String>) -> Paragraph {
    Paragraph::Text(text.into())
}

/// A time such as `2026-11-20 12:00:00 UTC`: never eight digits in a row, which would look like a code.
fn when(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or_default();
    let (time, _) = time.split_once('.').unwrap_or_default();
    format!("{date} {time} UTC")
}

fn code_minutes() -> u64 {
    CODE_LIFETIME.as_secs() / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_to_the_second_in_utc() {
        let at = Timestamp::new("2026-11-20T12:00:00.987Z".parse().unwrap());
        assert_eq!(when(at), "2026-11-20 12:00:00 UTC");
    }
}
