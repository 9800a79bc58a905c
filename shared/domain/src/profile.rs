//! The profile of an account.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    choice::choices,
    fields::FromField,
    patch::{PatchDefault, PatchOptional},
    request_body,
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

/// An unsigned 32-bit number, for the API document.
#[derive(ToSchema)]
#[schema(value_type = i64, minimum = 0, maximum = 4_294_967_295_i64, example = 3)]
#[expect(dead_code, reason = "describes a `u32`, whose own schema is a signed number of 32 bits")]
pub(crate) struct Uint32(u32);

/// The part of an account that an edit can change: what the account shows, and what its application stores about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Profile {
    /// The name that other accounts see.
    #[schema(required)]
    pub nickname: Option<Nickname>,
    /// The URL of the photo.
    #[schema(required)]
    pub photo_url: Option<PhotoUrl>,
    /// The gender that other accounts see.
    #[schema(required)]
    pub gender: Gender,
    /// The date of birth.
    #[schema(required)]
    pub birth_date: Option<BirthDate>,
    /// The location, as the account states it.
    #[schema(required)]
    pub location: Option<Location>,
    /// The status line.
    #[schema(required)]
    pub whats_up: Option<WhatsUp>,
    /// What happens to friend requests.
    #[schema(required)]
    pub friend_verification: FriendVerification,
    /// The language, as a number that the application defines.
    #[schema(required, value_type = Uint32)]
    pub language: u32,
    /// A bit field. If bit 0 is set, the account receives no messages.
    #[schema(required, value_type = Uint32)]
    pub message_settings: u32,
    /// Whether the account may add friends.
    #[schema(required)]
    pub friending: Friending,
    /// The level, as a number that the application defines.
    #[schema(required, value_type = Uint32)]
    pub level: u32,
    /// The role, as a number that the application defines.
    #[schema(required, value_type = Uint32)]
    pub role: u32,
}

request_body! {
    /// A change of an account's profile. A field that is left out stays as it is.
    #[schema(as = AccountPatch)]
    pub struct ProfilePatch from (fields, today: NaiveDate) {
        /// The name that other accounts see; null removes it.
        nickname: PatchOptional<Nickname>,
        /// The URL of the photo; null removes it.
        photo_url: PatchOptional<PhotoUrl>,
        /// The gender that other accounts see; null resets it to `unknown`.
        gender: PatchDefault<Gender>,
        /// The date of birth; null removes it.
        birth_date: PatchOptional<BirthDate> =
            fields.patch("birth_date", |value| BirthDate::parse(&String::from_field(value)?, today)),
        /// The location, as the account states it; null removes it.
        location: PatchOptional<Location>,
        /// The status line; null removes it.
        whats_up: PatchOptional<WhatsUp>,
        /// What happens to friend requests; null resets it to `need_confirm`.
        friend_verification: PatchDefault<FriendVerification>,
        /// The language, as a number that the application defines; null resets it to 0.
        #[schema(value_type = Option<Uint32>)]
        language: PatchDefault<u32>,
        /// A bit field. If bit 0 is set, the account receives no messages. Null resets it to 0.
        #[schema(value_type = Option<Uint32>)]
        message_settings: PatchDefault<u32>,
        /// Whether the account may add friends; null resets it to `allowed`.
        friending: PatchDefault<Friending>,
        /// The level, as a number that the application defines; null resets it to 0.
        #[schema(value_type = Option<Uint32>)]
        level: PatchDefault<u32>,
        /// The role, as a number that the application defines; null resets it to 0.
        #[schema(value_type = Option<Uint32>)]
        role: PatchDefault<u32>,
    }
}

impl Profile {
    /// Applies a change.
    #[must_use]
    pub fn patched(self, patch: ProfilePatch) -> Self {
        Self {
            nickname: patch.nickname.apply(self.nickname),
            photo_url: patch.photo_url.apply(self.photo_url),
            gender: patch.gender.apply(self.gender),
            birth_date: patch.birth_date.apply(self.birth_date),
            location: patch.location.apply(self.location),
            whats_up: patch.whats_up.apply(self.whats_up),
            friend_verification: patch.friend_verification.apply(self.friend_verification),
            language: patch.language.apply(self.language),
            message_settings: patch.message_settings.apply(self.message_settings),
            friending: patch.friending.apply(self.friending),
            level: patch.level.apply(self.level),
            role: patch.role.apply(self.role),
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
