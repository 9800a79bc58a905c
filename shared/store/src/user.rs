//! Users, their credentials and addresses, and the set of those who run the platform.
//!
//! What a user is stands on several items that agree: the credential repeats its epoch and whether it is enabled, a
//! marker holds its proved address, the set of super admins holds its id. They change here, together, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use rollcall_domain::{
    Code, Timestamp,
    credential::{Credential, PasswordHash, Totp},
    email::Email,
    id::UserId,
    text::Login,
    user::{Status, User},
};
use serde::{Deserialize, Serialize};

use crate::{
    commit::{Bookkeeping, Commit, Meaning, Values, Write},
    error::Fault,
    item::{from_item, indexed, key_of, number, string, string_set, to_item, value},
    keys,
    query::Page,
    table::Store,
};

#[derive(Deserialize)]
struct SuperAdminSet {
    user_ids: Vec<UserId>,
    #[serde(default)]
    since: Option<Timestamp>,
}

impl Store {
    /// The credential of a login.
    pub async fn credential(&self, login: &Login) -> Result<Option<Credential>, Fault> {
        self.get(&keys::credential(Some(login))).await
    }

    /// What of these two somebody has already.
    pub async fn taken(&self, email: &Email, login: &Login) -> Result<Taken, Fault> {
        let (email, login) = (keys::email(&email.canonical()), keys::credential(Some(login)));
        let found: Vec<_> = self.batch_get(&[email.clone(), login.clone()]).await?.iter().map(key_of).collect();
        Ok(Taken { email: found.contains(&email), login: found.contains(&login) })
    }

    /// The user of this id.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, Fault> {
        self.get(&keys::user(user_id)).await
    }

    /// Users of the whole platform by id, after `after`.
    pub async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Page<User>, Fault> {
        let (keys, next) = self.index_page(keys::USERS, after.map(|id| id.to_string()), limit).await?;
        let items = self.batch_get(&keys).await?;
        let mut users = items.into_iter().map(from_item).collect::<Result<Vec<User>, _>>()?;
        users.sort_unstable_by_key(|user| user.user_id);
        Ok(Page { items: users, next })
    }

    /// Those of these users that there are, by id.
    pub async fn users_of(&self, user_ids: impl IntoIterator<Item = UserId>) -> Result<BTreeMap<UserId, User>, Fault> {
        let keys: BTreeSet<_> = user_ids.into_iter().map(keys::user).collect();
        let items = self.batch_get(&keys.into_iter().collect::<Vec<_>>()).await?;
        let users = items.into_iter().map(from_item).collect::<Result<Vec<User>, _>>()?;
        Ok(users.into_iter().map(|user| (user.user_id, user)).collect())
    }

    /// The enabled super admins; none before the platform is set up.
    pub async fn super_admins(&self) -> Result<Vec<UserId>, Fault> {
        let set: Option<SuperAdminSet> = self.get(&keys::super_admins()).await?;
        Ok(set.map(|set| set.user_ids).unwrap_or_default())
    }

    /// When the first super admin was appointed: nothing is older.
    pub async fn founded_at(&self) -> Result<Option<Timestamp>, Fault> {
        let set: Option<SuperAdminSet> = self.get(&keys::super_admins()).await?;
        Ok(set.and_then(|set| set.since))
    }
}

/// What somebody has already, of what a newcomer wants.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The address.
    pub email: bool,
    /// The login.
    pub login: bool,
}

/// What becomes of the second factor when a password is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorChange {
    /// It stays, if there is one.
    Kept,
    /// It goes.
    Removed,
}

/// What becomes of a credential when its user changes.
#[derive(Clone, Copy, Debug)]
pub enum CredentialChange<'a> {
    /// Nothing but what it repeats of its user.
    Kept,
    /// Another password.
    Password(&'a PasswordHash),
    /// Another password, and all devices are unknown from now on.
    Reset(&'a PasswordHash, Timestamp, SecondFactorChange),
    /// A second factor and the codes that take its place.
    Totp(&'a Totp, &'a BTreeSet<String>),
    /// No second factor.
    NoTotp,
}

/// A new user and what its login is proved with.
pub fn create(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    let commit = person(user, credential)?;
    Ok(commit.extended(user.is_enabled_super_admin().then(|| appoint(user.user_id, user.created_at))))
}

/// The first super admin: there must be none yet.
pub fn found(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    Ok(person(user, credential)?.and(appoint(user.user_id, user.created_at).only_if_absent(Code::SuperAdminExists)))
}

/// The step from one state of a user to the next, with what stands elsewhere of it. Nothing else may have changed it.
pub fn change(before: &User, after: &User, proof: CredentialChange<'_>) -> Result<Commit, Fault> {
    let mut commit = Commit::new([unchanged(put_user(after)?, before)]);
    commit.extend(change_credential(before, after, proof)?);
    commit.extend(change_marker(before.user_id, before.verified_email(), after.verified_email())?);
    commit.extend(match (before.is_enabled_super_admin(), after.is_enabled_super_admin()) {
        (true, false) => Some(dismiss(before.user_id)),
        (false, true) => Some(appoint(before.user_id, after.updated_at)),
        (true, true) | (false, false) => None,
    });
    Ok(commit)
}

/// The end of a user: its login and its address are free again.
pub fn delete(user: &User) -> Result<Commit, Fault> {
    let credential = Write::delete(keys::credential(Some(&user.login)));
    let commit = Commit::new([unchanged(Write::delete(keys::user(user.user_id)), user), credential]);
    let commit = commit.extended(change_marker(user.user_id, user.verified_email(), None)?);
    Ok(commit.extended(user.is_enabled_super_admin().then(|| dismiss(user.user_id))))
}

/// Remembers when a user signed in and what language its browser speaks, which is no change of the user. Whatever
/// raises the epoch, which is every loss of rights and every new password, must not have happened meanwhile.
pub fn signed_in(user: &User, now: Timestamp, otherwise: Code) -> Result<Bookkeeping, Fault> {
    let values = vec![(":now", string(now.to_string())), (":language", value(&user.language)?)];
    let update = "SET #last_login_at = :now, #language = :language";
    Ok(only_if_entitled(Write::update(keys::user(user.user_id), update, values), user, otherwise).bookkeeping())
}

/// A better hash of the same password.
pub fn rehash(login: &Login, old: &PasswordHash, new: &PasswordHash) -> Bookkeeping {
    let values = vec![(":phc", string(&new.phc)), (":pepper", string(&new.pepper))];
    let update = Write::update(keys::credential(Some(login)), "SET #password_hash = :phc, #pepper = :pepper", values);
    let same = vec![(":old", string(&old.phc))];
    update.only_if("#password_hash = :old", same, Meaning::Always(Code::InvalidCredentials)).bookkeeping()
}

/// Takes the code of a step: neither it nor an older one is taken again.
pub fn use_step(login: &Login, before: &Totp, after: &Totp) -> Result<Bookkeeping, Fault> {
    let update = Write::update(keys::credential(Some(login)), "SET #totp = :totp", vec![(":totp", value(after)?)]);
    let values = vec![(":secret", string(&before.secret)), (":step", number(after.last_step))];
    let newer = "#totp.#secret = :secret AND #totp.#last_step < :step";
    Ok(update.only_if(newer, values, Meaning::Always(Code::InvalidCode)).bookkeeping())
}

/// Takes a recovery code, this once.
pub fn use_recovery_code(login: &Login, hash: &str) -> Bookkeeping {
    let set = vec![(":code", AttributeValue::Ss(vec![hash.to_owned()]))];
    let update = Write::update(keys::credential(Some(login)), "DELETE #recovery_codes :code", set);
    let left = vec![(":hash", string(hash))];
    update.only_if("contains(#recovery_codes, :hash)", left, Meaning::Always(Code::InvalidCode)).bookkeeping()
}

fn person(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    let mut item = to_item(&keys::credential(Some(&user.login)), credential)?;
    // A string set, so that taking one is the database's own atomic operation; it has no empty one.
    item.remove("recovery_codes");
    let commit = Commit::new([
        put_user(user)?.only_if_absent(Code::Conflict),
        Write::put(item).only_if_absent(Code::LoginTaken),
    ]);
    Ok(commit.extended(change_marker(user.user_id, None, user.verified_email())?))
}

fn put_user(user: &User) -> Result<Write, Fault> {
    Ok(Write::put(indexed(to_item(&keys::user(user.user_id), user)?, keys::users_index(user.user_id))))
}

/// What was decided on must still be what is stored, its epoch too, which is raised without another version.
fn unchanged(write: Write, before: &User) -> Write {
    let values = vec![(":version", number(before.version)), (":epoch", number(before.epoch))];
    write.only_if("#version = :version AND #epoch = :epoch", values, Meaning::Always(Code::Conflict))
}

fn only_if_entitled(write: Write, user: &User, refused: Code) -> Write {
    let (guard, values) = entitled(user);
    write.only_if(guard, values, Meaning::Always(refused))
}

/// The guard that a user is enabled and has lost nothing since it was read.
pub(crate) fn entitled(user: &User) -> (&'static str, Values) {
    let values = vec![(":epoch", number(user.epoch)), (":enabled", string(Status::Enabled.as_str()))];
    ("#epoch = :epoch AND #status = :enabled", values)
}

const RESET: &str =
    "SET #epoch = :epoch, #enabled = :enabled, #password_hash = :phc, #pepper = :pepper, #devices_since = :now";

const RESET_WITHOUT_TOTP: &str = "SET #epoch = :epoch, #enabled = :enabled, #password_hash = :phc, #pepper = :pepper, \
    #devices_since = :now REMOVE #totp, #recovery_codes";

fn change_credential(before: &User, after: &User, proof: CredentialChange<'_>) -> Result<Option<Write>, Fault> {
    let mut values =
        vec![(":epoch", number(after.epoch)), (":enabled", AttributeValue::Bool(after.status == Status::Enabled))];
    let update = match proof {
        CredentialChange::Kept if (before.epoch, before.status) == (after.epoch, after.status) => return Ok(None),
        CredentialChange::Kept => "SET #epoch = :epoch, #enabled = :enabled",
        CredentialChange::Password(hash) => {
            values.extend([(":phc", string(&hash.phc)), (":pepper", string(&hash.pepper))]);
            "SET #epoch = :epoch, #enabled = :enabled, #password_hash = :phc, #pepper = :pepper"
        }
        CredentialChange::Reset(hash, now, second_factor) => {
            values.extend([(":phc", string(&hash.phc)), (":pepper", string(&hash.pepper))]);
            values.push((":now", string(now.to_string())));
            match second_factor {
                SecondFactorChange::Kept => RESET,
                SecondFactorChange::Removed => RESET_WITHOUT_TOTP,
            }
        }
        CredentialChange::Totp(totp, recovery_codes) => {
            values.extend([(":totp", value(totp)?), (":codes", string_set(recovery_codes.iter().cloned()))]);
            "SET #epoch = :epoch, #enabled = :enabled, #totp = :totp, #recovery_codes = :codes"
        }
        CredentialChange::NoTotp => "SET #epoch = :epoch, #enabled = :enabled REMOVE #totp, #recovery_codes",
    };
    let update = Write::update(keys::credential(Some(&after.login)), update, values);
    Ok(Some(owned(update, after.user_id, Code::Conflict)))
}

/// A proved address belongs to one user: its marker says to whom.
fn change_marker(user_id: UserId, before: Option<&Email>, after: Option<&Email>) -> Result<Vec<Write>, Fault> {
    #[derive(Serialize)]
    struct Marker {
        user_id: UserId,
    }
    let (before, after) = (before.map(Email::canonical), after.map(Email::canonical));
    if before == after {
        return Ok(Vec::new());
    }
    let mut writes: Vec<_> =
        before.iter().map(|email| owned(Write::delete(keys::email(email)), user_id, Code::Conflict)).collect();
    if let Some(email) = after {
        let marker = to_item(&keys::email(&email), &Marker { user_id })?;
        writes.push(Write::put(marker).only_if_absent(Code::VerificationFailed));
    }
    Ok(writes)
}

fn owned(write: Write, user_id: UserId, otherwise: Code) -> Write {
    let values = vec![(":user_id", string(user_id.to_string()))];
    write.only_if("#user_id = :user_id", values, Meaning::Always(otherwise))
}

/// The first appointment is the platform's beginning.
fn appoint(user_id: UserId, now: Timestamp) -> Write {
    let update = "SET #since = if_not_exists(#since, :now) ADD #user_ids :ids";
    let values = vec![(":ids", string_set([user_id.to_string()])), (":now", string(now.to_string()))];
    Write::update(keys::super_admins(), update, values)
}

/// The last enabled super admin stays.
fn dismiss(user_id: UserId) -> Write {
    let values = vec![(":ids", string_set([user_id.to_string()]))];
    Write::update(keys::super_admins(), "DELETE #user_ids :ids", values).only_if(
        "size(#user_ids) > :one",
        vec![(":one", number(1))],
        Meaning::Always(Code::LastSuperAdmin),
    )
}
