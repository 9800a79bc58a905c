//! Changing the caller's password.

use axum::extract::State;
use rollcall_api::{Authority, Call, Context, Plan, Problem, Reply, retry_on_conflict};
use rollcall_domain::{
    Refusal, Violation, ViolationCode, audit::Action, mail::Message, password::Password, user::change as change_of,
};
use rollcall_store::user::CredentialChange;
use utoipa::ToSchema;

use super::current;
use crate::authentication::reauthenticate;

/// The password as it is and as it shall be.
#[derive(ToSchema)]
#[schema(as = PasswordChange)]
#[expect(dead_code, reason = "describes the body that `change` reads")]
pub(crate) struct ChangeBody {
    current_password: String,
    password: String,
    password_confirmation: String,
}

/// `POST /v1/me/password`: changes the caller's password. All other sessions end.
#[utoipa::path(
    post,
    path = "/v1/me/password",
    operation_id = "change_password",
    tag = "own identity",
    request_body = ChangeBody,
    responses((status = 204)),
)]
pub(crate) async fn change(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let mut fields = call.fields()?;
    let old: Option<Password> = fields.required("current_password");
    let new = context.config.password.read_twice(&mut fields, &call.actor.user.names());
    let (old, new) = fields.finish(|| old.zip(new))?;
    reauthenticate(&context, &call, old.clone()).await?;
    if old.expose() == new.expose() {
        let rule = "must differ from the current password";
        return Err(Refusal::from(Violation::at("/password", ViolationCode::NotAllowed, rule)).into());
    }
    let hash = rollcall_api::password::hash(&context, new).await?;
    retry_on_conflict(|| async {
        let before = current(&context, &call).await?;
        let after = before.clone().with_new_password(false, call.now());
        let mut commit = rollcall_store::user::change(&before, &after, CredentialChange::Password(&hash))?;
        commit.extend([rollcall_store::session::carry_on(&call.actor.session, &after)]);
        let plan = Plan::new(Authority::OwnAccount(&call, &before), commit)
            .notify(&after, Message::PasswordChanged { login: after.login.clone() })
            .audit(change_of(Action::UserSetPassword, Some(&before), Some(&after)));
        context.commit(plan).await
    })
    .await
}
