//! Console users: the people who sign in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit::{Action, Change, Target},
    choice::choices,
    device::KnownDevices,
    email::Email,
    error::{Code, Refusal},
    fields::Fields,
    held_role::{HeldRole, HeldRoles},
    id::{DeviceId, TeamId, UserId},
    limits::MAX_TEAMS_PER_USER,
    mail::Language,
    patch::{PatchOptional, PatchRequired},
    permission::UserType,
    request_body,
    role_id::RoleId,
    text::{Login, Username},
    time::Timestamp,
    violation::{Violation, ViolationCode},
};

choices! {
    /// Whether a user may sign in.
    Status {
        /// May sign in, or use API keys.
        Enabled "enabled",
        /// May not sign in. All sessions and API keys have ended.
        Disabled "disabled",
    }
}

request_body! {
    /// A change of a user.
    pub struct UserPatch {
        /// The name that people read and search for.
        username: PatchRequired<Username>,
        /// The type, if the user is a person. A user who becomes an admin leaves all teams.
        r#type: PatchRequired<UserType>,
        /// Whether the user may sign in.
        status: PatchRequired<Status>,
        /// A changed address is unverified until the user verifies it; null removes the address.
        email: PatchOptional<Email>,
    }
}

request_body! {
    /// A change of the caller's own user.
    pub struct MePatch {
        /// The name that people read and search for.
        username: PatchRequired<Username>,
    }
}

/// A console user, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's key.
    pub user_id: UserId,
    /// The name that people read and search for.
    pub username: Username,
    /// The login, for signing in. It cannot be changed.
    pub login: Login,
    /// The type.
    #[serde(rename = "type")]
    pub user_type: UserType,
    /// Whether the user may sign in.
    pub status: Status,
    /// The email address, verified or not.
    #[serde(default)]
    pub email: Option<Email>,
    /// Whether the user verified the address.
    #[serde(default)]
    pub email_verified: bool,
    /// The language of mails to the user: the one their browser last asked for.
    #[serde(default)]
    pub language: Language,
    /// Whether sign-in requires a second factor.
    #[serde(default)]
    pub totp_enabled: bool,
    /// Whether the user must change their password before they can do anything else.
    #[serde(default)]
    pub password_change_required: bool,
    /// The team that a service account belongs to, if it is one that was created in a team. It joins no other, and is
    /// deleted when it leaves this one.
    #[serde(default)]
    pub home_team_id: Option<TeamId>,
    /// The role in each of the user's teams.
    #[serde(default)]
    pub teams: HeldRoles,
    /// Grows when all sessions end: a session of an earlier epoch is no longer valid.
    #[serde(default)]
    pub epoch: u32,
    /// Grows when all API keys end: a key of an earlier epoch is no longer valid.
    #[serde(default)]
    pub key_epoch: u32,
    /// The devices from which the user has signed in.
    #[serde(default)]
    pub devices: KnownDevices,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// When the user last signed in.
    #[serde(default)]
    pub last_login_at: Option<Timestamp>,
    /// Starts at 1 and grows with every change.
    pub version: u64,
}

impl User {
    /// The email address if it is verified. Mail goes to no other.
    pub fn verified_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.email_verified)
    }

    /// Whether the user may sign in.
    pub fn is_enabled(&self) -> bool {
        self.status == Status::Enabled
    }

    /// Whether the user is an enabled super admin, of whom there must always be at least one.
    pub fn is_enabled_super_admin(&self) -> bool {
        self.user_type == UserType::SuperAdmin && self.is_enabled()
    }

    /// Whether the user is a program, which identifies itself with an API key.
    pub fn is_service(&self) -> bool {
        self.user_type.is_service()
    }

    /// Whether the user, if they are a service account of a team, is still a member of it.
    pub fn is_at_home(&self, now: Timestamp) -> bool {
        self.home_team_id.is_none_or(|home| self.teams.role_at(home, now).is_some())
    }

    /// Whether the user counts among the admins of a team in which they have this role. A team must be left to a person.
    pub fn counts_as_admin(&self, role_id: RoleId) -> bool {
        role_id.is_admin() && !self.is_service()
    }

    /// The names a password must not contain.
    pub fn names(&self) -> Vec<&str> {
        let local_part = self.email.as_ref().map(Email::local_part);
        [self.login.as_str(), self.username.as_str()].into_iter().chain(local_part).collect()
    }

    /// Applies an admin's change. If nothing changes, the version stays the same.
    ///
    /// A changed address is unverified until the user verifies it. A user who becomes an admin leaves all teams.
    /// Sessions and API keys end when the type changes and when the user is disabled.
    pub fn edited(self, fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        let patch = fields.parse(|fields| {
            let patch = UserPatch::read(fields);
            fields.immutable("login");
            patch
        })?;
        let before = self.clone();
        let (user_type, status) = (patch.r#type.apply(self.user_type), patch.status.apply(self.status));
        if user_type.is_service() != self.is_service() {
            let rule = "must be the type of a person: nobody becomes a service account";
            return Err(Violation::at("/type", ViolationCode::NotAllowed, rule).into());
        }
        let (username, email) = (patch.username.apply(self.username), patch.email.apply(self.email));
        let email_verified = self.email_verified && email == before.email;
        let teams = if user_type.is_admin() { HeldRoles::default() } else { self.teams };
        let is_ended = user_type != self.user_type || (status == Status::Disabled && status != self.status);
        let (epoch, key_epoch) = (self.epoch + u32::from(is_ended), self.key_epoch + u32::from(is_ended));
        let after =
            Self { username, user_type, status, email, email_verified, teams, epoch, key_epoch, ..before.clone() };
        Ok(if after == before { after } else { after.next_version(now) })
    }

    /// Applies the user's own change, of their username. If nothing changes, the version stays the same.
    pub fn renamed(self, fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        let patch = fields.parse(|fields| {
            let patch = MePatch::read(fields);
            fields.immutable("login");
            patch
        })?;
        let username = patch.username.apply(self.username.clone());
        Ok(if username == self.username { self } else { Self { username, ..self }.next_version(now) })
    }

    /// The user after a new password was set. All sessions end, and all devices but `kept` are no longer known.
    #[must_use]
    pub fn with_new_password(self, password_change_required: bool, kept: Option<DeviceId>, now: Timestamp) -> Self {
        let devices = self.devices.only(kept);
        Self { password_change_required, epoch: self.epoch + 1, devices, ..self }.next_version(now)
    }

    /// The user with an address that they verified.
    #[must_use]
    pub fn with_verified_email(self, email: Email, now: Timestamp) -> Self {
        Self { email: Some(email), email_verified: true, ..self }.next_version(now)
    }

    /// The user without an email address. If there was none, the version stays the same.
    #[must_use]
    pub fn without_email(self, now: Timestamp) -> Self {
        if self.email.is_none() {
            return self;
        }
        Self { email: None, email_verified: false, ..self }.next_version(now)
    }

    /// The user with the second factor turned on or off. All sessions end, and all devices but `kept` are no longer
    /// known.
    #[must_use]
    pub fn with_totp(self, totp_enabled: bool, kept: Option<DeviceId>, now: Timestamp) -> Self {
        let devices = self.devices.only(kept);
        Self { totp_enabled, epoch: self.epoch + 1, devices, ..self }.next_version(now)
    }

    /// Ends all sessions. The version stays the same, since nothing changes that callers can see.
    #[must_use]
    pub fn signed_out_everywhere(self) -> Self {
        Self { epoch: self.epoch + 1, ..self }
    }

    /// Ends all API keys. The version stays the same, since nothing changes that callers can see.
    #[must_use]
    pub fn with_keys_ended(self) -> Self {
        Self { key_epoch: self.key_epoch + 1, ..self }
    }

    /// Adds the user to a team. Refuses admins of the platform, members of the team, service accounts of another team,
    /// and users in [`MAX_TEAMS_PER_USER`] teams. Memberships that have ended must have been removed before.
    pub fn joined(mut self, team_id: TeamId, held: HeldRole, now: Timestamp) -> Result<Self, Code> {
        if self.teams.stored_in(team_id).is_some() {
            return Err(Code::AlreadyMember);
        }
        if self.user_type.is_admin() || self.home_team_id.is_some_and(|home| home != team_id) {
            return Err(Code::NotAMember);
        }
        if self.teams.len() >= MAX_TEAMS_PER_USER {
            return Err(Code::TooManyTeams);
        }
        self.teams.insert(team_id, held);
        Ok(self.next_version(now))
    }

    /// The user with another role, or another end of the membership, in one of their teams.
    #[must_use]
    pub fn with_role(mut self, team_id: TeamId, held: HeldRole, now: Timestamp) -> Self {
        self.teams.insert(team_id, held);
        self.next_version(now)
    }

    /// The user without one of their teams.
    #[must_use]
    pub fn without_team(mut self, team_id: TeamId, now: Timestamp) -> Self {
        self.teams.remove(team_id);
        self.next_version(now)
    }

    fn next_version(self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self }
    }

    /// The short form in which records name the user.
    pub fn to_ref(&self) -> UserRef {
        UserRef { user_id: self.user_id, username: self.username.clone() }
    }
}

/// The change from one state of a user to another, for the audit log. A change of the credential shows only as the
/// action.
pub fn change(action: Action, before: Option<&User>, after: Option<&User>) -> Change {
    let user_id = before.or(after).map_or(UserId::from_bytes([0; 16]), |user| user.user_id);
    let (before, after) = (before.map(UserView::from), after.map(UserView::from));
    Change::between(action, Target::user(user_id), None, before.as_ref(), after.as_ref())
}

/// A user, as records and replies name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserRef {
    /// The user's key.
    pub user_id: UserId,
    /// Their username at the time.
    pub username: Username,
}

/// A user as they and their admins see them: nothing of their credential.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView<'a> {
    /// Identifies the user.
    user_id: UserId,
    /// The name that people read and search for. It is not unique.
    username: &'a Username,
    /// The login, for signing in; of a service account, its handle. It cannot be changed.
    login: &'a Login,
    /// The type.
    #[serde(rename = "type")]
    user_type: UserType,
    /// The team that a service account belongs to; null if it is the platform's. Absent for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TeamId>, required = false)]
    #[expect(clippy::option_option, reason = "absent for people, and null for a service account of the platform")]
    home_team_id: Option<Option<TeamId>>,
    /// Whether the user may sign in.
    status: Status,
    /// The email address; null if there is none.
    #[schema(required)]
    email: Option<&'a Email>,
    /// Whether the user verified the address. Mail goes to no other.
    email_verified: bool,
    /// Whether sign-in requires a second factor.
    totp_enabled: bool,
    /// Whether the user must change their password before they can do anything else.
    password_change_required: bool,
    /// When the user was created.
    created_at: Timestamp,
    /// When the user last changed.
    updated_at: Timestamp,
    /// When the user last signed in; null if they never did.
    #[schema(required)]
    last_login_at: Option<Timestamp>,
    /// Starts at 1 and grows with every change.
    version: u64,
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            user_id: user.user_id,
            username: &user.username,
            login: &user.login,
            user_type: user.user_type,
            home_team_id: user.is_service().then_some(user.home_team_id),
            status: user.status,
            email: user.email.as_ref(),
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
