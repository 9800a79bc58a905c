//! Credentials: what a login is proved with. A credential repeats the epoch and the status of its user.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use rollcall_domain::{
    Code,
    credential::{Credential, PasswordHash, Totp},
    id::UserId,
    text::Login,
    user::{Status, User},
};

use crate::{
    error::Fault,
    expression::Values,
    item::{number, string, string_set, to_item, value, with_string_set},
    keys,
    table::Store,
    write::{Bookkeeping, Write},
};

/// What happens to the second factor when a password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorChange {
    /// It stays, if there is one.
    Kept,
    /// It is removed.
    Removed,
}

/// What happens to a credential when its user changes.
#[derive(Clone, Copy, Debug)]
pub enum CredentialChange<'a> {
    /// Only what it repeats of its user.
    Kept,
    /// A new password.
    Password(&'a PasswordHash, SecondFactorChange),
    /// A new second factor, and its recovery codes.
    Totp(&'a Totp, &'a BTreeSet<String>),
    /// The second factor is removed.
    NoTotp,
}

impl Store {
    /// The credential of a login.
    pub async fn credential(&self, login: &Login) -> Result<Option<Credential>, Fault> {
        self.get(&keys::credential(Some(login))).await
    }
}

/// Replaces the hash of a password by a better hash of the same password.
pub fn rehash(login: &Login, old: &PasswordHash, new: &PasswordHash) -> Bookkeeping {
    let unchanged = vec![(":old", string(&old.phc))];
    Write::update(keys::credential(Some(login)), "SET #password_hash = :phc, #pepper = :pepper", password_values(new))
        .only_if("#password_hash = :old", unchanged, Code::InvalidCredentials)
        .bookkeeping()
}

/// Marks the time step of a TOTP code as used: its code and older ones are refused from now on.
pub fn use_totp_step(login: &Login, before: &Totp, after: &Totp) -> Result<Bookkeeping, Fault> {
    let (condition, values) = unused_step(before, after.last_step);
    Ok(Write::update(keys::credential(Some(login)), "SET #totp = :totp", vec![(":totp", value(after)?)])
        .only_if(condition, values, Code::InvalidCode)
        .bookkeeping())
}

/// Requires that neither this time step nor a later one of the factor has been used.
pub fn totp_step_is_unused(login: &Login, totp: &Totp, step: u64) -> Write {
    let (condition, values) = unused_step(totp, step);
    Write::check(keys::credential(Some(login))).only_if(condition, values, Code::Conflict)
}

fn unused_step(totp: &Totp, step: u64) -> (&'static str, Values) {
    let values = vec![(":secret", string(&totp.secret)), (":step", number(step))];
    ("#totp.#secret = :secret AND #totp.#last_step < :step", values)
}

/// Removes a recovery code that is used. Each works once.
pub fn use_recovery_code(login: &Login, hash: &str) -> Bookkeeping {
    let (condition, values) = unused_recovery_code(hash);
    Write::update(keys::credential(Some(login)), "DELETE #recovery_codes :code", vec![(":code", string_set([hash]))])
        .only_if(condition, values, Code::InvalidCode)
        .bookkeeping()
}

/// Requires that a recovery code has not been used.
pub fn recovery_code_is_unused(login: &Login, hash: &str) -> Write {
    let (condition, values) = unused_recovery_code(hash);
    Write::check(keys::credential(Some(login))).only_if(condition, values, Code::Conflict)
}

fn unused_recovery_code(hash: &str) -> (&'static str, Values) {
    ("contains(#recovery_codes, :hash)", vec![(":hash", string(hash))])
}

/// Creates the credential of a new user.
pub(crate) fn create(login: &Login, credential: &Credential) -> Result<Write, Fault> {
    let item = to_item(&keys::credential(Some(login)), credential)?;
    let item = with_string_set(item, "recovery_codes", &credential.recovery_codes);
    Ok(Write::put(item).only_if_absent(Code::LoginTaken))
}

/// Updates the credential of a user who changes; nothing to write if it stays as it is.
pub(crate) fn update(before: &User, after: &User, change: CredentialChange<'_>) -> Result<Option<Write>, Fault> {
    let is_repeated_same = (before.epoch, before.status) == (after.epoch, after.status);
    if is_repeated_same && matches!(change, CredentialChange::Kept) {
        return Ok(None);
    }
    let mut values =
        vec![(":epoch", number(after.epoch)), (":enabled", AttributeValue::Bool(after.status == Status::Enabled))];
    let (set, remove) = clauses(change);
    values.extend(change_values(change)?);
    let update = format!("SET #epoch = :epoch, #enabled = :enabled{set}{remove}");
    let write = Write::update(keys::credential(Some(&after.login)), update, values);
    Ok(Some(only_if_owned_by(write, after.user_id)))
}

/// The attributes that a change sets, and those that it removes.
fn clauses(change: CredentialChange<'_>) -> (&'static str, &'static str) {
    const NOTHING: &str = "";
    const SET_PASSWORD: &str = ", #password_hash = :phc, #pepper = :pepper";
    const SET_TOTP: &str = ", #totp = :totp, #recovery_codes = :codes";
    const REMOVE_TOTP: &str = " REMOVE #totp, #recovery_codes";
    match change {
        CredentialChange::Kept => (NOTHING, NOTHING),
        CredentialChange::Password(_, SecondFactorChange::Kept) => (SET_PASSWORD, NOTHING),
        CredentialChange::Password(_, SecondFactorChange::Removed) => (SET_PASSWORD, REMOVE_TOTP),
        CredentialChange::Totp(..) => (SET_TOTP, NOTHING),
        CredentialChange::NoTotp => (NOTHING, REMOVE_TOTP),
    }
}

/// The values of [`clauses`].
fn change_values(change: CredentialChange<'_>) -> Result<Values, Fault> {
    Ok(match change {
        CredentialChange::Kept | CredentialChange::NoTotp => Values::new(),
        CredentialChange::Password(hash, _) => password_values(hash),
        CredentialChange::Totp(totp, recovery_codes) => {
            vec![(":totp", value(totp)?), (":codes", string_set(recovery_codes))]
        }
    })
}

fn password_values(hash: &PasswordHash) -> Values {
    vec![(":phc", string(&hash.phc)), (":pepper", string(&hash.pepper))]
}

/// Requires that the item belongs to this user.
pub(crate) fn only_if_owned_by(write: Write, user_id: UserId) -> Write {
    write.only_if("#user_id = :user_id", vec![(":user_id", string(user_id.to_string()))], Code::Conflict)
}
