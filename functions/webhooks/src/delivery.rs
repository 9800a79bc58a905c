//! Deliveries: send a test, send events again, list.

use axum::extract::{Path, State};
use notifier::{Outbound, deliver};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, Reply, clock::Clock, retry_on_conflict,
};
use rollcall_domain::{
    Value,
    audit::{Action, Target},
    delivery::Delivery,
    event::{EVENT_VERSION, Event, EventData},
    id::{AuditId, DeliveryId, WebhookId},
    limits::WEBHOOK_TEST_TIMEOUT,
    webhook::{Resend, Webhook, WebhookView, resend_change},
};
use rollcall_store::{Commit, webhook::put_delivery};

use crate::load;

/// `POST /v1/webhooks/{webhook_id}/test`: sends an event of the type `webhook.test` to a webhook, and replies with what
/// became of it. It waits 3 seconds for the receiver. Nothing is repeated, and a paused webhook stays paused.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook_id}/test",
    operation_id = "test_webhook",
    tag = "webhooks",
    params(("webhook_id" = WebhookId, Path)),
    responses((status = 200, body = Delivery)),
    extensions(("x-scopes" = json!(["webhooks.manage"]))),
)]
pub(crate) async fn test(
    State(context): State<Context>,
    Path(webhook_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let webhook = load(&context, &call, &webhook_id).await?;
    call.no_input()?;
    let event = test_event(&call, &webhook)?;
    let sent = deliver(&context, &Outbound::default(), &webhook, &event, WEBHOOK_TEST_TIMEOUT).await?;
    let sent = sent.ok_or_else(|| Problem::Unavailable("the secret of a webhook cannot be decrypted".to_owned()))?;
    let commit = Commit::new([put_delivery(webhook.webhook_id, &sent)?]);
    let plan = Plan::new(Authority::AsRead(&call, webhook.team_id), commit);
    context.commit(plan.reply(Reply::ok(&sent.delivery)?)).await
}

/// An event that only this webhook is sent.
fn test_event(call: &Call, webhook: &Webhook) -> Result<Event, Problem> {
    Ok(Event {
        event_id: AuditId::new(Clock::uuid_of(call.now())?),
        r#type: Action::WebhookTest,
        version: EVENT_VERSION,
        occurred_at: call.now(),
        actor: Some(call.actor.audited()),
        target: Target::webhook(webhook.webhook_id),
        team_id: webhook.team_id,
        app_id: None,
        data: EventData { before: Value::Null, after: Value::Null },
        request_id: call.request.request_id.clone(),
    })
}

/// `POST /v1/webhooks/{webhook_id}/resend`: sends a webhook all events from a time on, also those that it was sent
/// before, and makes a paused one active.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook_id}/resend",
    operation_id = "resend_webhook",
    tag = "webhooks",
    params(("webhook_id" = WebhookId, Path)),
    request_body = Resend,
    responses((status = 200, body = WebhookView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["webhooks.manage"]))),
)]
pub(crate) async fn resend(
    State(context): State<Context>,
    Path(webhook_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = load(&context, &call, &webhook_id).await?;
        let Resend { from } = call.fields()?.parse(|fields| Resend::read(fields, call.now()))?;
        // What is no longer kept cannot be sent.
        let from = from.max(call.now() - context.config.audit_retention);
        let after = before.clone().resent(from);
        let plan = Plan::new(Authority::over(&call, before.team_id), rollcall_store::webhook::resend(&before, &after)?);
        let reply = Reply::ok(&WebhookView::from(&after))?.at_version(after.version);
        context.commit(plan.audit(resend_change(&before, &after, from)).reply(reply)).await
    })
    .await
}

/// `GET /v1/webhooks/{webhook_id}/deliveries`: lists the attempts of the last seven days, newest first.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{webhook_id}/deliveries",
    operation_id = "list_deliveries",
    tag = "webhooks",
    params(("webhook_id" = WebhookId, Path), PageParameters),
    responses((status = 200, body = List<Delivery>)),
    extensions(("x-scopes" = json!(["webhooks.manage"]))),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Path(webhook_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let webhook = load(&context, &call, &webhook_id).await?;
    let page = PageRequest::read(&context, &call, call.request.parameters()).await?;
    let after = page.after.as_deref().and_then(DeliveryId::parse);
    let mut found = context.store.deliveries(webhook.webhook_id, after, page.limit).await?;
    if found.items.iter().any(|stored| stored.delivery.is_past(call.now())) {
        // The list is sorted by age: whatever follows is past, too.
        found.next = None;
    }
    found.items.retain(|stored| !stored.delivery.is_past(call.now()));
    page.reply(&context, &call, found.items.into_iter().map(|stored| stored.delivery).collect(), found.next).await
}
