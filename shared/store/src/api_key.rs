//! API keys, the register of a user's active keys, and the reminders of their ends.

use std::cmp::Reverse;

use rollcall_domain::{
    Code, Timestamp,
    api_key::{ApiKey, KeyRegister},
    id::{ApiKeyId, UserId},
    user::User,
};
use serde::{Deserialize, Serialize};

use crate::{
    commit::Commit,
    error::Fault,
    item::{from_items, indexed, timestamp, to_item, value, with_ttl},
    keys,
    query::{Page, Range},
    sort_keys::SortKeys,
    table::Store,
    write::{Bookkeeping, Write},
};

/// A user, one of their keys, and the register of their active keys.
#[derive(Debug)]
pub struct KeyHolder {
    /// The user.
    pub user: User,
    /// The key, if there is one of this id.
    pub key: Option<ApiKey>,
    /// The register.
    pub register: KeyRegister,
}

/// The reminder of a key's end, as stored.
#[derive(Debug, Deserialize, Serialize)]
struct KeyReminder {
    due_at: Timestamp,
}

impl Store {
    /// A user and one of their keys, in one consistent read.
    pub async fn user_and_key(&self, user_id: UserId, key_id: ApiKeyId) -> Result<Option<(User, ApiKey)>, Fault> {
        let (user, key) = (keys::user(user_id), keys::api_key(user_id, key_id));
        let items = self.items_by_key([user.clone(), key.clone()]).await?;
        Ok(items.get(&user)?.zip(items.get(&key)?))
    }

    /// A user with one of their keys and the register of all, in one consistent read. `None` if there is no such user.
    pub async fn key_holder(&self, user_id: UserId, key_id: Option<ApiKeyId>) -> Result<Option<KeyHolder>, Fault> {
        let (user, register) = (keys::user(user_id), keys::key_register(user_id));
        let key = key_id.map(|key_id| keys::api_key(user_id, key_id));
        let items = self.items_by_key([user.clone(), register.clone()].into_iter().chain(key.clone())).await?;
        let Some(user) = items.get(&user)? else { return Ok(None) };
        let key = key.map(|key| items.get(&key)).transpose()?.flatten();
        let register = items.get(&register)?.unwrap_or(KeyRegister::empty(user_id));
        Ok(Some(KeyHolder { user, key, register }))
    }

    /// The keys of these ids, of one user.
    pub async fn api_keys_of_ids(
        &self,
        user_id: UserId,
        key_ids: impl IntoIterator<Item = ApiKeyId>,
    ) -> Result<Vec<ApiKey>, Fault> {
        let keys: Vec<_> = key_ids.into_iter().map(|key_id| keys::api_key(user_id, key_id)).collect();
        from_items(self.batch_get(&keys).await?)
    }

    /// A page of the keys of a user, newest first, after `after`.
    pub async fn api_keys_of(
        &self,
        user_id: UserId,
        after: Option<ApiKeyId>,
        limit: usize,
    ) -> Result<Page<ApiKey>, Fault> {
        let range = Range::new(keys::session_partition(user_id), limit).prefix(keys::API_KEY);
        let range = range.after(after.map(|key_id| keys::api_key(user_id, key_id).sk)).descending();
        let page = self.query(range).await?;
        let items: Vec<ApiKey> = from_items(page.items)?;
        let next = page.next.and(items.last()).map(|last| last.key_id.to_string());
        Ok(Page { items, next })
    }

    /// A page of all keys, newest first, before `before`.
    pub async fn all_api_keys(&self, before: Option<ApiKeyId>, limit: usize) -> Result<Page<ApiKey>, Fault> {
        let positions = before.map_or_else(SortKeys::default, |id| SortKeys::default().before(&id.to_string()));
        let page = self.newest_of_index(keys::API_KEYS, positions, limit).await?;
        let mut items: Vec<ApiKey> = from_items(self.batch_get(&page.items).await?)?;
        items.sort_unstable_by_key(|key| Reverse(key.key_id));
        Ok(Page { items, next: page.next })
    }

    /// When the reminder of a key's end is due, if there is one.
    pub async fn key_reminder(&self, user_id: UserId, key_id: ApiKeyId) -> Result<Option<Timestamp>, Fault> {
        let reminder: Option<KeyReminder> = self.get(&keys::key_reminder(user_id, key_id)).await?;
        Ok(reminder.map(|reminder| reminder.due_at))
    }
}

/// Creates a key, and registers it. `remind_at` is when its end is to be reminded of.
pub fn create(
    key: &ApiKey,
    (before, after): (&KeyRegister, &KeyRegister),
    remind_at: Option<Timestamp>,
) -> Result<Commit, Fault> {
    let put = put(key)?.only_if_absent(Code::Conflict);
    Ok(Commit::new([put, put_register(before, after)?]).and(reminder(key, remind_at)?))
}

/// Changes the name of a key.
pub fn rename(before: &ApiKey, after: &ApiKey) -> Result<Commit, Fault> {
    Ok(Commit::new([put(after)?.only_if_version(before.version)]))
}

/// Gives a key a new secret, which may move its end.
pub fn rotate(
    (before, after): (&ApiKey, &ApiKey),
    register: (&KeyRegister, &KeyRegister),
    remind_at: Option<Timestamp>,
) -> Result<Commit, Fault> {
    let writes = rename(before, after)?.and(put_register(register.0, register.1)?);
    Ok(writes.and(reminder(after, remind_at)?))
}

/// Revokes keys of one user: each as it was and as it is afterwards.
pub fn revoke(keys: &[(ApiKey, ApiKey)], (before, after): (&KeyRegister, &KeyRegister)) -> Result<Commit, Fault> {
    let mut commit = Commit::new([put_register(before, after)?]);
    for (before, after) in keys {
        commit.extend(rename(before, after)?);
        commit.extend([reminder(after, None)?]);
    }
    Ok(commit)
}

/// Records the last use of a key. One that was removed meanwhile stays removed.
pub fn touch(key: &ApiKey) -> Result<Bookkeeping, Fault> {
    let values = vec![(":at", value(&key.last_used_at)?), (":address", value(&key.last_used_address)?)];
    let update = "SET #last_used_at = :at, #last_used_address = :address";
    let write = Write::update(keys::api_key(key.user_id, key.key_id), update, values);
    Ok(write.only_if_present(Code::Unauthenticated).bookkeeping())
}

/// Moves the reminder of a key's end from when it was due to `next`, or removes it.
pub fn remind_next(key: &ApiKey, due_at: Timestamp, next: Option<Timestamp>) -> Result<Commit, Fault> {
    let unchanged = vec![(":due", timestamp(due_at))];
    Ok(Commit::new([reminder(key, next)?.only_if("#due_at = :due", unchanged, Code::Conflict)]))
}

/// Removes the reminder of a key that is gone.
pub fn forget_reminder(user_id: UserId, key_id: ApiKeyId) -> Commit {
    Commit::new([Write::delete(keys::key_reminder(user_id, key_id))])
}

/// Checks that a key is neither revoked nor expired. Whether its owner ended all keys is part of the check of the
/// owner.
pub fn still_active(user_id: UserId, key_id: ApiKeyId, now: Timestamp) -> Write {
    let condition = "attribute_not_exists(#revoked_at) AND #expires_at > :key_now";
    let check = Write::check(keys::api_key(user_id, key_id));
    check.only_if(condition, vec![(":key_now", timestamp(now))], Code::Forbidden)
}

/// Checks that no key was created, rotated or revoked since the register was read.
pub fn still_registered(register: &KeyRegister) -> Write {
    only_if_same(Write::check(keys::key_register(register.user_id)), register)
}

/// The item of a key. The database removes it when it is no longer listed.
fn put(key: &ApiKey) -> Result<Write, Fault> {
    let item = to_item(&keys::api_key(key.user_id, key.key_id), key)?;
    Ok(Write::put(with_ttl(indexed(item, keys::api_keys_index(key.key_id)), key.listed_until())))
}

fn put_register(before: &KeyRegister, after: &KeyRegister) -> Result<Write, Fault> {
    Ok(only_if_same(Write::put(to_item(&keys::key_register(after.user_id), after)?), before))
}

fn only_if_same(write: Write, register: &KeyRegister) -> Write {
    let is_new = register.version == 0;
    if is_new { write.only_if_absent(Code::Conflict) } else { write.only_if_version(register.version) }
}

/// The reminder of a key's end, or its removal.
fn reminder(key: &ApiKey, due_at: Option<Timestamp>) -> Result<Write, Fault> {
    let reminder = keys::key_reminder(key.user_id, key.key_id);
    let Some(due_at) = due_at else { return Ok(Write::delete(reminder)) };
    let item = indexed(to_item(&reminder, &KeyReminder { due_at })?, keys::due_index(due_at, &key.key_id));
    Ok(Write::put(with_ttl(item, key.expires_at)))
}
