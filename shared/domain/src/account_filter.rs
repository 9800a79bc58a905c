//! Which accounts of an application are meant: one filter for lists, exports and bulk jobs.

use crate::{
    account::{Account, AccountType},
    limits::MAX_ACCOUNT_ID_CHARS,
    search::{SearchText, fold},
};

/// A filter of accounts. An account matches if every part that is present does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// The type.
    pub account_type: Option<AccountType>,
    /// What the `user_id` starts with; may be empty.
    pub user_id_prefix: String,
    /// What the `user_id` or the nickname contains.
    pub text: Option<SearchText>,
}

impl AccountFilter {
    /// Whether no account can match: no `user_id` is as long as the prefix.
    pub fn is_void(&self) -> bool {
        self.user_id_prefix.len() > MAX_ACCOUNT_ID_CHARS
    }

    /// Whether an account matches.
    pub fn matches(&self, account: &Account) -> bool {
        self.account_type.is_none_or(|wanted| account.account_type == wanted)
            && account.user_id.as_str().starts_with(&self.user_id_prefix)
            && self.text.as_ref().is_none_or(|text| searchable(account).contains(text.as_str()))
    }
}

/// What a search looks through: the `user_id` and the nickname, folded. No search text contains the line feed between
/// them.
pub fn searchable(account: &Account) -> String {
    let nickname = account.profile.nickname.as_ref().map_or("", |nickname| nickname.as_str());
    format!("{}\n{}", fold(account.user_id.as_str()), fold(nickname))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp,
        profile::Profile,
        text::{AccountId, Nickname},
    };

    fn account(user_id: &str, nickname: &str) -> Account {
        let now: Timestamp = serde_json::from_str("\"2026-11-20T12:00:00.000Z\"").unwrap();
        let nickname = Some(Nickname::parse(nickname).unwrap());
        Account {
            user_id: AccountId::parse(user_id).unwrap(),
            account_type: AccountType::General,
            profile: Profile { nickname, ..Profile::default() },
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    #[test]
    fn every_part_of_a_filter_must_match() {
        let account = account("Mina.42", "José");
        let filter = |prefix: &str, text: Option<&str>, account_type| AccountFilter {
            account_type,
            user_id_prefix: prefix.to_owned(),
            text: text.map(|text| SearchText::parse(text).unwrap()),
        };
        assert!(AccountFilter::default().matches(&account));
        assert!(filter("Mina", Some("jose"), Some(AccountType::General)).matches(&account));
        assert!(filter("", Some("A.4"), None).matches(&account));
        assert!(!filter("mina", None, None).matches(&account), "a prefix is case-sensitive, as ids are");
        assert!(!filter("", Some("2jo"), None).matches(&account), "id and nickname are searched apart");
        assert!(!filter("", None, Some(AccountType::Admin)).matches(&account));
    }
}
