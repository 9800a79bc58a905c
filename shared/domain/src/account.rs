//! An account: one end user of one application, its profile and its type.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    choice::choices,
    error::Refusal,
    fields::{Fields, FromField},
    request_body,
    text::{AccountId, Location, Nickname, PhotoUrl, WhatsUp},
    time::Timestamp,
    violation::{Invalid, ViolationCode},
};

choices! {
    /// What an account may do inside the chat product.
    AccountType {
        /// An ordinary end user.
        General "general",
        /// May call the product's administrative interfaces; at most ten an application.
        Admin "admin",
    }

    /// The gender an account shows.
    Gender {
        /// Not said.
        Unknown "unknown",
        /// Female.
        Female "female",
        /// Male.
        Male "male",
    }

    /// How an account answers friend requests.
    FriendVerification {
        /// Each request asks the account.
        NeedConfirm "need_confirm",
        /// Every request is accepted.
        AllowAny "allow_any",
        /// Every request is refused.
        DenyAny "deny_any",
    }

    /// Whether the account may add friends itself.
    Friending {
        /// It may.
        Allowed "allowed",
        /// The admin forbids it.
        Forbidden "forbidden",
    }
}

/// A null in a merge patch resets an enumeration to its first, ordinary value.
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

/// A day of birth: `YYYY-MM-DD`, a real day from 1900-01-01 to today in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = Date, example = "1994-05-17")]
#[serde(transparent)]
pub struct BirthDate(NaiveDate);

impl BirthDate {
    /// Reads a day that is not after `today`.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, Invalid> {
        let bad_format = || Invalid::new(ViolationCode::BadFormat, "must be a real date written YYYY-MM-DD");
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| bad_format())?;
        if date.to_string() != text {
            return Err(bad_format());
        }
        let first = NaiveDate::from_ymd_opt(1900, 1, 1).ok_or_else(bad_format)?;
        if (first..=today).contains(&date) {
            return Ok(Self(date));
        }
        Err(Invalid::new(ViolationCode::OutOfRange, "must lie between 1900-01-01 and today in UTC"))
    }
}

impl std::fmt::Display for BirthDate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What an account says of itself and what its application keeps about it: everything an edit may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Profile {
    /// The name it shows.
    pub nickname: Option<Nickname>,
    /// The address of its photo.
    pub photo_url: Option<PhotoUrl>,
    /// The gender it shows.
    pub gender: Gender,
    /// Its day of birth.
    pub birth_date: Option<BirthDate>,
    /// Where it says it is.
    pub location: Option<Location>,
    /// Its status line.
    pub whats_up: Option<WhatsUp>,
    /// How it answers friend requests.
    pub friend_verification: FriendVerification,
    /// Its language, by the application's own numbering.
    pub language: u32,
    /// A bit field; bit 0 set means it receives no messages.
    pub message_settings: u32,
    /// Whether it may add friends itself.
    pub friending: Friending,
    /// Its level, by the application's own meaning.
    pub level: u32,
    /// Its role, by the application's own meaning.
    pub role: u32,
}

impl Profile {
    /// The profile after a merge patch: absent keeps, null and `""` clear or reset.
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

/// An account, as stored and as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Its identity in the application; case-sensitive; never changes.
    pub user_id: AccountId,
    /// Whether it is one of the application's admins.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// Everything an edit may change.
    #[serde(flatten)]
    pub profile: Profile,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts its changes from 1.
    pub version: u64,
}

request_body! {
    /// A new account.
    pub struct NewAccount from (fields, today: NaiveDate) {
        user_id: AccountId,
        r#type: AccountType,
        #[schema(inline)]
        #[serde(flatten)]
        profile: Profile = Some(Profile::default().patched(fields, today)),
    }
}

request_body! {
    /// A change of an account's profile.
    pub struct AccountPatch from (fields, current: &Profile, today: NaiveDate) {
        #[schema(inline)]
        #[serde(flatten)]
        profile: Profile = Some(current.clone().patched(fields, today)),
    }
}

impl NewAccount {
    /// The account, created at `now`.
    pub fn create(self, now: Timestamp) -> Account {
        Account {
            user_id: self.user_id,
            account_type: self.r#type,
            profile: self.profile,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

impl Account {
    /// The account after a merge patch of its profile; identity and type are refused. Nothing changed, same version.
    pub fn edited(self, mut fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        fields.immutable("user_id");
        fields.immutable("type");
        let AccountPatch { profile } = fields.parse(|fields| AccountPatch::read(fields, &self.profile, now.date()))?;
        Ok(if profile == self.profile { self } else { Self { profile, ..self }.next_version(now) })
    }

    /// The account as this type. Of this type already, same version.
    #[must_use]
    pub fn with_type(self, account_type: AccountType, now: Timestamp) -> Self {
        if self.account_type == account_type { self } else { Self { account_type, ..self }.next_version(now) }
    }

    fn next_version(self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, ViolationCode::*};
    use serde_json::json;

    fn now() -> Timestamp {
        serde_json::from_str("\"2026-11-20T23:59:59.999Z\"").unwrap()
    }

    fn fields(value: Value) -> Fields {
        Fields::of(value)
    }

    fn created(body: Value) -> Account {
        Fields::of(body).parse(|fields| NewAccount::read(fields, now().date())).unwrap().create(now())
    }

    fn mina() -> Account {
        created(json!({"user_id": "mina", "type": "general", "nickname": "Mina", "gender": "female", "level": 3}))
    }

    #[test]
    fn an_account_shows_every_field_with_its_default() {
        let account = created(json!({"user_id": "a", "type": "general", "nickname": ""}));
        let shown = json!({
            "user_id": "a", "type": "general", "nickname": null, "photo_url": null, "gender": "unknown",
            "birth_date": null, "location": null, "whats_up": null, "friend_verification": "need_confirm",
            "language": 0, "message_settings": 0, "friending": "allowed", "level": 0, "role": 0,
            "created_at": "2026-11-20T23:59:59.999Z", "updated_at": "2026-11-20T23:59:59.999Z", "version": 1,
        });
        assert_eq!(serde_json::to_value(account).unwrap(), shown);
    }

    #[test]
    fn an_edit_keeps_what_is_absent_and_resets_what_is_null() {
        let edited = mina().edited(fields(json!({"gender": null, "level": null, "location": "부산"})), now()).unwrap();
        assert_eq!(edited.profile.nickname, mina().profile.nickname);
        assert_eq!((edited.profile.gender, edited.profile.level), (Gender::Unknown, 0));
        assert_eq!(edited.version, 2);
    }

    #[test]
    fn an_edit_that_changes_nothing_is_not_a_version() {
        assert_eq!(mina().edited(fields(json!({"nickname": "Mina"})), now()).unwrap(), mina());
    }

    #[test]
    fn identity_and_type_never_change_by_an_edit() {
        for body in [json!({"user_id": "mina"}), json!({"type": "general"})] {
            assert_eq!(mina().edited(fields(body), now()).unwrap_err().code, Code::ImmutableField);
        }
    }

    #[test]
    fn a_birth_date_is_real_and_not_in_the_future() {
        let read = |text| BirthDate::parse(text, now().date()).map_err(|invalid| invalid.code);
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
