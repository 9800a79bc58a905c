//! The event bus: a subscriber of all events that is never paused.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use notifier::{EventBus, Outbound};
use rollcall_store::Connection;

use super::*;

/// A bus that accepts this many entries of each request.
#[derive(Clone, Debug)]
struct FakeBus {
    accepts: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Vec<Value>>>>,
}

impl FakeBus {
    fn new() -> Self {
        Self { accepts: Arc::new(AtomicUsize::new(usize::MAX)), requests: Arc::default() }
    }

    fn channels(&self, world: &World) -> Channels {
        let connector = SharedHttpConnector::new(self.clone());
        let http_client = http_client_fn(move |_, _| connector.clone());
        let connection = Connection { http_client, ..world.s3_connection() };
        let event_bus = EventBus::new(&connection, Some("http://events.local".to_owned()), "ours".to_owned());
        Channels { outbound: Outbound::default(), event_bus: Some(event_bus) }
    }

    /// The ids of the events of each request since this was last asked.
    fn take(&self) -> Vec<Vec<String>> {
        let requests = std::mem::take(&mut *self.requests.lock().unwrap());
        let id = |entry: &Value| {
            let event: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            assert_eq!((&entry["Source"], &entry["EventBusName"]), (&json!("rollcall"), &json!("ours")));
            assert_eq!(entry["DetailType"], event["type"]);
            event["event_id"].as_str().unwrap().to_owned()
        };
        requests.iter().map(|entries| entries.iter().map(id).collect()).collect()
    }
}

impl HttpConnector for FakeBus {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let entries = body["Entries"].as_array().unwrap().clone();
        let accepted = self.accepts.load(Ordering::SeqCst);
        let result = |at| {
            if at < accepted { json!({"EventId": "1"}) } else { json!({"ErrorCode": "ThrottlingException"}) }
        };
        let results: Vec<_> = (0..entries.len()).map(result).collect();
        self.requests.lock().unwrap().push(entries);
        let reply = json!({"FailedEntryCount": 0, "Entries": results}).to_string();
        let reply = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(reply));
        HttpConnectorFuture::ready(Ok::<_, ConnectorError>(reply))
    }
}

async fn put(world: &World, channels: &Channels) -> Option<Timestamp> {
    as_function("notifier", notifier::send_due(&world.context, channels, "test", Instant::now() + NOTIFIER_TIME))
        .await
        .unwrap()
}

#[tokio::test]
async fn every_event_is_put_once_in_order_ten_at_a_time() {
    let world = World::new().await;
    let admin = world.admin().await;
    let bus = FakeBus::new();
    let channels = bus.channels(&world);
    change(&world, &admin).await;
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(put(&world, &channels).await, None, "it begins with what happens from now on");
    let mut expected = Vec::new();
    for _ in 0..23 {
        expected.push(change(&world, &admin).await);
    }
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    assert_eq!(put(&world, &channels).await, None);
    let requests = bus.take();
    assert_eq!(requests.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);
    assert_eq!(requests.concat(), expected);
    put(&world, &channels).await;
    assert!(bus.take().is_empty());
}

#[tokio::test]
async fn a_bus_that_refuses_events_is_tried_for_ever() {
    let world = World::new().await;
    let admin = world.admin().await;
    let bus = FakeBus::new();
    let channels = bus.channels(&world);
    put(&world, &channels).await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(change(&world, &admin).await);
    }
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    bus.accepts.store(2, Ordering::SeqCst);
    let retry_at = put(&world, &channels).await.unwrap();
    assert_eq!(bus.take(), [expected.clone()]);
    assert_eq!(put(&world, &channels).await, Some(retry_at), "not before its time");
    assert!(bus.take().is_empty());
    bus.accepts.store(0, Ordering::SeqCst);
    for _ in 0..20 {
        let next = put(&world, &channels).await.unwrap_or(world.now());
        world.clock.advance(next.since(world.now()));
    }
    assert!(bus.take().iter().all(|request| *request == expected[2..]), "from the first one that was refused");
    bus.accepts.store(usize::MAX, Ordering::SeqCst);
    world.clock.advance(Duration::from_hours(12));
    assert_eq!(put(&world, &channels).await, None);
    assert_eq!(bus.take(), [&expected[2..]]);
}
