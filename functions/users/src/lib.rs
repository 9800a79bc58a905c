//! The function by which admins manage console users. For members its routes answer 404.

use rollcall_api::{Call, Context, Problem};
use rollcall_domain::{Code, id::UserId, permission::UserAction, user::User};
use utoipa_axum::{router::OpenApiRouter, routes};

mod directory;
mod filter;
mod key;
mod recovery;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(directory::list, directory::create))
        .routes(routes!(directory::get, directory::edit, directory::delete))
        .routes(routes!(recovery::reset_password))
        .routes(routes!(recovery::unbind_totp))
        .routes(routes!(recovery::unbind_email))
        .routes(routes!(recovery::end_sessions))
        .routes(routes!(key::list_all))
        .routes(routes!(key::list, key::create))
        .routes(routes!(key::get, key::edit, key::revoke))
        .routes(routes!(key::rotate))
}

/// Loads the user of a path. Members get 404.
async fn read(context: &Context, call: &Call, user_id: &str) -> Result<User, Problem> {
    let actor = &call.actor.user;
    if !actor.user_type.is_admin() {
        return Err(Code::NotFound.into());
    }
    let user_id = UserId::parse(user_id).ok_or(Code::NotFound)?;
    let target = context.store.user(user_id).await?.ok_or(Code::NotFound)?;
    permit(call, &target, UserAction::View)?;
    Ok(target)
}

/// Loads the user of a path and checks the caller's right. Callers change their own account under `/v1/me`.
async fn load(context: &Context, call: &Call, user_id: &str, action: UserAction) -> Result<User, Problem> {
    let target = read(context, call, user_id).await?;
    check_not_own(call, &target)?;
    permit(call, &target, action)?;
    Ok(target)
}

fn check_not_own(call: &Call, target: &User) -> Result<(), Code> {
    if target.user_id == call.actor.user.user_id { Err(Code::UseOwnRoute) } else { Ok(()) }
}

fn permit(call: &Call, target: &User, action: UserAction) -> Result<(), Code> {
    let is_allowed = action.is_allowed(call.actor.acting_type(), target.user_type);
    if is_allowed { Ok(()) } else { Err(Code::Forbidden) }
}
