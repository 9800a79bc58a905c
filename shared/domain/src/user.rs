//! A console user: a person who signs in, and what that person may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit::{Action, Change, Target},
    body::{ReadElsewhere, Text},
    choice::choices,
    email::Email,
    error::{Code, Refusal},
    fields::Fields,
    id::{TeamId, UserId},
    limits::MAX_TEAMS_PER_USER,
    mail::Language,
    password::{InitialPassword, PasswordRule},
    patch::{PatchOptional, PatchRequired},
    permission::UserType,
    request_body,
    role_id::RoleId,
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
    /// Its address, proved or a note.
    pub email: Option<Email>,
    /// Whether its owner proved the address.
    pub email_verified: bool,
    /// The language of its mails.
    pub language: Language,
    /// Whether somebody else chose its password.
    pub password_change_required: bool,
}

impl NewUser {
    /// A user of this name and rank, and nothing else.
    pub fn named(username: Username, login: Login, user_type: UserType) -> Self {
        let language = Language::default();
        Self {
            username,
            login,
            user_type,
            email: None,
            email_verified: false,
            language,
            password_change_required: false,
        }
    }

    /// A user whom somebody else creates: they must change their password at the first sign-in.
    fn by_somebody_else(username: Username, login: Login, user_type: UserType, email: Option<Email>) -> Self {
        Self { email, password_change_required: true, ..Self::named(username, login, user_type) }
    }

    /// The user, enabled and in no team.
    pub fn create(self, user_id: UserId, now: Timestamp) -> User {
        User {
            user_id,
            username: self.username,
            login: self.login,
            user_type: self.user_type,
            status: Status::Enabled,
            email: self.email,
            email_verified: self.email_verified,
            language: self.language,
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

request_body! {
    /// A new user.
    #[schema(as = NewUser)]
    pub struct NewUserBody from (fields, rule: &PasswordRule) {
        username: Username,
        login: Login,
        /// An unverified address, until its owner verifies it: mail is not sent to it, and others may use it.
        email: Text<Email>,
        /// Either this or `generate_password`. It must be changed at the first sign-in.
        #[schema(value_type = Option<String>)]
        password: InitialPassword =
            rule.read_initial(fields, &names(username.as_ref(), login.as_ref(), email.as_ref())),
        /// Whether to generate a password, which the reply shows once.
        #[schema(value_type = Option<bool>)]
        generate_password: ReadElsewhere,
        r#type: UserType,
    }
}

request_body! {
    /// A new user of the type `member`, as part of a request that adds them to a team.
    #[schema(as = NewMembersUser)]
    pub struct NewMemberUserBody from (fields, rule: &PasswordRule) {
        username: Username,
        login: Login,
        /// An unverified address, until its owner verifies it: mail is not sent to it, and others may use it.
        email: Text<Email>,
        /// Either this or `generate_password`. It must be changed at the first sign-in.
        #[schema(value_type = Option<String>)]
        password: InitialPassword =
            rule.read_initial(fields, &names(username.as_ref(), login.as_ref(), email.as_ref())),
        /// Whether to generate a password, which the reply shows once.
        #[schema(value_type = Option<bool>)]
        generate_password: ReadElsewhere,
    }
}

/// The names that a password must not contain, as far as they could be read.
fn names<'a>(username: Option<&'a Username>, login: Option<&'a Login>, email: Option<&'a Text<Email>>) -> Vec<&'a str> {
    let local_part = email.and_then(|email| email.0.as_ref()).map(Email::local_part);
    [username.map(Username::as_str), login.map(Login::as_str), local_part].into_iter().flatten().collect()
}

impl NewUserBody {
    /// The new user and their password.
    pub fn into_parts(self) -> (NewUser, InitialPassword) {
        let Self { username, login, email, password, r#type: user_type, .. } = self;
        (NewUser::by_somebody_else(username, login, user_type, email.0), password)
    }
}

impl NewMemberUserBody {
    /// The new user and their password.
    pub fn into_parts(self) -> (NewUser, InitialPassword) {
        let Self { username, login, email, password, .. } = self;
        (NewUser::by_somebody_else(username, login, UserType::Member, email.0), password)
    }
}

request_body! {
    /// A change of a user.
    pub struct UserPatch {
        username: PatchRequired<Username>,
        r#type: PatchRequired<UserType>,
        status: PatchRequired<Status>,
        /// An unverified address, until its owner verifies it; null removes the address.
        email: PatchOptional<Email>,
    }
}

request_body! {
    /// A change of the caller's own user.
    pub struct MePatch {
        username: PatchRequired<Username>,
    }
}

choices! {
    /// Whether a user may sign in.
    Status {
        /// May sign in.
        Enabled "enabled",
        /// May not, and every session of it is over.
        Disabled "disabled",
    }
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
    pub email: Option<Email>,
    /// Whether its owner confirmed the address.
    #[serde(default)]
    pub email_verified: bool,
    /// The language of its mails: the one its browser last asked for.
    #[serde(default)]
    pub language: Language,
    /// Whether sign-in asks for a second factor.
    #[serde(default)]
    pub totp_enabled: bool,
    /// Whether the next session can only change the password.
    #[serde(default)]
    pub password_change_required: bool,
    /// Its role in each of its teams.
    #[serde(default)]
    pub teams: BTreeMap<TeamId, RoleId>,
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
    /// The address its owner proved: the only one that mail goes to.
    pub fn verified_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.email_verified)
    }

    /// Whether the user is one of those of whom one must be left.
    pub fn is_enabled_super_admin(&self) -> bool {
        self.user_type == UserType::SuperAdmin && self.status == Status::Enabled
    }

    /// The names a password must not contain.
    pub fn names(&self) -> Vec<&str> {
        let local_part = self.email.as_ref().map(Email::local_part);
        [self.login.as_str(), self.username.as_str()].into_iter().chain(local_part).collect()
    }

    /// The user after an admin's merge patch.
    ///
    /// An address typed by somebody else is a note until its owner proves it. Who becomes an admin leaves all teams.
    /// Sessions end when the type changes and when the user is disabled.
    pub fn edited(self, fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        let patch = fields.parse(|fields| {
            let patch = UserPatch::read(fields);
            fields.immutable("login");
            patch
        })?;
        let before = self.clone();
        let (user_type, status) = (patch.r#type.apply(self.user_type), patch.status.apply(self.status));
        let (username, email) = (patch.username.apply(self.username), patch.email.apply(self.email));
        let email_verified = self.email_verified && email == before.email;
        let teams = if user_type.is_admin() { BTreeMap::new() } else { self.teams };
        let is_ended = user_type != self.user_type || (status == Status::Disabled && status != self.status);
        let epoch = self.epoch + u32::from(is_ended);
        let after = Self { username, user_type, status, email, email_verified, teams, epoch, ..before.clone() };
        Ok(if after == before { after } else { after.next_version(now) })
    }

    /// The user under the name of its own choice.
    pub fn renamed(self, fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        let patch = fields.parse(|fields| {
            let patch = MePatch::read(fields);
            fields.immutable("login");
            patch
        })?;
        let username = patch.username.apply(self.username.clone());
        Ok(if username == self.username { self } else { Self { username, ..self }.next_version(now) })
    }

    /// The user after its password was set anew: every session before is over.
    #[must_use]
    pub fn with_new_password(self, password_change_required: bool, now: Timestamp) -> Self {
        Self { password_change_required, epoch: self.epoch + 1, ..self }.next_version(now)
    }

    /// The user with an address that it proved.
    #[must_use]
    pub fn with_verified_email(self, email: Email, now: Timestamp) -> Self {
        Self { email: Some(email), email_verified: true, ..self }.next_version(now)
    }

    /// The user without an address.
    #[must_use]
    pub fn without_email(self, now: Timestamp) -> Self {
        if self.email.is_none() {
            return self;
        }
        Self { email: None, email_verified: false, ..self }.next_version(now)
    }

    /// The user with or without a second factor: every session before is over.
    #[must_use]
    pub fn with_totp(self, totp_enabled: bool, now: Timestamp) -> Self {
        Self { totp_enabled, epoch: self.epoch + 1, ..self }.next_version(now)
    }

    /// The user whose sessions are all over. That is no change of the user itself.
    #[must_use]
    pub fn signed_out_everywhere(self) -> Self {
        Self { epoch: self.epoch + 1, ..self }
    }

    /// The user as a member of one more team.
    pub fn joined(mut self, team_id: TeamId, role_id: RoleId, now: Timestamp) -> Result<Self, Code> {
        if self.user_type.is_admin() {
            return Err(Code::NotAMember);
        }
        if self.teams.contains_key(&team_id) {
            return Err(Code::AlreadyMember);
        }
        if self.teams.len() >= MAX_TEAMS_PER_USER {
            return Err(Code::TooManyTeams);
        }
        self.teams.insert(team_id, role_id);
        Ok(self.next_version(now))
    }

    /// The user with another role in one of its teams.
    #[must_use]
    pub fn with_role(mut self, team_id: TeamId, role_id: RoleId, now: Timestamp) -> Self {
        self.teams.insert(team_id, role_id);
        self.next_version(now)
    }

    /// The user without one of its teams.
    #[must_use]
    pub fn without_team(mut self, team_id: TeamId, now: Timestamp) -> Self {
        self.teams.remove(&team_id);
        self.next_version(now)
    }

    fn next_version(self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self }
    }

    /// The short form in which others see who did something.
    pub fn to_ref(&self) -> UserRef {
        UserRef { user_id: self.user_id, username: self.username.clone() }
    }
}

/// The change of a user from one state to another, as the audit log has it: a credential's change shows in its action.
pub fn change(action: Action, before: Option<&User>, after: Option<&User>) -> Change {
    let user_id = before.or(after).map_or(UserId::from_bytes([0; 16]), |user| user.user_id);
    let (before, after) = (before.map(UserView::from), after.map(UserView::from));
    Change::between(action, Target::user(user_id), None, before.as_ref(), after.as_ref())
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
    email: Option<&'a Email>,
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
