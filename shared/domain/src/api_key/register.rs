//! Which keys of a user are active: what bounds their number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ApiKey;
use crate::{
    error::Code,
    id::{ApiKeyId, UserId},
    limits::MAX_KEYS_PER_USER,
    time::Timestamp,
    user::User,
};

/// The active keys of a user. It is read and written together with each key that it lists, so that concurrent requests
/// cannot create more keys than a user may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRegister {
    /// The user.
    pub user_id: UserId,
    /// The user's key epoch. The keys of an earlier one have ended.
    epoch: u32,
    /// The keys, with their expiry. Keys that have expired since are among them.
    active: BTreeMap<ApiKeyId, Timestamp>,
    /// Starts at 1 and grows with every change.
    pub version: u64,
}

impl KeyRegister {
    /// The register of a user without keys, before it is stored.
    pub const fn empty(user_id: UserId) -> Self {
        Self { user_id, epoch: 0, active: BTreeMap::new(), version: 0 }
    }

    /// The register with a key of `owner` that is new or has another expiry.
    pub fn with(self, key: &ApiKey, owner: &User, now: Timestamp) -> Result<Self, Code> {
        let is_current = self.epoch == owner.key_epoch;
        let mut active = self.active;
        active.retain(|key_id, expires_at| is_current && now < *expires_at && *key_id != key.key_id);
        if active.len() >= MAX_KEYS_PER_USER {
            return Err(Code::TooManyKeys);
        }
        active.insert(key.key_id, key.expires_at);
        Ok(Self { epoch: owner.key_epoch, active, version: self.version + 1, ..self })
    }

    /// The register without these keys.
    #[must_use]
    pub fn without<'a>(mut self, keys: impl IntoIterator<Item = &'a ApiKey>) -> Self {
        for key in keys {
            self.active.remove(&key.key_id);
        }
        Self { version: self.version + 1, ..self }
    }

    /// The keys that may be active now.
    pub fn candidates(&self, owner: &User, now: Timestamp) -> impl Iterator<Item = ApiKeyId> {
        let is_current = self.epoch == owner.key_epoch;
        self.active.iter().filter(move |(_, expires_at)| is_current && now < **expires_at).map(|(key_id, _)| *key_id)
    }
}
