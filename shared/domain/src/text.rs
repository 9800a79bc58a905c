//! Short texts with a rule: names, logins and the profile fields of an account.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use url::Url;
use utoipa::ToSchema;

use crate::{
    characters::{comparison_key, find_hidden, has_base, is_hidden, is_word, trimmed},
    fields::FromField,
    limits::MAX_ACCOUNT_ID_CHARS,
    permission::Preset,
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
    /// The name of a console user: 3–64 letters, marks and digits of any script, `+ = , . @ - _`, and single blanks
    /// between them; trimmed, in NFC. It is not unique.
    #[schema(value_type = String, min_length = 3, max_length = 64, example = "Mina.Park")]
    Username by |text| {
        let text: String = trimmed(text).nfc().collect();
        sized(&text, 3, 64)?;
        let text = visible(&text)?;
        // What is still hidden joins letters.
        let allowed = |c: char| is_word(c) || is_login_char(c) || is_hidden(c) || c == ' ';
        if !text.contains("  ") && text.chars().all(allowed) {
            return Ok(text);
        }
        let rule = "takes letters and digits of any script, + = , . @ - _ and single blanks between them";
        Err(Invalid::new(ViolationCode::BadFormat, rule))
    };

    /// The login of a console user: 3–64 characters of `A–Z a–z 0–9 + = , . @ - _`. It cannot be changed.
    #[schema(value_type = String, min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9+=,.@_-]+$", example = "mina")]
    Login by |text| {
        sized(text, 3, 64)?;
        only(text, is_login_char, "takes A-Z a-z 0-9 and + = , . @ - _")
    };

    /// The name of an application: 1–64 characters that people can see, trimmed.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "Harbor Chat")]
    AppName by |text| name(text);

    /// The name of a team: 1–64 characters that people can see, trimmed. It is unique among the names that look the
    /// same but for case.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "Northwind Mobile")]
    TeamName by |text| {
        let name = name(text)?;
        if comparison_key(&name).len() > MAX_TEAM_KEY_BYTES {
            let rule = "is too long: some of its characters stand for several letters";
            return Err(Invalid::new(ViolationCode::TooLong, rule));
        }
        Ok(name)
    };

    /// The name of a custom role: 1–64 characters that people can see, trimmed. It is not the name of a preset.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "Release manager")]
    RoleName by |text| {
        let name = name(text)?;
        let key = comparison_key(&name);
        let has_key = |preset: &Preset| [preset.id(), preset.name()].map(comparison_key).contains(&key);
        if Preset::ALL.iter().any(has_key) {
            return Err(Invalid::new(ViolationCode::NotAllowed, "must not be the name of a preset role"));
        }
        Ok(name)
    };

    /// The name of an API key: 1–64 characters that people can see, trimmed.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "Nightly export")]
    KeyName by |text| name(text);

    /// A note on an invitation, for the people who manage it: at most 500 bytes of UTF-8 that they can see.
    #[schema(value_type = String, max_length = 500, example = "For the new colleague in Busan")]
    Note by |text| {
        bounded(text)?;
        visible(text)
    };

    /// The id of an account in its application: 1–32 of `A–Z a–z 0–9 ! $ & ' ( ) * + , ; = : @ . _ ~ -`, but not `.` or
    /// `..`.
    ///
    /// These characters need no encoding in a path, so no intermediary can decode the path of one account into that of
    /// another.
    #[schema(value_type = String, min_length = 1, max_length = 32, example = "harbor.pilot")]
    #[schema(pattern = r"^(?!\.{1,2}$)[A-Za-z0-9!$&'()*+,;=:@._~-]+$")]
    AccountId by |text| {
        sized(text, 1, MAX_ACCOUNT_ID_CHARS)?;
        if matches!(text, "." | "..") {
            return Err(Invalid::new(ViolationCode::BadFormat, "must not be . or .."));
        }
        only(text, is_account_id_char, "takes A-Z a-z 0-9 and ! $ & ' ( ) * + , ; = : @ . _ ~ -")
    };

    /// The name of an account that others see: at most 500 bytes of UTF-8 without control characters.
    #[schema(value_type = String, max_length = 500, example = "Harbor Pilot")]
    Nickname by |text| line(text);

    /// The name of a file: 1–255 characters without control characters.
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "accounts.csv")]
    FileName by |text| {
        sized(text, 1, 255)?;
        visible(text)
    };

    /// The URL of an account's photo: an absolute http or https URL of at most 500 bytes.
    #[schema(value_type = String, max_length = 500, format = "uri", example = "https://img.example.com/p/42.png")]
    #[schema(pattern = r"^[Hh][Tt][Tt][Pp][Ss]?://[^/\\\s]")]
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
    /// The form in which team names are unique.
    pub fn key(&self) -> String {
        comparison_key(&self.0)
    }
}

impl RoleName {
    /// The name of a preset, which no custom role may take.
    pub(crate) fn of_preset(preset: Preset) -> Self {
        Self(preset.name().to_owned())
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

/// The maximum number of bytes of the form in which team names are unique. It is part of a key of the table, which has
/// at most 2,048. Names of letters have at most 768: 64 characters, each of which folds to at most three of four bytes.
const MAX_TEAM_KEY_BYTES: usize = 1_024;

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
    let text = trimmed(text);
    sized(text, 1, 64)?;
    visible(text)
}

/// Refuses characters that nobody can see: with them, two names could look the same, or like nothing.
fn visible(text: &str) -> Result<String, Invalid> {
    let bad_format = |detail: String| Err(Invalid::new(ViolationCode::BadFormat, detail));
    match find_hidden(text) {
        Some(c) => bad_format(format!("takes no U+{:04X}, which nobody can see", u32::from(c))),
        None if !text.is_empty() && !has_base(text) => bad_format("takes more than blanks and accents".to_owned()),
        None => Ok(text.to_owned()),
    }
}

fn line(text: &str) -> Result<String, Invalid> {
    bounded(text)?;
    only(text, |c| !c.is_control(), "takes no control characters")
}

#[cfg(test)]
mod tests;
