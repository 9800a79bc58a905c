//! The function for webhooks: it manages them and shows what became of their deliveries. The function `notifier` sends
//! the events. A team's webhooks are for its role `admin`; for everybody else but admins of the platform they do not
//! exist.

use rollcall_api::{Call, Context, Problem};
use rollcall_domain::{Code, id::WebhookId, webhook::Webhook};
use utoipa_axum::{router::OpenApiRouter, routes};

mod delivery;
mod secret;
mod webhook;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(webhook::list, webhook::create))
        .routes(routes!(webhook::get, webhook::edit, webhook::delete))
        .routes(routes!(secret::rotate))
        .routes(routes!(delivery::test))
        .routes(routes!(delivery::resend))
        .routes(routes!(delivery::list))
}

/// Loads the webhook of a path, which the caller must manage. With a deleted team its webhooks are gone.
async fn load(context: &Context, call: &Call, webhook_id: &str) -> Result<Webhook, Problem> {
    let webhook_id = WebhookId::parse(webhook_id).ok_or(Code::NotFound)?;
    let webhook = context.store.webhook(webhook_id).await?.ok_or(Code::NotFound)?;
    Webhook::permit(&call.actor.rights, webhook.team_id)?;
    if let Some(team_id) = webhook.team_id {
        context.store.team(team_id).await?.ok_or(Code::NotFound)?;
    }
    Ok(webhook)
}
