//! Sends the feed onto an event bus of Amazon EventBridge.

use aws_sdk_eventbridge::{
    Client,
    config::{BehaviorVersion, Config, Region, SharedAsyncSleep, retry::RetryConfig, timeout::TimeoutConfig},
    error::DisplayErrorContext,
    primitives::DateTime,
    types::PutEventsRequestEntry,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use rollcall_api::{
    Context, Problem,
    feed::{Feed, FeedPosition},
};
use rollcall_domain::{
    Timestamp,
    delivery::Progress,
    event::{Event, EventFilter},
    limits::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, POSITION_INTERVAL},
};
use rollcall_store::{Connection, audit::AuditLog, webhook::Subscriber};
use tokio::time::Instant;

/// The environment variable that overrides the endpoint of EventBridge.
pub const ENDPOINT: &str = "AWS_ENDPOINT_URL_EVENTBRIDGE";

/// The `source` of the events.
const SOURCE: &str = "rollcall";

/// The number of events that one request takes.
const EVENTS_PER_REQUEST: usize = 10;

/// The size of a request, in bytes of JSON, after which no event is added. Requests take 1 MB, of which the record of
/// a job's step is at most 400 KB.
const REQUEST_BYTES: usize = 256 * 1024;

/// An event bus. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventBus {
    client: Client,
    name: String,
}

impl EventBus {
    /// The event bus of this name or ARN, in the connection's region or at `endpoint`.
    pub fn new(connection: &Connection, endpoint: Option<String>, name: String) -> Self {
        let mut config = Config::builder();
        config.set_endpoint_url(endpoint);
        let config = config
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(connection.region.clone()))
            .credentials_provider(connection.credentials.clone())
            .http_client(connection.http_client.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(RetryConfig::standard())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            )
            .build();
        Self { client: Client::from_conf(config), name }
    }

    /// Puts events onto the bus, and returns how many of the first ones were accepted.
    async fn put(&self, events: &[(&Event, String)]) -> usize {
        let entries = events.iter().map(|(event, json)| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(SOURCE)
                .detail_type(event.r#type.as_str())
                .time(DateTime::from_millis(event.occurred_at.to_utc().timestamp_millis()))
                .detail(json)
                .build()
        });
        // A metric filter in `infra/alarms.yaml` uses the message.
        let failed = |reason: String| tracing::error!(reason, "the event bus did not take an event");
        match self.client.put_events().set_entries(Some(entries.collect())).send().await {
            Ok(reply) => {
                let results = reply.entries.unwrap_or_default();
                let refused = results.iter().find_map(|result| result.error_code.clone());
                refused.into_iter().for_each(failed);
                results.iter().take_while(|result| result.error_code.is_none()).count()
            }
            Err(error) => {
                failed(DisplayErrorContext(&error).to_string());
                0
            }
        }
    }
}

/// Puts what is due onto the bus, in order. Returns when the next retry is due. A bus that fails is tried for ever: it
/// is part of the installation, and the log says what is wrong.
pub(crate) async fn send(
    context: &Context,
    bus: &EventBus,
    worker: &str,
    end: Instant,
) -> Result<Option<Timestamp>, Problem> {
    let (store, now) = (&context.store, context.now());
    let found = store.event_bus(now).await?;
    if !found.is_due(now) {
        return Ok(found.retry_at);
    }
    let feed = Feed { context, log: AuditLog::All, filter: EventFilter::All };
    let page = feed.read(FeedPosition::after(found.position), 1, now).await?;
    if page.events.is_empty() && page.position.after.time().since(found.position.time()) < POSITION_INTERVAL {
        return Ok(None);
    }
    let Some(taken) = store.begin_sending::<Progress>(Subscriber::EventBus, worker, now).await? else {
        return Ok(None);
    };
    let sent = send_from(context, bus, worker, taken, end).await;
    store.end_sending(Subscriber::EventBus, worker).await?;
    sent
}

async fn send_from(
    context: &Context,
    bus: &EventBus,
    worker: &str,
    mut progress: Progress,
    end: Instant,
) -> Result<Option<Timestamp>, Problem> {
    let feed = Feed { context, log: AuditLog::All, filter: EventFilter::All };
    loop {
        let now = context.now();
        let page = feed.read(FeedPosition::after(progress.position), EVENTS_PER_REQUEST, now).await?;
        let mut unsent = page.events.as_slice();
        while !unsent.is_empty() {
            if Instant::now() >= end {
                return Ok(Some(now));
            }
            let batch = batch(unsent)?;
            let accepted = bus.put(&batch).await;
            let has_failed = accepted < batch.len();
            if let Some(last) = unsent[..accepted].last() {
                progress = Progress::at(last.event_id);
            }
            if has_failed {
                progress = progress.failed(now, fastrand::f64());
            }
            let is_held =
                context.store.record_sending(Subscriber::EventBus, worker, &progress, None, context.now()).await?;
            if has_failed || !is_held {
                return Ok(progress.retry_at.filter(|_| is_held));
            }
            unsent = &unsent[accepted..];
        }
        if page.position.after.time().since(progress.position.time()) >= POSITION_INTERVAL {
            progress = Progress::at(page.position.after);
            context.store.record_sending(Subscriber::EventBus, worker, &progress, None, context.now()).await?;
        } else if !page.more {
            return Ok(None);
        } else {
            progress.position = page.position.after;
        }
    }
}

/// As many of the first events as one request takes, with their JSON.
fn batch(events: &[Event]) -> Result<Vec<(&Event, String)>, Problem> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    for event in events.iter().take(EVENTS_PER_REQUEST) {
        let json = serde_json::to_string(event).map_err(|error| Problem::Internal(error.to_string()))?;
        bytes += json.len();
        if bytes > REQUEST_BYTES && !batch.is_empty() {
            break;
        }
        batch.push((event, json));
    }
    Ok(batch)
}
