//! Secrets of webhooks: drawn here, shown once, stored encrypted.

use axum::extract::{Path, State};
use notifier::SecretKey;
use rollcall_api::{
    Authority, Call, Context, Plan, Problem, ReplayRight, Reply, clock::random, keyring::KeyPurpose, retry_on_conflict,
};
use rollcall_domain::{
    audit::Action,
    id::WebhookId,
    webhook::{SecretRotation, Webhook, WebhookView, change},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::load;

/// A webhook and its new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookSecret {
    /// The webhook.
    webhook: WebhookView,
    /// The secret with which receivers verify signatures. Shown once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    secret: String,
}

/// A new secret.
pub(crate) struct NewSecret {
    key: SecretKey,
    /// The secret, encrypted.
    pub(crate) sealed: String,
}

impl NewSecret {
    /// Draws the secret of a webhook.
    pub(crate) async fn draw(context: &Context, webhook_id: WebhookId) -> Result<Self, Problem> {
        let key = SecretKey::new(random()?);
        let sealed = context.keyring().await?.seal(KeyPurpose::WebhookSecret, webhook_id.as_bytes(), key.as_bytes())?;
        Ok(Self { key, sealed })
    }

    /// The secret with its webhook, as a reply shows it.
    pub(crate) fn shown_with(&self, webhook: &Webhook) -> WebhookSecret {
        WebhookSecret { webhook: webhook.into(), secret: self.key.reveal() }
    }
}

/// `POST /v1/webhooks/{webhook_id}/rotate`: gives a webhook a new secret. For the overlap, events are signed with both.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook_id}/rotate",
    operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    params(("webhook_id" = WebhookId, Path)),
    request_body = SecretRotation,
    responses((status = 201, body = WebhookSecret, headers(("Location"), ("ETag")))),
    extensions(("x-scopes" = json!(["webhooks.manage"]))),
)]
pub(crate) async fn rotate(
    State(context): State<Context>,
    Path(webhook_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = load(&context, &call, &webhook_id).await?;
        let rotation = call.fields()?.parse(SecretRotation::read)?;
        let secret = NewSecret::draw(&context, before.webhook_id).await?;
        let after = before.clone().rotated(secret.sealed.clone(), rotation, call.now());
        let location = format!("/v1/webhooks/{webhook_id}");
        let reply = Reply::created(location, &secret.shown_with(&after))?.at_version(after.version);
        let reply = reply.with_secret(Some(ReplayRight::ManageWebhooks(before.team_id)));
        let commit = rollcall_store::webhook::change(&before, &after)?;
        let plan = Plan::new(Authority::over(&call, before.team_id), commit);
        context
            .commit(plan.audit(change(Action::WebhookRotate, &after, Some(&before), Some(&after))).reply(reply))
            .await
    })
    .await
}
