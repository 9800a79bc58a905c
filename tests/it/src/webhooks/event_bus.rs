//! The event bus: a subscriber of all events that is never paused.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use notifier::{EventBus, Outbound};
use rollcall_domain::limits::EVENT_BUS_RETRIES;
use rollcall_store::Connection;

use super::*;

/// A bus that refuses some entries of each request, by their index.
#[derive(Clone, Debug, Default)]
struct FakeBus {
    refused: Arc<Mutex<Vec<usize>>>,
    requests: Arc<Mutex<Vec<Vec<Value>>>>,
}

impl FakeBus {
    fn refuse(&self, entries: &[usize]) {
        *self.refused.lock().unwrap() = entries.to_vec();
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
        let refused = self.refused.lock().unwrap().clone();
        let result = |at| {
            if refused.contains(&at) { json!({"ErrorCode": "ThrottlingException"}) } else { json!({"EventId": "1"}) }
        };
        let results: Vec<_> = (0..entries.len()).map(result).collect();
        self.requests.lock().unwrap().push(entries);
        let reply = json!({"FailedEntryCount": refused.len(), "Entries": results}).to_string();
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
    let bus = FakeBus::default();
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
    let bus = FakeBus::default();
    let channels = bus.channels(&world);
    put(&world, &channels).await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(change(&world, &admin).await);
    }
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    bus.refuse(&[2]);
    let retry_at = put(&world, &channels).await.unwrap();
    assert_eq!(bus.take(), [expected.clone()]);
    assert_eq!(put(&world, &channels).await, Some(retry_at), "not before its time");
    assert!(bus.take().is_empty());
    bus.refuse(&[0]);
    let begun = world.now();
    for _ in 0..20 {
        let next = put(&world, &channels).await.unwrap();
        world.clock.advance(next.since(world.now()));
    }
    let requests = bus.take();
    assert!(
        requests.len() >= 19 && requests.iter().all(|request| *request == expected[2..]),
        "from the refused one on"
    );
    assert!(world.now().since(begun) <= EVENT_BUS_RETRIES[2] * 20, "it is not left alone for hours");
    bus.refuse(&[]);
    assert_eq!(put(&world, &channels).await, None);
    assert_eq!(bus.take(), [&expected[2..]]);
}
