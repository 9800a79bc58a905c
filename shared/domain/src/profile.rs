//! The profile of an account.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    choice::choices,
    fields::{Fields, FromField},
    text::{Location, Nickname, PhotoUrl, WhatsUp},
    violation::{Invalid, ViolationCode},
};

choices! {
    /// The gender an account shows.
    Gender {
        /// Not stated.
        Unknown "unknown",
        /// Female.
        Female "female",
        /// Male.
        Male "male",
    }

    /// What happens to friend requests to an account.
    FriendVerification {
        /// The account decides on each request.
        NeedConfirm "need_confirm",
        /// Every request is accepted.
        AllowAny "allow_any",
        /// Every request is refused.
        DenyAny "deny_any",
    }

    /// Whether an account may add friends.
    Friending {
        /// It may.
        Allowed "allowed",
        /// It may not: an admin forbids it.
        Forbidden "forbidden",
    }
}

/// Null in a merge patch resets an enumeration to its default.
macro_rules! defaults {
    ($($name:ident::$variant:ident)*) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self::$variant
            }
        }
    )*};
}

defaults! { Gender::Unknown FriendVerification::NeedConfirm Friending::Allowed }

/// A date of birth: `YYYY-MM-DD`, from 1900-01-01 to today in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = Date, example = "1994-05-17")]
#[serde(transparent)]
pub struct BirthDate(NaiveDate);

impl BirthDate {
    /// Parses a date that is not after `today`.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, Invalid> {
        let bad_format = || Invalid::new(ViolationCode::BadFormat, "must be a date in the form YYYY-MM-DD");
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| bad_format())?;
        if date.to_string() != text {
            return Err(bad_format());
        }
        let first = NaiveDate::from_ymd_opt(1900, 1, 1).ok_or_else(bad_format)?;
        if (first..=today).contains(&date) {
            return Ok(Self(date));
        }
        Err(Invalid::new(ViolationCode::OutOfRange, "must be between 1900-01-01 and today in UTC"))
    }

    /// The date as a `chrono` type.
    pub fn date(self) -> NaiveDate {
        self.0
    }
}

impl std::fmt::Display for BirthDate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The part of an account that an edit can change: what the account shows, and what its application stores about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Profile {
    /// The name that other accounts see.
    pub nickname: Option<Nickname>,
    /// The URL of the photo.
    pub photo_url: Option<PhotoUrl>,
    /// The gender that other accounts see.
    pub gender: Gender,
    /// The date of birth.
    pub birth_date: Option<BirthDate>,
    /// The location, as the account states it.
    pub location: Option<Location>,
    /// The status line.
    pub whats_up: Option<WhatsUp>,
    /// What happens to friend requests.
    pub friend_verification: FriendVerification,
    /// The language, as a number that the application defines.
    pub language: u32,
    /// A bit field. If bit 0 is set, the account receives no messages.
    pub message_settings: u32,
    /// Whether the account may add friends.
    pub friending: Friending,
    /// The level, as a number that the application defines.
    pub level: u32,
    /// The role, as a number that the application defines.
    pub role: u32,
}

impl Profile {
    /// Applies a merge patch: an absent field keeps its value, null clears it or resets it to the default, and `""`
    /// clears a text.
    #[must_use]
    pub fn patched(self, fields: &mut Fields, today: NaiveDate) -> Self {
        let birth_date = |value: &Value| BirthDate::parse(&String::from_field(value)?, today);
        Self {
            nickname: fields.text("nickname", self.nickname),
            photo_url: fields.text("photo_url", self.photo_url),
            gender: fields.value("gender", self.gender),
            birth_date: fields.text_by("birth_date", self.birth_date, birth_date),
            location: fields.text("location", self.location),
            whats_up: fields.text("whats_up", self.whats_up),
            friend_verification: fields.value("friend_verification", self.friend_verification),
            language: fields.value("language", self.language),
            message_settings: fields.value("message_settings", self.message_settings),
            friending: fields.value("friending", self.friending),
            level: fields.value("level", self.level),
            role: fields.value("role", self.role),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViolationCode::{BadFormat, OutOfRange};

    #[test]
    fn a_birth_date_exists_and_is_not_in_the_future() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let read = |text| BirthDate::parse(text, today).map_err(|invalid| invalid.code);
        assert!(read("1900-01-01").is_ok() && read("2026-11-20").is_ok() && read("2024-02-29").is_ok());
        for (bad, code) in [
            ("1899-12-31", OutOfRange),
            ("2026-11-21", OutOfRange),
            ("2023-02-29", BadFormat),
            ("1994-5-17", BadFormat),
            ("+1994-05-17", BadFormat),
            ("17.05.1994", BadFormat),
        ] {
            assert_eq!(read(bad), Err(code), "{bad}");
        }
    }
}
