//! Accounts for tests.

use rollcall_domain::{Timestamp, account::Account};
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

/// When the files of tests are made.
pub(crate) fn as_of() -> Timestamp {
    serde_json::from_value(json!("2026-11-20T12:00:00.000Z")).unwrap()
}
