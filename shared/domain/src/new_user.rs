//! Users before they exist: the request bodies that create them, and the user they become.

use crate::{
    body::{ReadElsewhere, Text},
    device::KnownDevices,
    email::Email,
    held_role::HeldRoles,
    id::UserId,
    mail::Language,
    password::{InitialPassword, NewPassword, PasswordRule},
    permission::UserType,
    request_body,
    text::{Login, Username},
    time::Timestamp,
    user::{Status, User},
};

/// A user to create. Whether somebody may create them is checked elsewhere.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name that people read and search for.
    pub username: Username,
    /// The login, for signing in.
    pub login: Login,
    /// The type.
    pub user_type: UserType,
    /// The email address, verified or not.
    pub email: Option<Email>,
    /// Whether the user verified the address.
    pub email_verified: bool,
    /// The language of mails to the user.
    pub language: Language,
    /// Whether the user must change their password at the next sign-in, because somebody else chose it.
    pub password_change_required: bool,
}

impl NewUser {
    /// A user without an email address, who chose their own password.
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

    /// A user whose password somebody else chose.
    fn created_by_another(username: Username, login: Login, user_type: UserType, email: Option<Email>) -> Self {
        Self { email, password_change_required: true, ..Self::named(username, login, user_type) }
    }

    /// Creates the user, enabled and without teams.
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
            teams: HeldRoles::default(),
            epoch: 0,
            devices: KnownDevices::default(),
            created_at: now,
            updated_at: now,
            last_login_at: None,
            version: 1,
        }
    }
}

request_body! {
    /// A new user.
    #[schema(as = NewUser, title = "password | generate_password: true")]
    pub struct NewUserBody from (fields, rule: &PasswordRule) {
        /// The name that people read and search for. It need not be unique.
        username: Username,
        /// The login, for signing in. It is unique without regard to case and cannot be changed.
        login: Login,
        /// It counts as unverified until the user verifies it: it gets no mail, and other users may have it too.
        email: Text<Email>,
        /// The password, which must be changed at the first sign-in.
        #[schema(value_type = Option<NewPassword>)]
        password: InitialPassword =
            rule.read_initial(fields, &names(username.as_ref(), login.as_ref(), email.as_ref())),
        /// Generates a password, which the reply shows once and which must be changed at the first sign-in.
        #[schema(value_type = Option<bool>)]
        generate_password: ReadElsewhere,
        /// The type.
        r#type: UserType,
    }
}

request_body! {
    /// A new user of the type `member`, as part of a request that adds them to a team.
    #[schema(as = NewMembersUser, title = "password | generate_password: true")]
    pub struct NewMemberUserBody from (fields, rule: &PasswordRule) {
        /// The name that people read and search for. It need not be unique.
        username: Username,
        /// The login, for signing in. It is unique without regard to case and cannot be changed.
        login: Login,
        /// It counts as unverified until the user verifies it: it gets no mail, and other users may have it too.
        email: Text<Email>,
        /// The password, which must be changed at the first sign-in.
        #[schema(value_type = Option<NewPassword>)]
        password: InitialPassword =
            rule.read_initial(fields, &names(username.as_ref(), login.as_ref(), email.as_ref())),
        /// Generates a password, which the reply shows once and which must be changed at the first sign-in.
        #[schema(value_type = Option<bool>)]
        generate_password: ReadElsewhere,
    }
}

/// The names that the password must not contain. Invalid ones are left out.
fn names<'a>(username: Option<&'a Username>, login: Option<&'a Login>, email: Option<&'a Text<Email>>) -> Vec<&'a str> {
    let local_part = email.and_then(|email| email.0.as_ref()).map(Email::local_part);
    [username.map(Username::as_str), login.map(Login::as_str), local_part].into_iter().flatten().collect()
}

impl NewUserBody {
    /// The user and their password.
    pub fn into_parts(self) -> (NewUser, InitialPassword) {
        let Self { username, login, email, password, r#type: user_type, .. } = self;
        (NewUser::created_by_another(username, login, user_type, email.0), password)
    }
}

impl NewMemberUserBody {
    /// The user and their password.
    pub fn into_parts(self) -> (NewUser, InitialPassword) {
        let Self { username, login, email, password, .. } = self;
        (NewUser::created_by_another(username, login, UserType::Member, email.0), password)
    }
}
