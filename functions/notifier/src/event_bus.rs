//! Sends the feed onto an event bus of Amazon EventBridge.

use aws_sdk_eventbridge::{
    Client,
    config::{Builder, retry::RetryConfig},
    error::DisplayErrorContext,
    primitives::DateTime,
    types::PutEventsRequestEntry,
};
use rollcall_api::{
    Context, Problem,
    feed::{Feed, FeedPage, FeedPosition},
};
use rollcall_domain::{
    Timestamp,
    delivery::FeedProgress,
    event::{Event, EventFilter},
    limits::EVENT_BUS_RETRIES,
};
use rollcall_store::{Connection, audit::AuditLog, webhook::Subscriber};
use tokio::time::Instant;

/// The environment variable that overrides the endpoint of EventBridge.
pub(crate) const ENDPOINT: &str = "AWS_ENDPOINT_URL_EVENTBRIDGE";

/// The `source` of the events.
const SOURCE: &str = "rollcall";

/// The number of events that one request takes.
const EVENTS_PER_REQUEST: usize = 10;

/// The size of a request in bytes of JSON. Only a single larger event exceeds it: the record of a job's transaction has up
/// to 400 KB, and a request takes 1 MB.
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
        let mut config = Builder::from(&connection.sdk_config())
            .retry_config(RetryConfig::standard())
            .timeout_config(Connection::timeouts());
        config.set_endpoint_url(endpoint);
        Self { client: Client::from_conf(config.build()), name }
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
        let log_failure = |reason: String| tracing::error!(reason, "the event bus did not take an event");
        match self.client.put_events().set_entries(Some(entries.collect())).send().await {
            Ok(reply) => {
                let results = reply.entries.unwrap_or_default();
                let refused = results.iter().find_map(|result| result.error_code.clone());
                if let Some(code) = refused {
                    log_failure(code);
                }
                results.iter().take_while(|result| result.error_code.is_none()).count().min(events.len())
            }
            Err(error) => {
                log_failure(DisplayErrorContext(&error).to_string());
                0
            }
        }
    }
}

/// Puts what is due onto the bus. If the bus refuses an event, that one and all after it in the request are put again:
/// consumers must expect repetitions, and events out of order. Returns when the next retry is due. A bus that fails is
/// tried for ever: it is part of the installation, and the log says what is wrong.
pub(crate) async fn send(
    context: &Context,
    bus: &EventBus,
    worker: &str,
    end: Instant,
) -> Result<Option<Timestamp>, Problem> {
    let (store, now) = (&context.store, context.now());
    let found = store.begin_event_bus(now).await?;
    if !found.is_due(now) {
        return Ok(found.retry_at);
    }
    let page = feed(context).read(FeedPosition::after(found.position), EVENTS_PER_REQUEST, now).await?;
    if page.events.is_empty() && !found.is_behind(page.position.after) {
        return Ok(None);
    }
    let Some(progress) = store.begin_sending::<FeedProgress>(Subscriber::EventBus, worker, now).await? else {
        return Ok(None);
    };
    // Somebody else may have sent the page meanwhile.
    let page = Some(page).filter(|_| progress == found);
    let sent = Sending { context, bus, worker, end, progress }.send(page).await;
    store.end_sending(Subscriber::EventBus, worker).await?;
    sent
}

fn feed(context: &Context) -> Feed<'_> {
    Feed { context, log: AuditLog::All, filter: EventFilter::All }
}

/// A worker that has the lease of the bus.
struct Sending<'a> {
    context: &'a Context,
    bus: &'a EventBus,
    worker: &'a str,
    end: Instant,
    progress: FeedProgress,
}

impl Sending<'_> {
    /// Puts a page of the feed that was read already, or the one at the position, and those that follow.
    async fn send(&mut self, page: Option<FeedPage>) -> Result<Option<Timestamp>, Problem> {
        let now = self.context.now();
        if !self.progress.is_due(now) {
            return Ok(self.progress.retry_at);
        }
        let read = async |position| feed(self.context).read(position, EVENTS_PER_REQUEST, now).await;
        let mut page = match page {
            Some(page) => page,
            None => read(FeedPosition::after(self.progress.position)).await?,
        };
        loop {
            let mut unsent = page.events.as_slice();
            while !unsent.is_empty() {
                if Instant::now() >= self.end {
                    return Ok(Some(now));
                }
                let batch = batch(unsent)?;
                let accepted = self.bus.put(&batch).await;
                let is_held = self.record(&unsent[..accepted], accepted < batch.len()).await?;
                if !is_held || accepted < batch.len() {
                    return Ok(self.progress.retry_at.filter(|_| is_held));
                }
                unsent = &unsent[accepted..];
            }
            let reached = page.position.after;
            if self.progress.is_behind(reached) && !self.store(FeedProgress::at(reached)).await? {
                return Ok(None);
            }
            if !page.more {
                return Ok(None);
            }
            page = read(page.position).await?;
        }
    }

    /// Writes which events were accepted, and whether the next one was refused. Returns whether the lease was still held.
    async fn record(&mut self, accepted: &[Event], has_failed: bool) -> Result<bool, Problem> {
        let reached = accepted.last().map_or(self.progress, |last| FeedProgress::at(last.event_id));
        let failed = || reached.failed(self.context.now(), EVENT_BUS_RETRIES, fastrand::f64());
        self.store(if has_failed { failed() } else { reached }).await
    }

    async fn store(&mut self, progress: FeedProgress) -> Result<bool, Problem> {
        self.progress = progress;
        let (store, holder) = (&self.context.store, (self.worker, None));
        Ok(store.record_sending(Subscriber::EventBus, holder, &progress, None, self.context.now()).await?)
    }
}

/// As many of the first events as one request takes, with their JSON.
fn batch(events: &[Event]) -> Result<Vec<(&Event, String)>, Problem> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    for event in events {
        let json = serde_json::to_string(event).map_err(|error| Problem::Internal(error.to_string()))?;
        bytes += json.len();
        if bytes > REQUEST_BYTES && !batch.is_empty() {
            break;
        }
        batch.push((event, json));
    }
    Ok(batch)
}
