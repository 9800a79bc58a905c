//! A console user: a person who signs in, and what that person may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    id::{TeamId, UserId},
    limits::{ADMIN_SESSION, MEMBER_SESSION, SessionLifetime},
    permission::{Permission, Preset, UserType},
    text::{Login, Username},
    time::Timestamp,
};

/// What a new user is made of, by whoever may make one.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What people will call and search it by.
    pub username: Username,
    /// What it will sign in with.
    pub login: Login,
    /// Its rank.
    pub user_type: UserType,
    /// Whether somebody else chose its password.
    pub password_change_required: bool,
}

impl NewUser {
    /// The user, enabled and in no team.
    pub fn create(self, user_id: UserId, now: Timestamp) -> User {
        User {
            user_id,
            username: self.username,
            login: self.login,
            user_type: self.user_type,
            status: Status::Enabled,
            email: None,
            email_verified: false,
            totp_enabled: false,
            password_change_required: self.password_change_required,
            teams: BTreeMap::new(),
            epoch: 0,
            created_at: now,
            updated_at: now,
            last_login_at: None,
            version: 1,
        }
    }
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// May sign in.
    Enabled,
    /// May not, and every session of it is over.
    Disabled,
}

/// A console user, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's key.
    pub user_id: UserId,
    /// What people call and search it by.
    pub username: Username,
    /// What it signs in with.
    pub login: Login,
    /// Its rank on the platform.
    #[serde(rename = "type")]
    pub user_type: UserType,
    /// Whether it may sign in.
    pub status: Status,
    /// Its address, verified or a note.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether its owner confirmed the address.
    #[serde(default)]
    pub email_verified: bool,
    /// Whether sign-in asks for a second factor.
    #[serde(default)]
    pub totp_enabled: bool,
    /// Whether the next session can only change the password.
    #[serde(default)]
    pub password_change_required: bool,
    /// The id of its role in each of its teams: a preset's, or a custom role's.
    #[serde(default)]
    pub teams: BTreeMap<TeamId, String>,
    /// Sessions of an earlier epoch are over.
    #[serde(default)]
    pub epoch: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it last signed in.
    #[serde(default)]
    pub last_login_at: Option<Timestamp>,
    /// Counts its changes from 1.
    pub version: u64,
}

impl User {
    /// Whether the user may do this to what belongs to `team`, or to the platform itself.
    ///
    /// Admin types may do everything to every team's applications; members what their role in that team allows.
    /// An id that names no preset allows nothing.
    pub fn may(&self, permission: Permission, team: Option<TeamId>) -> bool {
        if self.user_type.is_admin() {
            return true;
        }
        let role = team.and_then(|team| self.teams.get(&team));
        role.and_then(|id| Preset::of_id(id)).is_some_and(|preset| preset.allows(permission))
    }

    /// The user after its password was set anew: every session before is over.
    #[must_use]
    pub fn reset(self, password_change_required: bool, now: Timestamp) -> Self {
        Self { password_change_required, epoch: self.epoch + 1, updated_at: now, version: self.version + 1, ..self }
    }

    /// How long a session of this user lives.
    pub fn session_lifetime(&self) -> SessionLifetime {
        if self.user_type.is_admin() { ADMIN_SESSION } else { MEMBER_SESSION }
    }

    /// The short form in which others see who did something.
    pub fn to_ref(&self) -> UserRef {
        UserRef { user_id: self.user_id, username: self.username.clone() }
    }
}

/// A user as others see it beside what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserRef {
    /// The user's key.
    pub user_id: UserId,
    /// Its name at the time.
    pub username: Username,
}

/// A user as itself and its admins see it: never what it signs in with besides the login.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView<'a> {
    user_id: UserId,
    username: &'a Username,
    login: &'a Login,
    #[serde(rename = "type")]
    user_type: UserType,
    status: Status,
    #[schema(required)]
    email: Option<&'a str>,
    email_verified: bool,
    totp_enabled: bool,
    password_change_required: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[schema(required)]
    last_login_at: Option<Timestamp>,
    version: u64,
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            user_id: user.user_id,
            username: &user.username,
            login: &user.login,
            user_type: user.user_type,
            status: user.status,
            email: user.email.as_deref(),
            email_verified: user.email_verified,
            totp_enabled: user.totp_enabled,
            password_change_required: user.password_change_required,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: user.last_login_at,
            version: user.version,
        }
    }
}
