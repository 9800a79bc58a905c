//! Credentials: the password, the second factor, and its recovery codes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{id::UserId, time::Timestamp};

/// The credential of a user, as stored. Its secrets are useless without keys that are not in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The user.
    pub user_id: UserId,
    /// The password's hash; `None` for a service account, which only reserves its login and cannot sign in.
    #[serde(flatten)]
    pub password: Option<PasswordHash>,
    /// Whether the user may sign in. Copied from the user, so that a sign-in reads the same items whether the user is
    /// disabled or the password is wrong (no timing oracle).
    pub enabled: bool,
    /// The user's epoch. A sign-in that read a credential of another epoch must not start a session.
    pub epoch: u32,
    /// The second factor, if it is on.
    #[serde(default)]
    pub totp: Option<Totp>,
    /// SHA-256 hashes, in hex, of the unused recovery codes.
    #[serde(default)]
    pub recovery_codes: BTreeSet<String>,
}

/// The hash of a password, and the key that was used for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// The peppered Argon2id hash, in PHC form.
    #[serde(rename = "password_hash")]
    pub phc: String,
    /// The id of the key that the pepper comes from.
    pub pepper: String,
}

/// A second factor that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// The secret, encrypted.
    pub secret: String,
    /// The time step of the last code that was used. Codes of this step and earlier are refused.
    pub last_step: u64,
}

impl Credential {
    /// The credential of a new, enabled user.
    pub fn new(user_id: UserId, password: Option<PasswordHash>) -> Self {
        Self { user_id, password, enabled: true, epoch: 0, totp: None, recovery_codes: BTreeSet::new() }
    }
}

/// A second factor that waits for its first code, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The secret, encrypted.
    pub secret: String,
    /// When it expires.
    pub expires_at: Timestamp,
}
