//! The function that creates the first super admin, or, as break-glass, resets the password of an existing one. It has
//! no route: it can only be invoked, by somebody with rights over the installation itself.

use rollcall_api::{Authority, Context, Plan, Problem, password, retry_on_conflict, throttle::LoginThrottles};
use rollcall_domain::{
    Code, Invalid, Refusal, Violation, ViolationCode,
    audit::Action,
    credential::Credential,
    id::UserId,
    mail::Message,
    new_user::NewUser,
    password::{InitialPassword, Password},
    permission::UserType::SuperAdmin,
    text::{Login, Username},
    throttle::ThrottleKind,
    user::{User, change},
};
use rollcall_store::credential::{CredentialChange, SecondFactorChange};
use serde::{Deserialize, Serialize};

/// The event of an invocation.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapEvent {
    /// The super admin's login, by default `admin`.
    login: Option<String>,
    /// The username, by default the login.
    username: Option<String>,
    /// The password. One is generated if none is given.
    password: Option<String>,
    /// Resets the password of the super admin with this login and ends their sessions.
    break_glass: bool,
    /// Together with `break_glass`: also removes the second factor, if both the device and the recovery codes are lost.
    unbind_totp: bool,
}

impl BootstrapEvent {
    /// The event that creates the first super admin, with this password or a generated one.
    pub fn first(password: Option<String>) -> Self {
        Self { password, ..Self::default() }
    }
}

/// The reply to an invocation.
#[derive(Serialize)]
pub struct BootstrapReport {
    /// The super admin.
    pub user_id: UserId,
    /// Their login.
    pub login: Login,
    /// The generated password, shown once. It must be changed at the first sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_password: Option<String>,
}

/// Creates the first super admin, or resets the password of an existing one.
pub async fn run(context: Context, event: BootstrapEvent) -> Result<BootstrapReport, Problem> {
    let login = event.login.as_deref().unwrap_or("admin");
    let login = Login::parse(login).map_err(|invalid| refused("/login", invalid))?;
    let is_break_glass = event.break_glass;
    if is_break_glass && !context.config.is_break_glass_allowed {
        return Err(refused("/break_glass", Invalid::new(ViolationCode::NotAllowed, "BREAK_GLASS is off")));
    }
    let (user, generated_password) = if is_break_glass {
        break_glass(&context, event, &login).await?
    } else {
        found(&context, event, login).await?
    };
    if is_break_glass {
        tracing::warn!(user_id = %user.user_id, "break-glass: a super admin got a new password");
    } else {
        tracing::info!(user_id = %user.user_id, "the first super admin was created");
    }
    Ok(BootstrapReport { user_id: user.user_id, login: user.login, generated_password })
}

async fn found(context: &Context, event: BootstrapEvent, login: Login) -> Result<(User, Option<String>), Problem> {
    let username = event.username.as_deref().unwrap_or(login.as_str());
    let username = Username::parse(username).map_err(|invalid| refused("/username", invalid))?;
    let given = given(context, event.password.as_deref(), &[login.as_str(), username.as_str()]).await?;
    let (hash, generated) = password::hash_initial(context, given).await?;
    let named = NewUser::named(username, login, SuperAdmin);
    let new = NewUser { password_change_required: generated.is_some(), ..named };
    let user = new.create(UserId::new(context.uuid()?), context.now());
    let commit = rollcall_store::user::create_first_super_admin(&user, &Credential::new(user.user_id, Some(hash)))?
        .and(rollcall_store::master_key::record(context.keyring().await?.current_id(), None));
    let plan = Plan::new(Authority::System, commit);
    context.commit(plan.audit(change(Action::UserCreate, None, Some(&user)))).await?;
    Ok((user, generated))
}

/// Resets everything that keeps a super admin from signing in, in one transaction.
async fn break_glass(
    context: &Context,
    event: BootstrapEvent,
    login: &Login,
) -> Result<(User, Option<String>), Problem> {
    let given = given(context, event.password.as_deref(), &super_admin(context, login).await?.names()).await?;
    let (hash, generated) = password::hash_initial(context, given).await?;
    let second_factor = if event.unbind_totp { SecondFactorChange::Removed } else { SecondFactorChange::Kept };
    let user = retry_on_conflict(|| async {
        let (before, now) = (super_admin(context, login).await?, context.now());
        let after = before.clone().with_new_password(generated.is_some(), None, now).with_keys_ended();
        let after = User { totp_enabled: before.totp_enabled && second_factor == SecondFactorChange::Kept, ..after };
        let mut commit =
            rollcall_store::user::change(&before, &after, CredentialChange::Password(&hash, second_factor))?;
        // The second factor's throttle too, even if the factor stays: guesses may have locked it, and nobody else could
        // reset it.
        for kind in [ThrottleKind::Password, ThrottleKind::Totp] {
            commit.extend(LoginThrottles::of(context, kind, &login.key()).await?.clear());
        }
        let plan = Plan::new(Authority::System, commit)
            .notify(&after, Message::PasswordChanged { login: login.clone() })
            .audit(change(Action::UserBreakGlass, Some(&before), Some(&after)));
        context.commit(plan).await?;
        Ok(after)
    });
    Ok((user.await?, generated))
}

/// The given password, if it obeys the password rule, or a password to be generated.
async fn given(context: &Context, chosen: Option<&str>, names: &[&str]) -> Result<InitialPassword, Problem> {
    let Some(chosen) = chosen.map(Password::new) else { return Ok(InitialPassword::Generated) };
    password::check(context, chosen.clone(), names).await?;
    Ok(InitialPassword::Typed(chosen))
}

async fn super_admin(context: &Context, login: &Login) -> Result<User, Problem> {
    let credential = context.store.credential(login).await?.ok_or(Code::NotFound)?;
    let user = context.store.user(credential.user_id).await?;
    Ok(user.filter(|user| user.user_type == SuperAdmin).ok_or(Code::NotFound)?)
}

fn refused(pointer: &str, invalid: Invalid) -> Problem {
    Problem::Refused(Refusal::from(Violation::from_invalid(pointer, invalid)))
}
