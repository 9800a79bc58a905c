//! Webhooks: who manages them, what they are sent and when, and where they may lead.

mod delivery;
mod event_bus;
mod manage;
mod outages;
mod ssrf;

use std::time::Duration;

use notifier::Channels;
use rollcall_domain::{
    Code, Timestamp,
    limits::{EVENT_HOLD_BACK, NOTIFIER_TIME},
    permission::UserType,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Client, Reply, World, faults::as_function, receiver::Receiver};

/// Sends what is due, as one worker. Returns when the first retry is due.
pub async fn send(world: &World) -> Option<Timestamp> {
    as_function(
        "notifier",
        notifier::send_due(&world.context, &Channels::default(), "test", Instant::now() + NOTIFIER_TIME),
    )
    .await
    .unwrap()
}

/// Lets the last changes become due, and sends what is due.
pub async fn settle(world: &World) -> Option<Timestamp> {
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    send(world).await
}

/// A webhook of the platform.
pub struct Hook {
    pub path: String,
    pub secret: String,
    pub receiver: Receiver,
}

impl Hook {
    /// A webhook for a receiver that accepts everything. It gets these types of events; all of them without any.
    pub async fn new(client: &Client, types: &[&str]) -> Self {
        let receiver = Receiver::new(204).await;
        let created = client.post("/v1/webhooks", &json!({"url": receiver.url, "types": types})).await;
        let path = format!("/v1/webhooks/{}", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap());
        assert_eq!(created.header("location"), path);
        Self { path, secret: created.body["secret"].as_str().unwrap().to_owned(), receiver }
    }

    pub async fn status(&self, client: &Client) -> Value {
        client.get(&self.path).await.is(200).body["status"].clone()
    }

    /// The deliveries, newest first.
    pub async fn deliveries(&self, client: &Client) -> Vec<Value> {
        let page = client.get(&format!("{}/deliveries?limit=100", self.path)).await;
        page.is(200).body["items"].as_array().unwrap().clone()
    }
}

/// Creates an application and returns the id of its event.
async fn change(world: &World, client: &Client) -> String {
    world.clock.advance(Duration::from_millis(1));
    let created: Reply = client.post("/v1/apps", &json!({"name": "App"})).await;
    let request_id = created.is(201).header("x-request-id").to_owned();
    let records = world.audit().await;
    let record = records.iter().find(|record| record["request_id"] == request_id.as_str()).unwrap();
    record["audit_id"].as_str().unwrap().to_owned()
}

/// The types of the events that are changes of applications.
const CHANGES: &[&str] = &["app.create"];
