//! Accounts like those of a chat product: most fields set, texts of several scripts.

use rollcall_domain::{
    Invalid, Timestamp,
    account::Account,
    text::{AccountId, Nickname},
};
use serde_json::json;

use crate::Failure;

/// The first account.
pub fn account(now: Timestamp) -> Result<Account, Failure> {
    Ok(serde_json::from_value(json!({
        "user_id": "user-0000000", "type": "general", "nickname": "김하은", "gender": "female",
        "photo_url": "https://img.example.com/p/42.png", "birth_date": "1994-05-17", "location": "부산",
        "whats_up": "On deck until six", "friend_verification": "allow_any", "language": 82, "level": 3, "role": 7,
        "created_at": now, "updated_at": now,
        "version": 2,
    }))?)
}

/// Changes what makes accounts different, so that a file does not compress to nothing.
pub fn vary(account: &mut Account, number: u32) -> Result<(), Failure> {
    // The multiplier has no factor in common with the modulus: the ids look like chance and are different.
    let scattered = u64::from(number) * 2_654_435_761 % 4_294_967_296;
    let invalid = |invalid: Invalid| invalid.detail.into_owned();
    account.user_id = AccountId::parse(&format!("user-{scattered:08x}")).map_err(invalid)?;
    account.profile.nickname = Some(Nickname::parse(&format!("김하은 {scattered}")).map_err(invalid)?);
    account.profile.level = number;
    Ok(())
}
