//! Sends the events of the feed to webhooks and onto the event bus, in order, until each event was accepted.
//!
//! Every subscriber has a position in the feed: there is no queue that could lose an event, and nothing is written when
//! something changes. The signal that wakes this function has no content. One worker at a time sends to a subscriber. If
//! it dies after an event was accepted and before that is written down, the event is sent again under the same id.

mod channels;
mod event_bus;
mod post;
mod signature;
mod webhook;

use futures_util::{StreamExt, stream};
use rollcall_api::{Context, Problem};
use rollcall_domain::{
    Timestamp,
    limits::{LONGEST_IDLE, MAX_PAGE, NOTIFIER_TIME, SUBSCRIBERS_AT_ONCE},
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub use channels::Channels;
pub use event_bus::EventBus;
pub use post::{Outbound, Resolve, Resolving};
pub use signature::SecretKey;
pub use webhook::deliver;

/// What wakes the function: writes of audit records, or the schedule. Its content is not used.
#[derive(Debug, Default, Deserialize)]
pub struct NotifierEvent {}

/// The report of one call: everything that is due was sent, or is due again.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotifierReport {}

/// Sends what is due. A first retry, which is due in seconds, is waited for; later ones are left to the schedule.
pub async fn run(context: Context, channels: Channels, _event: NotifierEvent) -> Result<NotifierReport, Problem> {
    let worker = context.uuid()?.to_string();
    let end = Instant::now() + NOTIFIER_TIME;
    while let Some(at) = send_due(&context, &channels, &worker, end).await? {
        let wait = at.since(context.now());
        if wait > LONGEST_IDLE || Instant::now() + wait >= end {
            break;
        }
        tokio::time::sleep(wait).await;
    }
    Ok(NotifierReport {})
}

/// Sends to every subscriber what is due: to up to [`SUBSCRIBERS_AT_ONCE`] webhooks at once, so that a slow receiver
/// does not stop the others. Begins no attempt after `end`. Returns when the first retry is due.
///
/// `worker` names the sender. A sender that restarts under the same name, as the local server does, takes over its own
/// leases at once; others wait until they end.
pub async fn send_due(
    context: &Context,
    channels: &Channels,
    worker: &str,
    end: Instant,
) -> Result<Option<Timestamp>, Problem> {
    let on_bus = async {
        match &channels.event_bus {
            Some(event_bus) => event_bus::send(context, event_bus, worker, end).await,
            None => Ok(None),
        }
    };
    let to_webhooks = Box::pin(send_to_webhooks(context, &channels.outbound, worker, end));
    let (on_bus, to_webhooks) = tokio::join!(on_bus, to_webhooks);
    Ok(earliest([on_bus?, to_webhooks?]))
}

/// Sends to every webhook what is due. Returns when the first retry is due.
async fn send_to_webhooks(
    context: &Context,
    outbound: &Outbound,
    worker: &str,
    end: Instant,
) -> Result<Option<Timestamp>, Problem> {
    let (mut first_retry, mut after) = (None, None);
    loop {
        let page = context.store.webhooks(after, MAX_PAGE).await?;
        after = page.items.last().map(|webhook| webhook.webhook_id).filter(|_| page.next.is_some());
        let sent = page.items.into_iter().map(async |webhook| {
            let webhook_id = webhook.webhook_id;
            // A fault concerns this webhook only: it is tried again at the next call.
            webhook::send(context, outbound, webhook, worker, end).await.unwrap_or_else(|problem| {
                tracing::error!(%problem, %webhook_id, "a webhook could not be processed");
                None
            })
        });
        let retries: Vec<_> = stream::iter(sent).buffer_unordered(SUBSCRIBERS_AT_ONCE).collect().await;
        first_retry = earliest(retries.into_iter().chain([first_retry]));
        if after.is_none() {
            return Ok(first_retry);
        }
    }
}

fn earliest(times: impl IntoIterator<Item = Option<Timestamp>>) -> Option<Timestamp> {
    times.into_iter().flatten().min()
}
