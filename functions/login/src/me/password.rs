//! Changing the caller's password.

use axum::extract::State;
use rollcall_api::{Authority, Call, Context, Plan, Problem, Reply, retry_on_conflict};
use rollcall_domain::{
    Code, Fields, Refusal, Violation,
    audit::Action,
    body::ReadElsewhere,
    mail::Message,
    password::{NewPassword, Password, PasswordRule},
    request_body,
    user::change as change_of,
};
use rollcall_store::credential::{CredentialChange, SecondFactorChange};

use super::current;
use crate::authentication::reauthenticate;

request_body! {
    /// The current password and the new one.
    #[schema(as = PasswordChange)]
    pub(crate) struct PasswordChangeBody from (fields, rule: &PasswordRule, names: &[&str]) {
        /// The current password.
        current_password: Password,
        /// The new password, which differs from the current one.
        #[schema(value_type = NewPassword)]
        password: Password = rule.read_twice(fields, names),
        /// The new password once more.
        #[schema(value_type = Password)]
        password_confirmation: ReadElsewhere,
    }
}

/// `POST /v1/me/password`: changes the caller's password. All other sessions end.
#[utoipa::path(
    post,
    path = "/v1/me/password",
    operation_id = "change_password",
    tag = "own identity",
    request_body = PasswordChangeBody,
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::TooManyAttempts]))),
)]
pub(crate) async fn change(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let user = call.actor.user.clone();
    let read = move |fields: &mut Fields, rule: &PasswordRule| PasswordChangeBody::read(fields, rule, &user.names());
    let body = rollcall_api::password::parse(&context, call.fields()?, read).await?;
    let (old, new) = (body.current_password, body.password);
    let proof = reauthenticate(&context, &call, old.clone()).await?;
    let unchanged = |invalid| Refusal::from(Violation::from_invalid("/password", invalid));
    new.check_changed(&old).map_err(unchanged)?;
    let hash = rollcall_api::password::hash(&context, new).await?;
    retry_on_conflict(|| async {
        let before = current(&context, &call).await?;
        proof.check(&context, &before).await?;
        let after = before.clone().with_new_password(false, call.actor.session.device_id, call.now());
        let new = CredentialChange::Password(&hash, SecondFactorChange::Kept);
        let mut commit = rollcall_store::user::change(&before, &after, new)?;
        commit.extend([rollcall_store::session::adopt_epoch(&call.actor.session, &after)]);
        let plan = Plan::new(Authority::OwnAccount(&call, &before), commit)
            .notify(&after, Message::PasswordChanged { login: after.login.clone() })
            .audit(change_of(Action::UserSetPassword, Some(&before), Some(&after)));
        context.commit(plan).await
    })
    .await
}
