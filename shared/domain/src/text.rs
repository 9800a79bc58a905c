//! Short texts with a rule: names, logins and the profile fields of an account.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};
use url::Url;
use utoipa::ToSchema;

use crate::{
    fields::FromField,
    violation::{Invalid, ViolationCode},
};

/// Declares a text type with its rule: a function from the text that was sent to the text that is stored.
///
/// Stored texts are not checked again: a rule that becomes stricter must not make old items unreadable.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident by $rule:expr;)*) => {$(
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        $(#[$doc])*
        pub struct $name(String);

        impl $name {
            /// Parses a text by the rule of the type.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let rule: fn(&str) -> Result<String, Invalid> = $rule;
                rule(text).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromField for $name {
            fn from_field(value: &Value) -> Result<Self, Invalid> {
                Self::parse(&String::from_field(value)?)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// The name of a console user: 3–64 characters of Han, `A–Z a–z 0–9 + = , . @ - _`. It is not unique.
    #[schema(value_type = String, min_length = 3, max_length = 64, example = "Mina.Park")]
    Username by |text| {
        let allowed = |c: char| is_login_char(c) || c.script() == Script::Han;
        sized(text, 3, 64)?;
        only(text, allowed, "takes Han characters, A-Z a-z 0-9 and + = , . @ - _")
    };

    /// The login of a console user: 3–64 characters of `A–Z a–z 0–9 + = , . @ - _`. It cannot be changed.
    #[schema(value_type = String, min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9+=,.@_-]+$", example = "mina")]
    Login by |text| {
        sized(text, 3, 64)?;
        only(text, is_login_char, "takes A-Z a-z 0-9 and + = , . @ - _")
    };

    /// The name of an application: 1–64 characters without control characters, trimmed.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "Harbor Chat")]
    AppName by |text| name(text);

    /// The name of a team: 1–64 characters without control characters, trimmed.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "Northwind Mobile")]
    TeamName by |text| name(text);

    /// The name of a custom role: 1–64 characters without control characters, trimmed.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "Release manager")]
    RoleName by |text| name(text);

    /// A note on an invitation, for the people who manage it: at most 500 bytes of UTF-8 without control characters.
    #[schema(value_type = String, max_length = 500, example = "For the new colleague in Busan")]
    Note by |text| line(text);

    /// The id of an account in its application: 1–32 of `A–Z a–z 0–9 ! $ & ' ( ) * + , ; = : @ . _ ~ -`, but not `.` or
    /// `..`.
    ///
    /// These characters need no encoding in a path, so no intermediary can decode the path of one account into that of
    /// another.
    #[schema(value_type = String, min_length = 1, max_length = 32, example = "harbor.pilot")]
    #[schema(pattern = r"^[A-Za-z0-9!$&'()*+,;=:@._~-]+$")]
    AccountId by |text| {
        sized(text, 1, 32)?;
        if matches!(text, "." | "..") {
            return Err(Invalid::new(ViolationCode::BadFormat, "must not be . or .."));
        }
        only(text, is_account_id_char, "takes A-Z a-z 0-9 and ! $ & ' ( ) * + , ; = : @ . _ ~ -")
    };

    /// The name of an account that others see: at most 500 bytes of UTF-8 without control characters.
    #[schema(value_type = String, max_length = 500, example = "Harbor Pilot")]
    Nickname by |text| line(text);

    /// The URL of an account's photo: an absolute http or https URL of at most 500 bytes.
    #[schema(value_type = String, max_length = 500, format = "uri", example = "https://img.example.com/p/42.png")]
    PhotoUrl by |text| {
        let text = line(text)?;
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let is_web = matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") && !rest.starts_with('/');
        // The URL parser accepts spaces and backslashes, which other programs may interpret differently.
        let is_clean = !text.chars().any(|c| c.is_whitespace() || c == '\\');
        if is_web && is_clean && Url::parse(&text).is_ok_and(|url| url.has_host()) {
            return Ok(text);
        }
        Err(Invalid::new(ViolationCode::BadFormat, "must be an absolute http or https URL"))
    };

    /// The location of an account, as it states it: at most 500 bytes of UTF-8 without control characters.
    #[schema(as = AccountLocation, value_type = String, max_length = 500, example = "Busan")]
    Location by |text| line(text);

    /// The status line of an account: at most 500 bytes of UTF-8, without control characters except line feeds.
    #[schema(value_type = String, max_length = 500, example = "On deck until six")]
    WhatsUp by |text| {
        bounded(text)?;
        only(text, |c| !c.is_control() || c == '\n', "takes no control characters but line feed")
    };
}

impl TeamName {
    /// The form in which team names are unique: without regard to case and to Unicode composition. The text is mapped
    /// to upper case first, because some letters have several lower-case forms, or a lower-case form of several
    /// letters.
    pub fn key(&self) -> String {
        self.0.nfc().collect::<String>().to_uppercase().to_lowercase().nfc().collect()
    }
}

impl Login {
    /// The form in which logins are unique and looked up: in lower case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// The maximum number of bytes of a profile text or a note.
const MAX_PROFILE_BYTES: usize = 500;

fn is_login_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+=,.@-_".contains(c)
}

fn is_account_id_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!$&'()*+,;=:@._~-".contains(c)
}

fn sized(text: &str, min: usize, max: usize) -> Result<(), Invalid> {
    Invalid::of_size(text.chars().count(), min, max, "characters").map_or(Ok(()), Err)
}

fn bounded(text: &str) -> Result<(), Invalid> {
    if text.len() <= MAX_PROFILE_BYTES {
        return Ok(());
    }
    let detail = format!("takes at most {MAX_PROFILE_BYTES} bytes of UTF-8, and this has {}", text.len());
    Err(Invalid::new(ViolationCode::TooLong, detail))
}

fn only(text: &str, allowed: impl Fn(char) -> bool, rule: &'static str) -> Result<String, Invalid> {
    if text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(ViolationCode::BadFormat, rule))
}

fn name(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    sized(text, 1, 64)?;
    only(text, |c| !c.is_control(), "takes no control characters")
}

fn line(text: &str) -> Result<String, Invalid> {
    bounded(text)?;
    only(text, |c| !c.is_control(), "takes no control characters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViolationCode::{BadFormat, TooLong, TooShort};

    fn code<T>(read: Result<T, Invalid>) -> Option<ViolationCode> {
        read.err().map(|invalid| invalid.code)
    }

    #[test]
    fn an_account_id_takes_every_permitted_symbol_and_nothing_else() {
        let symbols = "!$&'()*+,;=:@._~-";
        assert_eq!(AccountId::parse(symbols).unwrap().as_str(), symbols);
        assert_eq!(code(AccountId::parse(&"a".repeat(32))), None);
        assert_eq!(code(AccountId::parse(&"a".repeat(33))), Some(TooLong));
        assert_eq!(code(AccountId::parse("")), Some(TooShort));
        for bad in [".", "..", "a/b", "a%2Fb", "a b", "é", "a\0", "a#b", "a?b", "a\"b", "[a]"] {
            assert_eq!(code(AccountId::parse(bad)), Some(BadFormat), "{bad}");
        }
        assert_eq!(code(AccountId::parse("...")), None);
    }

    #[test]
    fn a_profile_text_is_measured_in_bytes() {
        assert_eq!(code(Nickname::parse(&"é".repeat(250))), None);
        assert_eq!(code(Nickname::parse(&("é".repeat(250) + "a"))), Some(TooLong));
        assert_eq!(code(Nickname::parse("a\nb")), Some(BadFormat));
        assert_eq!(code(WhatsUp::parse("a\nb")), None);
        assert_eq!(code(WhatsUp::parse("a\rb")), Some(BadFormat));
        assert_eq!(code(WhatsUp::parse("a\u{85}b")), Some(BadFormat));
    }

    #[test]
    fn a_photo_url_is_absolute_and_of_the_web() {
        for good in ["http://a", "https://img.example.com/p?q=1#f", "HTTPS://EXAMPLE.COM/", "https://예시.kr/사진.png"]
        {
            assert_eq!(code(PhotoUrl::parse(good)), None, "{good}");
        }
        for bad in [
            "img.png",
            "//a/b",
            "javascript:alert(1)",
            "ftp://a/b",
            "https:a",
            "https://",
            "http://a b",
            "http:\\\\a",
            "http:///a",
            "https://[::1",
        ] {
            assert_eq!(code(PhotoUrl::parse(bad)), Some(BadFormat), "{bad}");
        }
    }

    #[test]
    fn a_name_is_trimmed_before_it_is_measured() {
        assert_eq!(AppName::parse("  Harbor Chat ").unwrap().as_str(), "Harbor Chat");
        assert_eq!(code(AppName::parse("   ")), Some(TooShort));
        assert_eq!(code(AppName::parse(&"선".repeat(65))), Some(TooLong));
        assert_eq!(code(AppName::parse("a\u{7f}b")), Some(BadFormat));
    }

    #[test]
    fn a_teams_name_is_one_name_in_any_case_and_composition() {
        let key = |text| TeamName::parse(text).unwrap().key();
        assert_eq!(key("Équipe Ä"), key("e\u{301}QUIPE a\u{308}"));
        assert_eq!((key("Straße"), key("οδοσ")), (key("STRASSE"), key("ΟΔΟΣ")));
        assert_ne!(key("Northwind 1"), key("Northwind ①"));
    }

    #[test]
    fn a_username_takes_han_and_a_login_does_not() {
        assert_eq!(code(Username::parse("王小明")), None);
        assert_eq!(code(Login::parse("王小明")), Some(BadFormat));
        assert_eq!(code(Username::parse("박민아")), Some(BadFormat));
        assert_eq!(code(Username::parse("ab")), Some(TooShort));
        assert_eq!(Login::parse("Mina@Example").unwrap().key(), "mina@example");
    }
}
