//! The columns of CSV and XLSX files.

use std::borrow::Cow;

use rollcall_domain::{
    account::Account,
    text::{Location, Nickname, PhotoUrl, WhatsUp},
};

/// The value of an account in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// The field is null.
    Empty,
    /// A non-empty text.
    Text(Cow<'a, str>),
    /// A number.
    Number(u32),
}

/// A column: its name and its value for an account.
type Column = (&'static str, for<'a> fn(&'a Account) -> Cell<'a>);

/// The columns in order. `version` is left out on purpose, since an import could not honour it.
#[rustfmt::skip]
pub(crate) const COLUMNS: [Column; 16] = [
    ("user_id",             |account| text(account.user_id.as_str())),
    ("nickname",            |account| optional(account.profile.nickname.as_ref().map(Nickname::as_str))),
    ("type",                |account| text(account.account_type.as_str())),
    ("photo_url",           |account| optional(account.profile.photo_url.as_ref().map(PhotoUrl::as_str))),
    ("gender",              |account| text(account.profile.gender.as_str())),
    ("birth_date",          |account| optional(account.profile.birth_date.map(|date| date.to_string()))),
    ("location",            |account| optional(account.profile.location.as_ref().map(Location::as_str))),
    ("whats_up",            |account| optional(account.profile.whats_up.as_ref().map(WhatsUp::as_str))),
    ("friend_verification", |account| text(account.profile.friend_verification.as_str())),
    ("language",            |account| Cell::Number(account.profile.language)),
    ("message_settings",    |account| Cell::Number(account.profile.message_settings)),
    ("friending",           |account| text(account.profile.friending.as_str())),
    ("level",               |account| Cell::Number(account.profile.level)),
    ("role",                |account| Cell::Number(account.profile.role)),
    ("created_at",          |account| text(account.created_at.to_string())),
    ("updated_at",          |account| text(account.updated_at.to_string())),
];

fn text<'a>(value: impl Into<Cow<'a, str>>) -> Cell<'a> {
    Cell::Text(value.into())
}

fn optional<'a>(value: Option<impl Into<Cow<'a, str>>>) -> Cell<'a> {
    value.map_or(Cell::Empty, text)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// An account with every field set. `changed` replaces fields without checking their rules.
    pub(crate) fn account(changed: Value) -> Account {
        let mut account = json!({
            "user_id": "harbor.pilot", "type": "admin", "nickname": "Harbor Pilot",
            "photo_url": "https://img.example.com/p/42.png", "gender": "female", "birth_date": "1994-05-17",
            "location": "부산", "whats_up": "On deck until six", "friend_verification": "allow_any", "language": 82,
            "message_settings": 1, "friending": "forbidden", "level": 4_294_967_295_u32, "role": 7,
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.042Z", "version": 2,
        });
        let Value::Object(changed) = changed else { panic!("changes are an object") };
        account.as_object_mut().unwrap().extend(changed);
        serde_json::from_value(account).unwrap()
    }

    /// An account with the required fields only.
    pub(crate) fn bare(user_id: &str) -> Account {
        serde_json::from_value(json!({
            "user_id": user_id, "type": "general",
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.000Z", "version": 1,
        }))
        .unwrap()
    }

    #[test]
    fn the_columns_are_in_a_fixed_order() {
        let names = COLUMNS.map(|(name, _)| name).join(", ");
        let expected = "user_id, nickname, type, photo_url, gender, birth_date, location, whats_up, \
            friend_verification, language, message_settings, friending, level, role, created_at, updated_at";
        assert_eq!(names, expected);
    }

    #[test]
    fn a_column_has_the_value_of_the_field_of_its_name() {
        for account in [account(json!({})), bare("a")] {
            let Value::Object(mut shown) = serde_json::to_value(&account).unwrap() else { panic!("not an object") };
            for (name, cell) in COLUMNS {
                let cell = match cell(&account) {
                    Cell::Empty => Value::Null,
                    Cell::Text(text) => text.into(),
                    Cell::Number(number) => number.into(),
                };
                assert_eq!(Some(cell), shown.remove(name), "{name}");
            }
            assert_eq!(shown.keys().collect::<Vec<_>>(), ["version"]);
        }
    }
}
