//! Changing and removing the caller's address.

use axum::extract::State;
use rollcall_api::{
    Authority, Call, Context, Plan, Problem, Reply, retry_on_conflict,
    verification::{self, ProvenFlow, VerificationRequest, email_change_of},
};
use rollcall_domain::{
    audit::Action,
    digits::EightDigits,
    email::Email,
    mail::Message,
    user::{UserView, change},
    verification::{FlowPurpose, Started},
};
use rollcall_store::{Commit, user::CredentialChange};
use serde::Serialize;
use utoipa::ToSchema;

use super::current;
use crate::authentication::reauthenticate;

/// The address to be bound.
#[derive(ToSchema)]
#[schema(as = EmailChange)]
#[expect(dead_code, reason = "describes the body that `start` reads")]
pub(crate) struct StartBody {
    email: Email,
    current_password: String,
}

/// The code from the mail.
#[derive(ToSchema)]
#[schema(as = EmailConfirmation)]
#[expect(dead_code, reason = "describes the body that `confirm` reads")]
pub(crate) struct ConfirmBody {
    #[schema(pattern = "^[0-9]{8}$")]
    code: String,
}

/// The proof that it is the caller who asks.
#[derive(ToSchema)]
#[schema(as = CurrentPassword)]
#[expect(dead_code, reason = "describes the body that `unbind` reads")]
pub(crate) struct UnbindBody {
    current_password: String,
}

/// The caller with its address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Confirmed<'a> {
    user: UserView<'a>,
}

/// `POST /v1/me/email`: mails a code to the new address. The reply is the same if another user has verified that
/// address.
#[utoipa::path(
    post,
    path = "/v1/me/email",
    operation_id = "change_email",
    tag = "own identity",
    request_body = StartBody,
    responses((status = 202, body = Started)),
)]
pub(crate) async fn start(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let mut fields = call.fields()?;
    let email: Option<Email> = fields.required("email");
    let password = fields.required("current_password");
    let (email, password) = fields.finish(|| email.zip(password))?;
    reauthenticate(&context, &call, password).await?;
    retry_on_conflict(|| async {
        let wanted = VerificationRequest::EmailChange(&call.actor.user);
        let (flow, writes) = verification::begin(&context, &call.request, wanted, email.clone()).await?;
        let user = current(&context, &call).await?;
        let plan = Plan::new(Authority::OwnAccount(&call, &user), Commit::new(writes));
        context.commit(plan.reply(Reply::accepted(&Started::from(&flow))?)).await
    })
    .await
}

/// `POST /v1/me/email/confirm`: binds the address that the code was mailed to, and notifies the previous one.
#[utoipa::path(
    post,
    path = "/v1/me/email/confirm",
    operation_id = "confirm_email",
    tag = "own identity",
    request_body = ConfirmBody,
    responses((status = 200, body = Confirmed, headers(("ETag")))),
)]
pub(crate) async fn confirm(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let mut fields = call.fields()?;
    let code: Option<EightDigits> = fields.required("code");
    let code = fields.finish(|| code)?;
    let flow = (email_change_of(call.actor.user.user_id), FlowPurpose::EmailChange);
    let known = context.store.verification(flow.0, flow.1).await?;
    let proved = ProvenFlow::by_code(&context, &call.request, flow, known.as_ref(), &code).await?;
    retry_on_conflict(|| async {
        let before = current(&context, &call).await?;
        let after = before.clone().with_verified_email(proved.flow.email.clone(), call.now());
        let commit =
            rollcall_store::user::change(&before, &after, CredentialChange::Kept)?.extended(proved.succeeded());
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
    request_body = UnbindBody,
    responses((status = 204)),
)]
pub(crate) async fn unbind(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let mut fields = call.fields()?;
    let password = fields.required("current_password");
    let password = fields.finish(|| password)?;
    reauthenticate(&context, &call, password).await?;
    retry_on_conflict(|| async {
        let before = current(&context, &call).await?;
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
