//! Sending to webhooks, interrupted at any call of the database: nothing is lost, everything is in order, and what is
//! sent twice has the same id.

use std::time::Duration;

use notifier::Channels;
use rollcall_domain::limits::{EVENT_HOLD_BACK, NOTIFIER_LEASE, NOTIFIER_TIME};
use rstest::rstest;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    support::{World, faults::Fault},
    webhooks::{Hook, send},
};

/// A world with a webhook and three events for it.
async fn due_events() -> (World, Hook, Vec<String>) {
    let world = World::new().await;
    let admin = world.admin().await;
    let hook = Hook::new(&admin, &["app.create"]).await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_millis(1));
        admin.post("/v1/apps", &json!({"name": "App"})).await.is(201);
    }
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let feed = admin.get("/v1/events?cursor=start&types=app.create").await;
    let items = feed.is(200).body["items"].as_array().unwrap();
    let expected = items.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect();
    (world, hook, expected)
}

/// What was received, without repetitions of the event before.
fn once(mut ids: Vec<String>) -> Vec<String> {
    ids.dedup();
    ids
}

/// A call that was carried out, but whose reply was not seen, is as if the worker were killed before the next one.
#[tokio::test]
async fn a_worker_killed_at_any_call_is_followed_by_another() {
    let (world, hook, expected) = due_events().await;
    let start = world.snapshot().await;
    for call in 0.. {
        world.rewind(&start).await;
        let pause = world.faults.pause(call);
        let end = Instant::now() + NOTIFIER_TIME;
        let channels = Channels::default();
        let sending = Box::pin(notifier::send_due(&world.context, &channels, "first", end));
        if let Some(sent) = pause.kill(sending).await {
            assert!(call > 10, "{call}");
            sent.unwrap();
            break;
        }
        // The first worker may still have the lease.
        world.clock.advance(NOTIFIER_LEASE);
        assert_eq!(send(&world).await, None);
        assert_eq!(once(hook.receiver.take_ids()), expected, "call {call}");
        send(&world).await;
        assert!(hook.receiver.take().is_empty(), "call {call}");
    }
}

/// One fault is retried below the notifier: nothing is sent twice.
#[rstest]
#[tokio::test]
async fn one_fault_at_any_call_is_not_noticed(#[values(Fault::ServerError, Fault::DropReply)] fault: Fault) {
    let (world, hook, expected) = due_events().await;
    let start = world.snapshot().await;
    for call in 0.. {
        world.rewind(&start).await;
        world.faults.arm(fault, call, 1);
        assert_eq!(send(&world).await, None);
        if world.faults.calls() <= call {
            break;
        }
        assert_eq!(hook.receiver.take_ids(), expected, "{fault:?} at call {call}");
    }
}
