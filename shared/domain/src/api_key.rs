//! API keys: how programs identify themselves and authenticate.

mod register;
mod token;
mod view;

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

pub use register::KeyRegister;
pub use token::ApiKeyToken;
pub use view::{ApiKeyView, change};

use crate::{
    body::BoundedList,
    choice::choices,
    error::Code,
    fields::{Fields, FromField},
    id::{ApiKeyId, AppId, UserId},
    limits::{
        ENDED_KEY_LIFETIME, KEY_REMINDERS, KEY_TOUCH_INTERVAL, MAX_KEY_APPS, MAX_KEY_DAYS, MAX_KEY_NETWORKS,
        MAX_KEY_OVERLAP_HOURS,
    },
    network::Network,
    password::Password,
    patch::PatchRequired,
    request_body,
    scope::{Scope, Scopes},
    text::KeyName,
    time::Timestamp,
    user::{User, UserRef},
    whole_number::WholeNumber,
};

type KeyDays = WholeNumber<1, MAX_KEY_DAYS>;
type OverlapHours = WholeNumber<0, MAX_KEY_OVERLAP_HOURS>;

choices! {
    /// Whether a key may be used.
    KeyStatus {
        /// It may be used.
        Active "active",
        /// It has reached its expiry.
        Expired "expired",
        /// It was revoked, or ended with a change of its owner.
        Revoked "revoked",
    }
}

request_body! {
    /// A new API key.
    #[schema(as = NewApiKey)]
    pub struct NewApiKey from (fields) {
        /// The name by which people recognise the key.
        pub name: KeyName,
        /// What the key may be used for, within what its owner may do. Duplicates count once.
        pub scopes: BoundedList<Scope, 16>,
        /// For how many days the key is valid.
        #[schema(value_type = u32, minimum = 1, maximum = 365)]
        pub expires_in_days: KeyDays,
        /// The applications for which alone the key may be used. Left out, it may be used for all that its scopes allow.
        #[schema(value_type = Option<Vec<AppId>>, min_items = 1, max_items = 100)]
        pub app_ids: Option<Vec<AppId>> = Some(read_list(fields, "app_ids", MAX_KEY_APPS)),
        /// The networks from which alone the key may be used. Left out, it may be used from everywhere.
        #[schema(value_type = Option<Vec<Network>>, min_items = 1, max_items = 20)]
        pub cidrs: Option<Vec<Network>> = Some(read_list(fields, "cidrs", MAX_KEY_NETWORKS)),
        /// The password of the user who creates the key.
        #[schema(value_type = String, format = Password)]
        pub current_password: Password,
    }
}

// The attributes above need literals.
const _: () = assert!(Scope::COUNT == 16 && MAX_KEY_DAYS == 365 && MAX_KEY_OVERLAP_HOURS == 168);
const _: () = assert!(MAX_KEY_APPS == 100 && MAX_KEY_NETWORKS == 20);

request_body! {
    /// A change of an API key.
    pub struct ApiKeyPatch {
        /// The name by which people recognise the key.
        name: PatchRequired<KeyName>,
    }
}

request_body! {
    /// A new secret for an API key.
    #[schema(as = ApiKeyRotation)]
    pub struct ApiKeyRotation {
        /// For how many hours the secret before still works, but no longer than until the key would have expired.
        #[schema(value_type = u32, minimum = 0, maximum = 168)]
        overlap_hours: OverlapHours,
        /// For how many days from now the key is valid; left out, its expiry stays.
        #[schema(value_type = Option<u32>, minimum = 1, maximum = 365)]
        expires_in_days: Option<KeyDays>,
        /// The password of the user who rotates the key.
        #[schema(value_type = String, format = Password)]
        pub current_password: Password,
    }
}

fn read_list<T: FromField>(fields: &mut Fields, name: &str, max: usize) -> Option<Vec<T>> {
    if fields.has_value(name) {
        return fields.list(name, max);
    }
    fields.forget(&[name]);
    None
}

/// An API key, as stored: without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Identifies the key.
    pub key_id: ApiKeyId,
    /// The owner, in whose name requests with the key are made.
    pub user_id: UserId,
    /// The name by which people recognise it.
    pub name: KeyName,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    /// The last four characters of the secret.
    pub hint: String,
    /// The secret before the last rotation, as long as it still works.
    #[serde(default)]
    pub previous: Option<PreviousSecret>,
    /// What it may be used for, at most.
    pub scopes: BTreeSet<Scope>,
    /// The applications for which alone it may be used, if it is bound to some.
    #[serde(default)]
    pub app_ids: Option<BTreeSet<AppId>>,
    /// The networks from which alone it may be used, if it is bound to some.
    #[serde(default)]
    pub cidrs: Option<Vec<Network>>,
    /// The owner's key epoch at its creation. The key ends when the owner has a later one.
    pub epoch: u32,
    /// Who created it.
    pub created_by: UserRef,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it last got a new secret.
    #[serde(default)]
    pub rotated_at: Option<Timestamp>,
    /// Who was shown its secret by the last rotation.
    #[serde(default)]
    pub rotated_by: Option<UserId>,
    /// When it was last used, at most [`KEY_TOUCH_INTERVAL`] too early.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// The network address of the last use.
    #[serde(default)]
    pub last_used_address: Option<IpAddr>,
    /// When it was revoked.
    #[serde(default)]
    pub revoked_at: Option<Timestamp>,
    /// Starts at 1 and grows with every change. Its use changes nothing.
    pub version: u64,
}

/// A secret that a rotation has replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    /// Who was shown it.
    pub shown_to: UserId,
    /// Until when it still works.
    pub until: Timestamp,
}

/// A secret as it is stored: its hash, and its last characters.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    /// SHA-256 of the secret, in hex.
    pub hash: String,
    /// Its last four characters.
    pub hint: String,
}

impl NewApiKey {
    /// Creates a key of `owner` with this secret.
    pub fn create(
        self,
        key_id: ApiKeyId,
        (owner, creator): (&User, &User),
        secret: StoredSecret,
        now: Timestamp,
    ) -> ApiKey {
        ApiKey {
            key_id,
            user_id: owner.user_id,
            name: self.name,
            secret_hash: secret.hash,
            hint: secret.hint,
            previous: None,
            scopes: self.scopes.0.into_iter().collect(),
            app_ids: self.app_ids.map(|app_ids| app_ids.into_iter().collect()),
            cidrs: self.cidrs,
            epoch: owner.key_epoch,
            created_by: creator.to_ref(),
            created_at: now,
            expires_at: now + days(self.expires_in_days),
            rotated_at: None,
            rotated_by: None,
            last_used_at: None,
            last_used_address: None,
            revoked_at: None,
            version: 1,
        }
    }
}

fn days(days: KeyDays) -> Duration {
    Duration::from_hours(24 * u64::from(days.get()))
}

impl ApiKey {
    /// Whether it may be used now, whatever its scopes, applications and networks.
    pub fn status(&self, owner: &User, now: Timestamp) -> KeyStatus {
        if self.revoked_at.is_some() || self.epoch != owner.key_epoch || !owner.is_at_home(now) {
            KeyStatus::Revoked
        } else if now >= self.expires_at {
            KeyStatus::Expired
        } else {
            KeyStatus::Active
        }
    }

    /// The hashes of the secrets that work now.
    pub fn secret_hashes(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let previous = self.previous.iter().filter(move |previous| now < previous.until);
        [self.secret_hash.as_str()].into_iter().chain(previous.map(|previous| previous.secret_hash.as_str()))
    }

    /// Everybody who may know a secret that works now: who created the key, and who was shown such a secret since.
    pub fn makers(&self, now: Timestamp) -> impl Iterator<Item = UserId> {
        let previous = self.previous.iter().filter(move |previous| now < previous.until);
        [self.created_by.user_id].into_iter().chain(self.rotated_by).chain(previous.map(|previous| previous.shown_to))
    }

    /// Checks that the key may be used by its owner, at this moment and from this address. The caller has compared the
    /// secret.
    pub fn check(&self, owner: &User, address: Option<IpAddr>, now: Timestamp) -> Result<(), Code> {
        let is_usable = owner.is_enabled() && self.status(owner, now) == KeyStatus::Active;
        let is_inside = |networks: &Vec<Network>| {
            address.is_some_and(|address| networks.iter().any(|network| network.contains(address)))
        };
        if is_usable && self.cidrs.as_ref().is_none_or(is_inside) { Ok(()) } else { Err(Code::Unauthenticated) }
    }

    /// Checks that the key may be used at all for a request with this path. One that is bound to applications may be
    /// used only for routes of theirs.
    pub fn check_path(&self, path: &str) -> Result<(), Code> {
        let app_id = path.strip_prefix("/v1/apps/").and_then(|rest| AppId::parse(rest.split('/').next()?));
        let is_inside = |app_ids: &BTreeSet<AppId>| app_id.is_some_and(|app_id| app_ids.contains(&app_id));
        if self.app_ids.as_ref().is_none_or(is_inside) { Ok(()) } else { Err(Code::NotFound) }
    }

    /// What the key may be used for.
    pub fn scopes(&self) -> Scopes {
        Scopes::Only(self.scopes.clone())
    }

    /// Whether the last use must be written again.
    pub fn is_touch_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| now.since(at) > KEY_TOUCH_INTERVAL)
    }

    /// The key after a use.
    #[must_use]
    pub fn used(self, address: Option<IpAddr>, now: Timestamp) -> Self {
        Self { last_used_at: Some(now), last_used_address: address, ..self }
    }

    /// When to remind next of the key's end. Reminders whose time is past are left out.
    pub fn remind_at(&self, now: Timestamp) -> Option<Timestamp> {
        let reminders = KEY_REMINDERS.map(|before| self.expires_at - before);
        reminders.into_iter().find(|at| now < *at)
    }

    /// Until when the key is listed.
    pub fn listed_until(&self) -> Timestamp {
        self.revoked_at.map_or(self.expires_at, |at| at.min(self.expires_at)) + ENDED_KEY_LIFETIME
    }

    /// The key with another name. If it is the same, so is the version.
    #[must_use]
    pub fn edited(self, patch: ApiKeyPatch) -> Self {
        let name = patch.name.apply(self.name.clone());
        if name == self.name { self } else { Self { name, ..self.next() } }
    }

    /// The key with a new secret, which is shown to `caller`.
    #[must_use]
    pub fn rotated(self, rotation: &ApiKeyRotation, caller: &User, secret: StoredSecret, now: Timestamp) -> Self {
        let overlap = Duration::from_hours(u64::from(rotation.overlap_hours.get()));
        let until = (now + overlap).min(self.expires_at);
        let shown_to = self.rotated_by.unwrap_or(self.created_by.user_id);
        let previous = PreviousSecret { secret_hash: self.secret_hash.clone(), shown_to, until };
        Self {
            secret_hash: secret.hash,
            hint: secret.hint,
            previous: Some(previous).filter(|previous| now < previous.until),
            expires_at: rotation.expires_in_days.map_or(self.expires_at, |given| now + days(given)),
            rotated_at: Some(now),
            rotated_by: Some(caller.user_id),
            ..self.next()
        }
    }

    /// The key after it was revoked.
    #[must_use]
    pub fn revoked(self, now: Timestamp) -> Self {
        Self { revoked_at: Some(now), previous: None, ..self.next() }
    }

    fn next(self) -> Self {
        Self { version: self.version + 1, ..self }
    }
}
