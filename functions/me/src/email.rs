//! Changing and removing the caller's address.

use axum::extract::State;
use rollcall_api::{
    Authority, Context, Plan, Problem, Reply, SessionCall,
    authentication::reauthenticate,
    code_attempt::PendingFlow,
    retry_on_conflict,
    verification::{self, BegunFlow, VerificationRequest, email_change_of},
};
use rollcall_domain::{
    Code,
    audit::Action,
    digits::EightDigits,
    email::Email,
    mail::Message,
    password::Password,
    request_body,
    user::{UserView, change},
    verification::{FlowPurpose, Started},
};
use rollcall_store::{Commit, credential::CredentialChange};
use serde::Serialize;
use utoipa::ToSchema;

request_body! {
    /// The new address.
    #[schema(as = EmailChange)]
    pub(crate) struct EmailChangeBody {
        /// The new address.
        email: Email,
        /// The caller's current password.
        current_password: Password,
    }
}

request_body! {
    /// The mailed code.
    #[schema(as = EmailConfirmation)]
    pub(crate) struct EmailConfirmationBody {
        /// The mailed code.
        code: EightDigits,
    }
}

request_body! {
    /// The caller's current password.
    #[schema(as = CurrentPassword)]
    pub(crate) struct CurrentPasswordBody {
        /// The caller's current password.
        pub(crate) current_password: Password,
    }
}

/// The caller with its address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Confirmed<'a> {
    /// The caller's user.
    user: UserView<'a>,
}

/// `POST /v1/me/email`: mails a code to the new address. The reply is the same if another user has verified that
/// address.
#[utoipa::path(
    post,
    path = "/v1/me/email",
    operation_id = "change_email",
    tag = "own identity",
    request_body = EmailChangeBody,
    responses((status = 202, body = Started)),
    extensions(("x-codes" = json!([Code::TooManyAttempts, Code::TooManyRequests]))),
)]
pub(crate) async fn start(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let EmailChangeBody { email, current_password } = call.fields()?.parse(EmailChangeBody::read)?;
    let proof = reauthenticate(&context, &call, current_password).await?;
    retry_on_conflict(|| async {
        let wanted = VerificationRequest::EmailChange(&call.actor);
        let user = call.current_user(&context).await?;
        proof.check(&context, &user).await?;
        let BegunFlow { flow, writes, counted } =
            verification::begin(&context, &call.request, wanted, email.clone()).await?;
        let plan = Plan::new(Authority::OwnAccount(&call, &user), Commit::new(writes));
        let committed = context.commit(plan.reply(Reply::accepted(&Started::from(&flow))?)).await;
        counted.undo_unless_done(&context, committed).await
    })
    .await
}

/// `POST /v1/me/email/confirm`: binds the address that the code was mailed to, and notifies the previous one.
#[utoipa::path(
    post,
    path = "/v1/me/email/confirm",
    operation_id = "confirm_email",
    tag = "own identity",
    request_body = EmailConfirmationBody,
    responses((status = 200, body = Confirmed, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::VerificationFailed, Code::TooManyAttempts]))),
)]
pub(crate) async fn confirm(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let EmailConfirmationBody { code } = call.fields()?.parse(EmailConfirmationBody::read)?;
    let flow_id = email_change_of(call.actor.user.user_id);
    let pending = PendingFlow::of_caller(&context, &call, flow_id, FlowPurpose::EmailChange).await?;
    let proved = pending.try_code(&context, &call.request, &code).await?;
    retry_on_conflict(|| async {
        let before = call.current_user(&context).await?;
        let after = before.clone().with_verified_email(proved.flow.email.clone(), call.now());
        let commit =
            rollcall_store::user::change(&before, &after, CredentialChange::Kept)?.extended(proved.succeeded()?);
        let reply = Reply::ok(&Confirmed { user: (&after).into() })?.at_version(after.version);
        let plan = Plan::new(Authority::OwnAccount(&call, &before), commit)
            .notify(&before, Message::EmailChanged { login: before.login.clone() })
            .audit(change(Action::UserSetEmail, Some(&before), Some(&after)));
        context.commit(plan.reply(reply)).await
    })
    .await
}

/// `DELETE /v1/me/email`: removes the caller's address, and notifies it.
#[utoipa::path(
    delete,
    path = "/v1/me/email",
    operation_id = "unbind_email",
    tag = "own identity",
    request_body = CurrentPasswordBody,
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::TooManyAttempts]))),
)]
pub(crate) async fn unbind(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let CurrentPasswordBody { current_password } = call.fields()?.parse(CurrentPasswordBody::read)?;
    let proof = reauthenticate(&context, &call, current_password).await?;
    retry_on_conflict(|| async {
        let before = call.current_user(&context).await?;
        proof.check(&context, &before).await?;
        call.check_version(before.version)?;
        let after = before.clone().without_email(call.now());
        if after == before {
            return Ok(Reply::no_content());
        }
        let writes = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
        let plan = Plan::new(Authority::OwnAccount(&call, &before), writes)
            .notify(&before, Message::EmailUnbound { login: before.login.clone() })
            .audit(change(Action::UserUnbindEmail, Some(&before), Some(&after)));
        context.commit(plan).await
    })
    .await
}
