//! Users before they exist: the request bodies that create them, and the user they become.

use crate::{
    body::{BodyField, ReadElsewhere, Text},
    device::KnownDevices,
    email::Email,
    fields::Fields,
    held_role::HeldRoles,
    id::{TeamId, UserId},
    mail::Language,
    password::{InitialPassword, NewPassword, PasswordRule},
    permission::UserType,
    request_body,
    text::{Login, Username},
    time::Timestamp,
    user::{Status, User},
    violation::{Invalid, ViolationCode},
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
    /// The team that a service account belongs to, if it is one of a team.
    pub home_team_id: Option<TeamId>,
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
            home_team_id: None,
        }
    }

    /// A user whose password, if they have one, somebody else chose.
    fn created_by_another(username: Username, login: Login, user_type: UserType, email: Option<Email>) -> Self {
        let password_change_required = !user_type.is_service();
        Self { email, password_change_required, ..Self::named(username, login, user_type) }
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
            home_team_id: self.home_team_id,
            teams: HeldRoles::default(),
            epoch: 0,
            key_epoch: 0,
            devices: KnownDevices::default(),
            created_at: now,
            updated_at: now,
            last_login_at: None,
            version: 1,
        }
    }
}

request_body! {
    /// A new user: a person with a password, or a service account without one.
    #[schema(as = NewUser, title = r#"password, type | generate_password: true, type | type: "service" | type: "platform_service""#)]
    pub struct NewUserBody from (fields, rule: &PasswordRule) {
        /// The name that people read and search for. It need not be unique.
        username: Username,
        /// The login, for signing in. It is unique without regard to case and cannot be changed.
        login: Login,
        /// It counts as unverified until the user verifies it: it gets no mail, and other users may have it too.
        email: Text<Email> = read_email(fields),
        /// The password, which must be changed at the first sign-in.
        #[schema(value_type = Option<NewPassword>)]
        password: Option<InitialPassword> =
            Some(read_password(fields, rule, &names(username.as_ref(), login.as_ref(), email.as_ref()))),
        /// Generates a password, which the reply shows once and which must be changed at the first sign-in.
        #[schema(value_type = Option<bool>)]
        generate_password: ReadElsewhere,
        /// The type.
        r#type: UserType,
    }
}

request_body! {
    /// A new user, as part of a request that adds them to a team: a `member` with a password, or a `service` account of
    /// the team without one.
    #[schema(as = NewMembersUser, title = r#"password | generate_password: true | type: "service""#)]
    pub struct NewMemberUserBody from (fields, rule: &PasswordRule) {
        /// The name that people read and search for. It need not be unique.
        username: Username,
        /// The login, for signing in. It is unique without regard to case and cannot be changed.
        login: Login,
        /// It counts as unverified until the user verifies it: it gets no mail, and other users may have it too.
        email: Text<Email> = read_email(fields),
        /// The password, which must be changed at the first sign-in.
        #[schema(value_type = Option<NewPassword>)]
        password: Option<InitialPassword> =
            Some(read_password(fields, rule, &names(username.as_ref(), login.as_ref(), email.as_ref()))),
        /// Generates a password, which the reply shows once and which must be changed at the first sign-in.
        #[schema(value_type = Option<bool>)]
        generate_password: ReadElsewhere,
        /// `service` for a service account, which belongs to the team; left out for a person.
        #[schema(value_type = Option<UserType>)]
        r#type: UserType = Some(read_members_type(fields)),
    }
}

/// Reads `type: service`. Any other type is as unknown here as it was before there were service accounts.
fn read_members_type(fields: &mut Fields) -> UserType {
    if !fields.has_text("type", UserType::Service.as_str()) {
        return UserType::Member;
    }
    fields.forget(&["type"]);
    UserType::Service
}

/// Whether the body is that of a service account, which has neither address nor password.
fn is_service(fields: &Fields) -> bool {
    fields.peek("type").is_some_and(UserType::is_service)
}

/// Reports a field that service accounts do not have.
fn refuse_of_service(fields: &mut Fields, name: &str) {
    if fields.has_value(name) {
        fields.violation(name, Invalid::new(ViolationCode::NotAllowed, "is not for service accounts"));
    }
    fields.forget(&[name]);
}

fn read_email(fields: &mut Fields) -> Option<Text<Email>> {
    if is_service(fields) {
        refuse_of_service(fields, "email");
        return Some(Text(None));
    }
    Text::read(fields, "email")
}

/// Reads the password of a person; `None` for a service account, and after a violation.
fn read_password(fields: &mut Fields, rule: &PasswordRule, names: &[&str]) -> Option<InitialPassword> {
    if !is_service(fields) {
        return rule.read_initial(fields, names);
    }
    for name in ["password", "generate_password"] {
        refuse_of_service(fields, name);
    }
    None
}

/// The names that the password must not contain. Invalid ones are left out.
fn names<'a>(username: Option<&'a Username>, login: Option<&'a Login>, email: Option<&'a Text<Email>>) -> Vec<&'a str> {
    let local_part = email.and_then(|email| email.0.as_ref()).map(Email::local_part);
    [username.map(Username::as_str), login.map(Login::as_str), local_part].into_iter().flatten().collect()
}

impl NewUserBody {
    /// The user and their password, if they have one.
    pub fn into_parts(self) -> (NewUser, Option<InitialPassword>) {
        let Self { username, login, email, password, r#type: user_type, .. } = self;
        (NewUser::created_by_another(username, login, user_type, email.0), password)
    }
}

impl NewMemberUserBody {
    /// The user and their password, if they have one. A service account belongs to this team.
    pub fn into_parts(self, team_id: TeamId) -> (NewUser, Option<InitialPassword>) {
        let Self { username, login, email, password, r#type: user_type, .. } = self;
        let new = NewUser::created_by_another(username, login, user_type, email.0);
        (NewUser { home_team_id: user_type.is_service().then_some(team_id), ..new }, password)
    }
}
