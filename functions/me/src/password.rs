//! Changing the caller's password.

use axum::extract::State;
use rollcall_api::{
    Authority, Context, Plan, Problem, Reply, SessionCall, authentication::reauthenticate, retry_on_conflict,
};
use rollcall_domain::{
    Code, Refusal, Violation,
    audit::Action,
    body::ReadElsewhere,
    mail::Message,
    password::{NewPassword, Password, PasswordRule},
    request_body,
    user::change as change_of,
};
use rollcall_store::credential::{CredentialChange, SecondFactorChange};

request_body! {
    /// The current password and the new one.
    #[schema(as = PasswordChange)]
    pub(crate) struct PasswordChangeBody from (fields, rule: &PasswordRule, names: &[&str]) {
        /// The current password.
        #[schema(value_type = String, format = Password, example = "violet 7 harbour engine")]
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
pub(crate) async fn change(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let (names, rule) = (call.actor.user.names(), context.config.password.without_estimate());
    let body = call.fields()?.parse(|fields| PasswordChangeBody::read(fields, &rule, &names))?;
    let (old, new) = (body.current_password, body.password);
    let proof = reauthenticate(&context, &call, old.clone()).await?;
    let unchanged = |invalid| Refusal::from(Violation::from_invalid("/password", invalid));
    new.check_changed(&old).map_err(unchanged)?;
    // Estimated only now, since the attempt at the current password is what bounds the number of estimates.
    rollcall_api::password::check(&context, new.clone(), &names).await?;
    let hash = rollcall_api::password::hash(&context, new).await?;
    retry_on_conflict(|| async {
        let before = call.current_user(&context).await?;
        proof.check(&context, &before).await?;
        let after = before.clone().with_new_password(false, call.session.device_id, call.now());
        let new = CredentialChange::Password(&hash, SecondFactorChange::Kept);
        let mut commit = rollcall_store::user::change(&before, &after, new)?;
        commit.extend([rollcall_store::session::adopt_epoch(&call.session, &after)]);
        let plan = Plan::new(Authority::OwnAccount(&call, &before), commit)
            .notify(&after, Message::PasswordChanged { login: after.login.clone() })
            .audit(change_of(Action::UserSetPassword, Some(&before), Some(&after)));
        context.commit(plan).await
    })
    .await
}
