//! The invocation that creates the first super admin, or, as explicit break-glass, gives a living one a new password.
//! It has no route: whoever may invoke it holds the keys of the installation anyway.

use data_encoding::BASE32_NOPAD;
use rollcall_api::{
    Context, Problem,
    clock::random,
    password::{self, Password},
};
use rollcall_domain::{
    Code, Invalid, Refusal, Violation, ViolationCode,
    audit::{Action, Change, Target},
    id::UserId,
    limits::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS},
    permission::UserType,
    text::{Login, Username},
    user::{NewUser, User, UserView},
};
use rollcall_store::user::Credential;
use serde::{Deserialize, Serialize};

/// What the invocation is given.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Event {
    /// The super admin's login; `admin` where none is given.
    login: Option<String>,
    /// Its name; its login where none is given.
    username: Option<String>,
    /// Its password; a generated one where none is given.
    password: Option<String>,
    /// Gives the super admin of this login a new password and ends its sessions.
    break_glass: bool,
}

impl Event {
    /// The first super admin with a chosen password, or a generated one.
    pub fn first(password: Option<String>) -> Self {
        Self { password, ..Self::default() }
    }
}

/// What the invocation did.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The super admin.
    pub user_id: UserId,
    /// What it signs in with.
    pub login: Login,
    /// Its password, this once, if it was generated; it must be changed at the first sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_password: Option<String>,
}

/// Creates the first super admin, or breaks the glass for a living one.
pub async fn run(context: Context, event: Event) -> Result<Report, Problem> {
    let login = event.login.as_deref().unwrap_or("admin");
    let login = Login::parse(login).map_err(|invalid| refused("/login", invalid))?;
    let username = event.username.as_deref().unwrap_or(login.as_str());
    let username = Username::parse(username).map_err(|invalid| refused("/username", invalid))?;
    let (password, generated_password) = password_of(event.password)?;
    let (password_hash, pepper) = password::hash(&context, password).await?;
    let is_temporary = generated_password.is_some();
    let prove = |user: &User| Credential { user_id: user.user_id, password_hash, pepper };

    let user = if event.break_glass {
        let before = living(&context, &login).await?;
        let after = before.clone().reset(is_temporary, context.now());
        let commit = rollcall_store::user::reset(&before, &after, &prove(&after))?;
        let change = change(Action::UserBreakGlass, Some(&before), &after);
        context.store.commit(commit.and(context.audited(None, change)?)).await?;
        after
    } else {
        let new = NewUser { username, login, user_type: UserType::SuperAdmin, password_change_required: is_temporary };
        let user = new.create(UserId::new(context.uuid()?), context.now());
        let commit = rollcall_store::user::found(&user, &prove(&user))?;
        let change = change(Action::UserCreate, None, &user);
        context.store.commit(commit.and(context.audited(None, change)?)).await?;
        user
    };
    tracing::warn!(user_id = %user.user_id, break_glass = event.break_glass, "a super admin got a new password");
    Ok(Report { user_id: user.user_id, login: user.login, generated_password })
}

async fn living(context: &Context, login: &Login) -> Result<User, Problem> {
    let credential = context.store.credential(Some(login)).await?.ok_or(Code::NotFound)?;
    let user = context.store.user(credential.user_id).await?;
    Ok(user.filter(|user| user.user_type == UserType::SuperAdmin).ok_or(Code::NotFound)?)
}

/// The chosen password, or 128 random bits in 26 letters and digits.
fn password_of(chosen: Option<String>) -> Result<(Password, Option<String>), Problem> {
    let Some(chosen) = chosen else {
        let generated = BASE32_NOPAD.encode(&random::<16>()?).to_lowercase();
        return Ok((Password::new(&generated), Some(generated)));
    };
    if (MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&chosen.chars().count()) {
        return Ok((Password::new(&chosen), None));
    }
    let rule = format!("takes {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters");
    Err(refused("/password", Invalid::new(ViolationCode::OutOfRange, rule)))
}

fn refused(pointer: &str, invalid: Invalid) -> Problem {
    Problem::Refused(Refusal::from(Violation::at(pointer, invalid.code, invalid.detail)))
}

fn change(action: Action, before: Option<&User>, after: &User) -> Change {
    let view = UserView::from(after);
    Change::between(action, Target::user(after.user_id), None, before.map(UserView::from).as_ref(), Some(&view))
}
