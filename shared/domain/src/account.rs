//! Accounts: the end users of an application.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    choice::choices,
    error::Refusal,
    fields::Fields,
    profile::{Profile, ProfilePatch},
    request_body,
    text::AccountId,
    time::Timestamp,
};

choices! {
    /// What an account may do in the chat product.
    AccountType {
        /// An ordinary end user.
        General "general",
        /// May call the product's administrative interfaces. An application has at most ten.
        Admin "admin",
    }
}

/// An account, as stored and as replies show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// Identifies the account in its application. Case-sensitive. It cannot be changed.
    pub user_id: AccountId,
    /// Whether the account is one of the application's admins.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// Everything that an edit can change.
    #[serde(flatten)]
    pub profile: Profile,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Starts at 1 and grows with every change.
    pub version: u64,
}

request_body! {
    /// A new account. A field that is left out gets its default.
    pub struct NewAccount from (fields, today: NaiveDate) {
        /// Identifies the account in its application. Case-sensitive. It cannot be changed.
        user_id: AccountId,
        /// Whether the account is one of the application's admins.
        r#type: AccountType,
        #[schema(inline)]
        #[serde(flatten)]
        profile: ProfilePatch = ProfilePatch::read(fields, today),
    }
}

impl NewAccount {
    /// Creates the account.
    pub fn create(self, now: Timestamp) -> Account {
        Account {
            user_id: self.user_id,
            account_type: self.r#type,
            profile: Profile::default().patched(self.profile),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

impl Account {
    /// Changes the profile; `user_id` and `type` are refused. If nothing changes, the version stays the same.
    pub fn edited(self, mut fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        Self::refuse_immutable(&mut fields);
        let patch = fields.parse(|fields| ProfilePatch::read(fields, now.date()))?;
        let profile = self.profile.clone().patched(patch);
        Ok(if profile == self.profile { self } else { Self { profile, ..self }.next_version(now) })
    }

    /// Refuses the fields that no edit changes.
    pub fn refuse_immutable(fields: &mut Fields) {
        fields.immutable("user_id");
        fields.immutable("type");
    }

    /// Changes the type. If it is the same, so is the version.
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
    use crate::{error::Code, profile::Gender};
    use serde_json::{Value, json};

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
    fn a_new_account_shows_every_field_with_its_default() {
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
    fn an_edit_that_changes_nothing_keeps_the_version() {
        assert_eq!(mina().edited(fields(json!({"nickname": "Mina"})), now()).unwrap(), mina());
    }

    #[test]
    fn an_edit_cannot_change_user_id_and_type() {
        for body in [json!({"user_id": "mina"}), json!({"type": "general"})] {
            assert_eq!(mina().edited(fields(body), now()).unwrap_err().code, Code::ImmutableField);
        }
    }
}
