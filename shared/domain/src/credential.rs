//! What a login is proved with: the password, the second factor, and the codes that take its place.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{id::UserId, time::Timestamp};

/// A credential, as stored. Nothing in it is usable without keys that are kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Whose it is.
    pub user_id: UserId,
    /// The password's hash.
    #[serde(flatten)]
    pub password: PasswordHash,
    /// Whether its user may sign in. It stands here too, so that whoever may not is refused after the same reads as
    /// whoever mistyped.
    pub enabled: bool,
    /// The user's epoch: a credential of another one was read too early or too late to begin a session.
    pub epoch: u32,
    /// Marks of devices from before are over.
    pub devices_since: Timestamp,
    /// The second factor, where one is bound.
    #[serde(default)]
    pub totp: Option<Totp>,
    /// SHA-256 of the recovery codes that are left, in hex.
    #[serde(default)]
    pub recovery_codes: BTreeSet<String>,
}

/// A password's hash and what it was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// The peppered Argon2id hash, in PHC form.
    #[serde(rename = "password_hash")]
    pub phc: String,
    /// The id of the key that peppered it.
    pub pepper: String,
}

/// A bound second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// The secret, encrypted.
    pub secret: String,
    /// The step of the last code that was taken: older ones are over.
    pub last_step: u64,
}

impl Credential {
    /// The credential of a new, enabled user.
    pub fn new(user_id: UserId, password: PasswordHash, now: Timestamp) -> Self {
        Self {
            user_id,
            password,
            enabled: true,
            epoch: 0,
            devices_since: now,
            totp: None,
            recovery_codes: BTreeSet::new(),
        }
    }
}

/// A second factor that waits for its first code, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The secret, encrypted.
    pub secret: String,
    /// When it is over.
    pub expires_at: Timestamp,
}
