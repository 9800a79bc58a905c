//! Users, the markers of their verified addresses, and the set of super admins.
//!
//! A user's state is spread over several items that must agree: the credential repeats the epoch and the status, a
//! marker reserves the verified address, and the set of super admins holds the ids of the enabled ones. One commit
//! changes all of them.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_domain::{
    Code, Timestamp,
    credential::Credential,
    email::Email,
    id::UserId,
    text::Login,
    user::{Status, User},
};
use serde::{Deserialize, Serialize};

use crate::{
    commit::Commit,
    credential::{self, CredentialChange, only_if_owned_by},
    error::Fault,
    expression::Values,
    item::{from_items, indexed, number, string, string_set, timestamp, to_item, value},
    keys,
    query::Page,
    table::Store,
    write::{Bookkeeping, Write},
};

#[derive(Deserialize)]
struct SuperAdminSet {
    user_ids: Vec<UserId>,
    #[serde(default)]
    since: Option<Timestamp>,
}

/// The marker of a verified address: it belongs to one user.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct AddressMarker {
    pub(crate) user_id: UserId,
}

/// Which of a new user's unique values are taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The email address.
    pub email: bool,
    /// The login.
    pub login: bool,
}

impl Store {
    /// Whether a user has this verified address, and whether a user has this login.
    pub async fn taken(&self, email: &Email, login: &Login) -> Result<Taken, Fault> {
        let (email, login) = (keys::email(&email.canonical()), keys::credential(Some(login)));
        let items = self.items_by_key([email.clone(), login.clone()]).await?;
        Ok(Taken { email: items.contains(&email), login: items.contains(&login) })
    }

    /// The user of this id.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, Fault> {
        self.get(&keys::user(user_id)).await
    }

    /// The user of this login.
    pub async fn user_by_login(&self, login: &Login) -> Result<Option<User>, Fault> {
        match self.credential(login).await? {
            Some(credential) => self.user(credential.user_id).await,
            None => Ok(None),
        }
    }

    /// A page of all users by id, after `after`.
    pub async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Page<User>, Fault> {
        let page = self.index_page(keys::USERS, after.map(|id| id.to_string()), limit).await?;
        let mut users: Vec<User> = from_items(self.batch_get(&page.items).await?)?;
        users.sort_unstable_by_key(|user| user.user_id);
        Ok(Page { items: users, next: page.next })
    }

    /// Those of these users that exist, by id.
    pub async fn users_of(&self, user_ids: impl IntoIterator<Item = UserId>) -> Result<BTreeMap<UserId, User>, Fault> {
        let keys: BTreeSet<_> = user_ids.into_iter().map(keys::user).collect();
        let users: Vec<User> = from_items(self.batch_get(&keys.into_iter().collect::<Vec<_>>()).await?)?;
        Ok(users.into_iter().map(|user| (user.user_id, user)).collect())
    }

    /// The enabled super admins; none before the first one is created.
    pub async fn super_admins(&self) -> Result<Vec<UserId>, Fault> {
        Ok(self.super_admin_set().await?.map(|set| set.user_ids).unwrap_or_default())
    }

    /// When the first super admin was created. Nothing on the platform is older.
    pub async fn platform_created_at(&self) -> Result<Option<Timestamp>, Fault> {
        Ok(self.super_admin_set().await?.and_then(|set| set.since))
    }

    async fn super_admin_set(&self) -> Result<Option<SuperAdminSet>, Fault> {
        self.get(&keys::super_admins()).await
    }
}

/// Creates a user and their credential.
pub fn create(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    let commit = create_with_credential(user, credential)?;
    Ok(commit.extended(user.is_enabled_super_admin().then(|| add_super_admin(user.user_id, user.created_at))))
}

/// Creates the first super admin. There must be none yet.
pub fn create_first_super_admin(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    let add = add_super_admin(user.user_id, user.created_at).only_if_absent(Code::SuperAdminExists);
    Ok(create_with_credential(user, credential)?.and(add))
}

/// Changes a user, and with them their credential, the marker of their address and the set of super admins.
pub fn change(before: &User, after: &User, credential: CredentialChange<'_>) -> Result<Commit, Fault> {
    let mut commit = Commit::new([only_if_unchanged(put_user(after)?, before)]);
    commit.extend(credential::update(before, after, credential)?);
    commit.extend(change_address(before.user_id, before.verified_email(), after.verified_email())?);
    commit.extend(match (before.is_enabled_super_admin(), after.is_enabled_super_admin()) {
        (true, false) => Some(remove_super_admin(before.user_id)),
        (false, true) => Some(add_super_admin(before.user_id, after.updated_at)),
        (true, true) | (false, false) => None,
    });
    Ok(commit)
}

/// Deletes a user. Their login and their address become free. Their keys have no owner any more; the database removes
/// them later, but the register of the active ones has no end of its own.
pub fn delete(user: &User) -> Result<Commit, Fault> {
    let credential = Write::delete(keys::credential(Some(&user.login)));
    let commit = Commit::new([only_if_unchanged(Write::delete(keys::user(user.user_id)), user), credential]);
    let commit = commit.and(Write::delete(keys::key_register(user.user_id)));
    let commit = commit.extended(change_address(user.user_id, user.verified_email(), None)?);
    Ok(commit.extended(user.is_enabled_super_admin().then(|| remove_super_admin(user.user_id))))
}

/// Records when a user signed in, the language of their browser and their device, which does not count as a change of
/// the user. They must still be authorised.
///
/// Of two concurrent sign-ins the later write wins, and a concurrent change of the user that was read before writes
/// back what it read. The other device is then unknown at its next sign-in, which makes it known again. A guard would
/// make either of the two fail for that.
pub fn record_sign_in(user: &User, now: Timestamp, otherwise: Code) -> Result<Bookkeeping, Fault> {
    let values =
        vec![(":now", timestamp(now)), (":language", value(&user.language)?), (":devices", value(&user.devices)?)];
    let update = "SET #last_login_at = :now, #language = :language, #devices = :devices";
    let (condition, authorised) = authorised(user);
    let write = Write::update(keys::user(user.user_id), update, values).only_if(condition, authorised, otherwise);
    Ok(write.bookkeeping())
}

/// Condition: the user is enabled, and has the epoch that was read. Every loss of rights and every new password raises
/// the epoch.
pub(crate) fn authorised(user: &User) -> (&'static str, Values) {
    let values = vec![(":epoch", number(user.epoch)), (":enabled", string(Status::Enabled.as_str()))];
    ("#epoch = :epoch AND #status = :enabled", values)
}

fn create_with_credential(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    let user_item = put_user(user)?.only_if_absent(Code::Conflict);
    let commit = Commit::new([user_item, credential::create(&user.login, credential)?]);
    Ok(commit.extended(change_address(user.user_id, None, user.verified_email())?))
}

fn put_user(user: &User) -> Result<Write, Fault> {
    Ok(Write::put(indexed(to_item(&keys::user(user.user_id), user)?, keys::users_index(user.user_id))))
}

/// Requires the version and the epoch that the change was decided on. The epoch can rise without a new version.
fn only_if_unchanged(write: Write, before: &User) -> Write {
    let values = vec![(":version", number(before.version)), (":epoch", number(before.epoch))];
    write.only_if("#version = :version AND #epoch = :epoch", values, Code::Conflict)
}

/// Moves the marker of a verified address.
fn change_address(user_id: UserId, before: Option<&Email>, after: Option<&Email>) -> Result<Vec<Write>, Fault> {
    let (before, after) = (before.map(Email::canonical), after.map(Email::canonical));
    if before == after {
        return Ok(Vec::new());
    }
    let mut writes = Vec::new();
    if let Some(email) = before {
        writes.push(only_if_owned_by(Write::delete(keys::email(&email)), user_id));
    }
    if let Some(email) = after {
        let marker = to_item(&keys::email(&email), &AddressMarker { user_id })?;
        writes.push(Write::put(marker).only_if_absent(Code::VerificationFailed));
    }
    Ok(writes)
}

/// Adds a super admin. The time of the first one is kept as the beginning of the platform.
fn add_super_admin(user_id: UserId, now: Timestamp) -> Write {
    let update = "SET #since = if_not_exists(#since, :now) ADD #user_ids :ids";
    let values = vec![(":ids", string_set([user_id])), (":now", timestamp(now))];
    Write::update(keys::super_admins(), update, values)
}

/// Removes a super admin, unless they are the last one.
fn remove_super_admin(user_id: UserId) -> Write {
    let update = Write::update(keys::super_admins(), "DELETE #user_ids :ids", vec![(":ids", string_set([user_id]))]);
    update.only_if("size(#user_ids) > :one", vec![(":one", number(1))], Code::LastSuperAdmin)
}
