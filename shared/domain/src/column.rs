//! The columns of CSV and XLSX files.

use chrono::NaiveDate;
use serde_json::Value;

use crate::{
    account::Account,
    fields::FromField,
    profile::BirthDate,
    text::{Location, Nickname, PhotoUrl, WhatsUp},
    time::Timestamp,
    violation::{Invalid, ViolationCode},
};

/// The value of an account in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// The field is null.
    Empty,
    /// A non-empty text.
    Text(&'a str),
    /// A number.
    Number(u32),
    /// A day.
    Date(NaiveDate),
    /// A moment.
    Time(Timestamp),
}

/// Declares the columns: name, width in a spreadsheet in characters, and the value for an account.
///
/// The name is a `tt`: as a `literal`, the derived schema would not see it and list the variants.
macro_rules! columns {
    ($($variant:ident $name:tt $width:literal |$account:ident| $cell:expr;)*) => {
        /// A column of CSV and XLSX files. `version` has none on purpose, since an import could not honour it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum Column {
            $(#[doc = concat!("`", $name, "`")] #[serde(rename = $name)] $variant,)*
        }

        impl Column {
            /// Every column, in the order that files have unless another one is given.
            pub const ALL: [Self; 16] = [$(Self::$variant,)*];

            /// The name in the header.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The column of this name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// The width in a spreadsheet, in characters.
            pub const fn width(self) -> u32 {
                match self { $(Self::$variant => $width,)* }
            }

            /// The value of an account.
            pub fn cell(self, account: &Account) -> Cell<'_> {
                match self { $(Self::$variant => { let $account = account; $cell })* }
            }
        }
    };
}

#[rustfmt::skip]
columns! {
    UserId             "user_id"             24 |account| Cell::Text(account.user_id.as_str());
    Nickname           "nickname"            24 |account| text(account.profile.nickname.as_ref(), Nickname::as_str);
    Type               "type"                10 |account| Cell::Text(account.account_type.as_str());
    PhotoUrl           "photo_url"           32 |account| text(account.profile.photo_url.as_ref(), PhotoUrl::as_str);
    Gender             "gender"              10 |account| Cell::Text(account.profile.gender.as_str());
    BirthDate          "birth_date"          12 |account| account.profile.birth_date.map_or(Cell::Empty, date);
    Location           "location"            20 |account| text(account.profile.location.as_ref(), Location::as_str);
    WhatsUp            "whats_up"            32 |account| text(account.profile.whats_up.as_ref(), WhatsUp::as_str);
    FriendVerification "friend_verification" 20 |account| Cell::Text(account.profile.friend_verification.as_str());
    Language           "language"            12 |account| Cell::Number(account.profile.language);
    MessageSettings    "message_settings"    18 |account| Cell::Number(account.profile.message_settings);
    Friending          "friending"           12 |account| Cell::Text(account.profile.friending.as_str());
    Level              "level"               12 |account| Cell::Number(account.profile.level);
    Role               "role"                12 |account| Cell::Number(account.profile.role);
    CreatedAt          "created_at"          24 |account| Cell::Time(account.created_at);
    UpdatedAt          "updated_at"          24 |account| Cell::Time(account.updated_at);
}

impl FromField for Column {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        Self::parse(&String::from_field(value)?).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Invalid::new(ViolationCode::NotAllowed, format!("takes one of: {names}"))
        })
    }
}

fn text<T>(value: Option<&T>, as_str: impl FnOnce(&T) -> &str) -> Cell<'_> {
    value.map_or(Cell::Empty, |value| Cell::Text(as_str(value)))
}

fn date<'a>(date: BirthDate) -> Cell<'a> {
    Cell::Date(date.date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accounts() -> [Account; 2] {
        let bare = json!({
            "user_id": "a", "type": "general",
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.042Z", "version": 1,
        });
        let mut full = bare.clone();
        let more = json!({
            "nickname": "Harbor Pilot", "photo_url": "https://img.example.com/p/42.png", "gender": "female",
            "birth_date": "1994-05-17", "location": "부산", "whats_up": "On deck", "level": u32::MAX, "role": 7,
        });
        full.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        [bare, full].map(|account| serde_json::from_value(account).unwrap())
    }

    #[test]
    fn the_columns_are_in_a_fixed_order() {
        let expected = "user_id, nickname, type, photo_url, gender, birth_date, location, whats_up, \
            friend_verification, language, message_settings, friending, level, role, created_at, updated_at";
        assert_eq!(Column::ALL.map(Column::name).join(", "), expected);
    }

    #[test]
    fn a_column_is_found_by_its_name() {
        for column in Column::ALL {
            assert_eq!(Column::from_field(&json!(column.name())), Ok(column));
        }
        assert_eq!(Column::from_field(&json!("version")).unwrap_err().code, ViolationCode::NotAllowed);
    }

    #[test]
    fn a_column_has_the_value_of_the_field_of_its_name() {
        for account in accounts() {
            let Value::Object(mut shown) = serde_json::to_value(&account).unwrap() else { panic!("not an object") };
            for column in Column::ALL {
                let cell = match column.cell(&account) {
                    Cell::Empty => Value::Null,
                    Cell::Text(text) => text.into(),
                    Cell::Number(number) => number.into(),
                    Cell::Date(date) => date.to_string().into(),
                    Cell::Time(time) => time.to_string().into(),
                };
                assert_eq!(Some(cell), shown.remove(column.name()), "{}", column.name());
            }
            assert_eq!(shown.keys().collect::<Vec<_>>(), ["version"]);
        }
    }
}
