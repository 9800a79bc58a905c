//! What admins do for users who lost access: set a password, remove the second factor or the address, end sessions.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Context, Plan, Problem, ReplayRight, Reply, SessionCall, password, retry_on_conflict,
    throttle::LoginThrottles,
};
use rollcall_domain::{
    Code, Fields,
    audit::Action,
    id::UserId,
    mail::Message,
    password::{PasswordResetBody, PasswordRule},
    permission::UserAction,
    throttle::ThrottleKind,
    user::{User, change},
};
use rollcall_store::{
    Bookkeeping,
    credential::{CredentialChange, SecondFactorChange},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::load;

/// The generated password, if there is one.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordResetReply {
    /// The password to hand over; only where it was generated. Shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_password: Option<String>,
}

/// `POST /v1/users/{user_id}/password`: sets a user's password. Their sessions and device marks end, and failed
/// attempts are forgotten.
#[utoipa::path(
    post,
    path = "/v1/users/{user_id}/password",
    operation_id = "reset_user_password",
    tag = "users",
    params(("user_id" = UserId, Path)),
    request_body = PasswordResetBody,
    responses((status = 200, body = PasswordResetReply)),
    extensions(("x-codes" = json!([Code::UseOwnRoute]))),
)]
pub(crate) async fn reset_password(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let target = load(&context, &call, &user_id, UserAction::ResetPassword).await?;
    let target_id = target.user_id;
    let read = move |fields: &mut Fields, rule: &PasswordRule| PasswordResetBody::read(fields, rule, &target.names());
    let reset = password::parse(&context, call.fields()?, read).await?;
    let (hash, generated_password) = password::hash_initial(&context, reset.into_password()).await?;
    let right = generated_password.is_some().then_some(ReplayRight::ResetPassword(target_id));
    let reply = Reply::ok(&PasswordResetReply { generated_password })?.with_secret(right);
    retry_on_conflict(|| async {
        let before = load(&context, &call, &user_id, UserAction::ResetPassword).await?;
        let after = before.clone().with_new_password(true, None, call.now()).with_keys_ended();
        let new = CredentialChange::Password(&hash, SecondFactorChange::Kept);
        let mut commit = rollcall_store::user::change(&before, &after, new)?;
        commit.extend(clear_throttles(&context, ThrottleKind::Password, &before).await?);
        let plan = Plan::new(Authority::Platform(&call), commit)
            .notify(&after, Message::PasswordChanged { login: after.login.clone() });
        context
            .commit(plan.audit(change(Action::UserSetPassword, Some(&before), Some(&after))).reply(reply.clone()))
            .await
    })
    .await
}

/// `DELETE /v1/users/{user_id}/totp`: removes a user's second factor. Their sessions end, and failed attempts are
/// forgotten.
#[utoipa::path(
    delete,
    path = "/v1/users/{user_id}/totp",
    operation_id = "unbind_user_totp",
    tag = "users",
    params(("user_id" = UserId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::UseOwnRoute]))),
)]
pub(crate) async fn unbind_totp(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = load(&context, &call, &user_id, UserAction::UnbindTotp).await?;
        call.no_input()?;
        call.check_version(before.version)?;
        if !before.totp_enabled {
            return Ok(Reply::no_content());
        }
        let after = before.clone().with_totp(false, None, call.now());
        let mut commit = rollcall_store::user::change(&before, &after, CredentialChange::NoTotp)?;
        commit.extend(clear_throttles(&context, ThrottleKind::Totp, &before).await?);
        let plan = Plan::new(Authority::Platform(&call), commit)
            .notify(&after, Message::TotpDisabled { login: after.login.clone() });
        context.commit(plan.audit(change(Action::UserUnbindTotp, Some(&before), Some(&after)))).await
    })
    .await
}

/// `DELETE /v1/users/{user_id}/email`: removes a user's address, verified or not.
#[utoipa::path(
    delete,
    path = "/v1/users/{user_id}/email",
    operation_id = "unbind_user_email",
    tag = "users",
    params(("user_id" = UserId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::UseOwnRoute]))),
)]
pub(crate) async fn unbind_email(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = load(&context, &call, &user_id, UserAction::ChangeEmail).await?;
        call.no_input()?;
        call.check_version(before.version)?;
        let after = before.clone().without_email(call.now());
        if after == before {
            return Ok(Reply::no_content());
        }
        let commit = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
        let plan = Plan::new(Authority::Platform(&call), commit)
            .notify(&before, Message::EmailUnbound { login: before.login.clone() });
        context.commit(plan.audit(change(Action::UserUnbindEmail, Some(&before), Some(&after)))).await
    })
    .await
}

/// `DELETE /v1/users/{user_id}/sessions`: ends all sessions of a user.
#[utoipa::path(
    delete,
    path = "/v1/users/{user_id}/sessions",
    operation_id = "end_user_sessions",
    tag = "users",
    params(("user_id" = UserId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::UseOwnRoute]))),
)]
pub(crate) async fn end_sessions(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = load(&context, &call, &user_id, UserAction::EndSessions).await?;
        call.no_input()?;
        call.check_version(before.version)?;
        let after = before.clone().signed_out_everywhere();
        let commit = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
        let change = change(Action::UserEndSessions, Some(&before), Some(&after));
        context.commit(Plan::new(Authority::Platform(&call), commit).audit(change)).await
    })
    .await
}

/// The writes that forget failed attempts at a user's authenticator.
pub(crate) async fn clear_throttles(
    context: &Context,
    kind: ThrottleKind,
    user: &User,
) -> Result<[Bookkeeping; 2], Problem> {
    Ok(LoginThrottles::of(context, kind, &user.login.key()).await?.clear())
}
