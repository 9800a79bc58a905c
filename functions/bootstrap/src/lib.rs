//! The invocation that creates the first super admin, or, as explicit break-glass, gives a living one a new password.
//! It has no route: whoever may invoke it holds the keys of the installation anyway.

use rollcall_api::{Authority, Context, Plan, Problem, password, retry_on_conflict, throttle};
use rollcall_domain::{
    Code, Invalid, Refusal, Violation,
    audit::Action,
    credential::Credential,
    id::UserId,
    mail::Message,
    password::{InitialPassword, Password},
    permission::UserType::SuperAdmin,
    text::{Login, Username},
    throttle::ThrottleKind,
    user::{NewUser, User, change},
};
use rollcall_store::{
    credential::{CredentialChange, SecondFactorChange},
    throttle::clear,
};
use serde::{Deserialize, Serialize};

/// What the invocation is given.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapEvent {
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

impl BootstrapEvent {
    /// The first super admin with a chosen password, or a generated one.
    pub fn first(password: Option<String>) -> Self {
        Self { password, ..Self::default() }
    }
}

/// What the invocation did.
#[derive(Serialize)]
pub struct BootstrapReport {
    /// The super admin.
    pub user_id: UserId,
    /// What it signs in with.
    pub login: Login,
    /// Its password, this once, if it was generated; it must be changed at the first sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_password: Option<String>,
}

/// Creates the first super admin, or breaks the glass for a living one.
pub async fn run(context: Context, event: BootstrapEvent) -> Result<BootstrapReport, Problem> {
    let login = event.login.as_deref().unwrap_or("admin");
    let login = Login::parse(login).map_err(|invalid| refused("/login", invalid))?;
    let is_break_glass = event.break_glass;
    let (user, generated_password) = if is_break_glass {
        break_glass(&context, event, &login).await?
    } else {
        found(&context, event, login).await?
    };
    tracing::warn!(user_id = %user.user_id, is_break_glass, "a super admin got a new password");
    Ok(BootstrapReport { user_id: user.user_id, login: user.login, generated_password })
}

async fn found(context: &Context, event: BootstrapEvent, login: Login) -> Result<(User, Option<String>), Problem> {
    let username = event.username.as_deref().unwrap_or(login.as_str());
    let username = Username::parse(username).map_err(|invalid| refused("/username", invalid))?;
    let given = given(context, event.password.as_deref(), &[login.as_str(), username.as_str()])?;
    let (hash, generated) = password::hash_initial(context, given).await?;
    let named = NewUser::named(username, login, SuperAdmin);
    let new = NewUser { password_change_required: generated.is_some(), ..named };
    let user = new.create(UserId::new(context.uuid()?), context.now());
    let commit =
        rollcall_store::user::create_first_super_admin(&user, &Credential::new(user.user_id, hash, context.now()))?;
    let plan = Plan::new(Authority::System, commit);
    context.commit(plan.audit(change(Action::UserCreate, None, Some(&user)))).await?;
    Ok((user, generated))
}

/// Whatever stands between a super admin and its account goes at once, or nothing does.
async fn break_glass(
    context: &Context,
    event: BootstrapEvent,
    login: &Login,
) -> Result<(User, Option<String>), Problem> {
    let given = given(context, event.password.as_deref(), &living(context, login).await?.names())?;
    let (hash, generated) = password::hash_initial(context, given).await?;
    let second_factor = if event.unbind_totp { SecondFactorChange::Removed } else { SecondFactorChange::Kept };
    let user = retry_on_conflict(|| async {
        let (before, now) = (living(context, login).await?, context.now());
        let after = before.clone().reset(generated.is_some(), now);
        let after = User { totp_enabled: before.totp_enabled && second_factor == SecondFactorChange::Kept, ..after };
        let mut commit =
            rollcall_store::user::change(&before, &after, CredentialChange::Reset(&hash, now, second_factor))?;
        // Also of a second factor that stays: nobody else could open it again where strangers' guesses have shut it.
        for kind in [ThrottleKind::Password, ThrottleKind::Totp] {
            commit.extend([clear(&throttle::id(context, kind, &login.key(), None).await?)]);
        }
        let plan = Plan::new(Authority::System, commit)
            .notify(&after, Message::PasswordChanged { login: login.clone() })
            .audit(change(Action::UserBreakGlass, Some(&before), Some(&after)));
        context.commit(plan).await?;
        Ok(after)
    });
    Ok((user.await?, generated))
}

/// The chosen password, which obeys the rules that everybody's does, or one to be drawn.
fn given(context: &Context, chosen: Option<&str>, names: &[&str]) -> Result<InitialPassword, Problem> {
    let Some(chosen) = chosen.map(Password::new) else { return Ok(InitialPassword::Generated) };
    context.config.password.check(&chosen, names).map_err(|invalid| refused("/password", invalid))?;
    Ok(InitialPassword::Typed(chosen))
}

async fn living(context: &Context, login: &Login) -> Result<User, Problem> {
    let credential = context.store.credential(login).await?.ok_or(Code::NotFound)?;
    let user = context.store.user(credential.user_id).await?;
    Ok(user.filter(|user| user.user_type == SuperAdmin).ok_or(Code::NotFound)?)
}

fn refused(pointer: &str, invalid: Invalid) -> Problem {
    Problem::Refused(Refusal::from(Violation::at(pointer, invalid.code, invalid.detail)))
}
