//! The invocation that creates the first super admin, or, as explicit break-glass, gives a living one a new password.
//! It has no route: whoever may invoke it holds the keys of the installation anyway.

use rollcall_api::{By, Context, Problem, Reply, password, settled, throttle};
use rollcall_domain::{
    Code, Invalid, Refusal, Violation,
    audit::Action,
    credential::Credential,
    id::UserId,
    lane::Kind,
    mail::Message,
    password::{Given, Password},
    permission::UserType::SuperAdmin,
    text::{Login, Username},
    user::{NewUser, User, change},
};
use rollcall_store::{
    lane::forget,
    user::{Proof, SecondFactor},
};
use serde::{Deserialize, Serialize};

/// What the invocation is given.
#[derive(Default, Deserialize)]
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
    /// With that, also takes the second factor off, for whoever lost the device and the recovery codes.
    unbind_totp: bool,
}

impl Event {
    /// The first super admin with a chosen password, or a generated one.
    pub fn first(password: Option<String>) -> Self {
        Self { password, ..Self::default() }
    }
}

/// What the invocation did.
#[derive(Serialize)]
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
    let is_break_glass = event.break_glass;
    let (user, generated_password) = if is_break_glass {
        break_glass(&context, event, &login).await?
    } else {
        found(&context, event, login).await?
    };
    tracing::warn!(user_id = %user.user_id, is_break_glass, "a super admin got a new password");
    Ok(Report { user_id: user.user_id, login: user.login, generated_password })
}

async fn found(context: &Context, event: Event, login: Login) -> Result<(User, Option<String>), Problem> {
    let username = event.username.as_deref().unwrap_or(login.as_str());
    let username = Username::parse(username).map_err(|invalid| refused("/username", invalid))?;
    let given = given(context, event.password.as_deref(), &[login.as_str(), username.as_str()])?;
    let (hash, generated) = password::hash_given(context, given).await?;
    let named = NewUser::named(username, login, SuperAdmin);
    let new = NewUser { password_change_required: generated.is_some(), ..named };
    let user = new.create(UserId::new(context.uuid()?), context.now());
    let commit = rollcall_store::user::found(&user, &Credential::new(user.user_id, hash, context.now()))?;
    let change = change(Action::UserCreate, None, Some(&user));
    context.commit(By::system(), commit, change, Reply::no_content()).await?;
    Ok((user, generated))
}

/// Whatever stands between a super admin and its account goes at once, or nothing does.
async fn break_glass(context: &Context, event: Event, login: &Login) -> Result<(User, Option<String>), Problem> {
    let given = given(context, event.password.as_deref(), &living(context, login).await?.names())?;
    let (hash, generated) = password::hash_given(context, given).await?;
    let second_factor = if event.unbind_totp { SecondFactor::Removed } else { SecondFactor::Kept };
    let user = settled(|| async {
        let (before, now) = (living(context, login).await?, context.now());
        let after = before.clone().reset(generated.is_some(), now);
        let after = User { totp_enabled: before.totp_enabled && second_factor == SecondFactor::Kept, ..after };
        let mut commit = rollcall_store::user::change(&before, &after, Proof::Reset(&hash, now, second_factor))?;
        // Also of a second factor that stays: nobody else could open it again where strangers' guesses have shut it.
        for kind in [Kind::Password, Kind::Totp] {
            commit.extend([forget(&throttle::lane(context, kind, &login.key(), None).await?)]);
        }
        commit.extend(context.tell(&after, Message::PasswordChanged { login: login.clone() }, now)?);
        let change = change(Action::UserBreakGlass, Some(&before), Some(&after));
        context.commit(By::system(), commit, change, Reply::no_content()).await?;
        Ok(after)
    });
    Ok((user.await?, generated))
}

/// The chosen password, which obeys the rules that everybody's does, or one to be drawn.
fn given(context: &Context, chosen: Option<&str>, names: &[&str]) -> Result<Given, Problem> {
    let Some(chosen) = chosen.map(Password::new) else { return Ok(Given::Generated) };
    context.config.password.check(&chosen, names).map_err(|invalid| refused("/password", invalid))?;
    Ok(Given::Typed(chosen))
}

async fn living(context: &Context, login: &Login) -> Result<User, Problem> {
    let credential = context.store.credential(login).await?.ok_or(Code::NotFound)?;
    let user = context.store.user(credential.user_id).await?;
    Ok(user.filter(|user| user.user_type == SuperAdmin).ok_or(Code::NotFound)?)
}

fn refused(pointer: &str, invalid: Invalid) -> Problem {
    Problem::Refused(Refusal::from(Violation::at(pointer, invalid.code, invalid.detail)))
}
