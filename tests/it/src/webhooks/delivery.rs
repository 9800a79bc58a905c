//! What receivers are sent.

use rollcall_api::clock::Clock;
use rollcall_domain::limits::{DELIVERY_LIFETIME, MAX_SECRET_OVERLAP_HOURS};
use standardwebhooks::Webhook as Verifier;

use super::*;

#[tokio::test]
async fn a_receiver_is_sent_the_events_of_the_feed_in_order() {
    let world = World::new().await;
    let admin = world.admin().await;
    change(&world, &admin).await;
    world.clock.advance(Duration::from_millis(1));
    let hook = Hook::new(&admin, &[]).await;
    let mut expected = Vec::new();
    for _ in 0..25 {
        expected.push(change(&world, &admin).await);
    }
    assert_eq!(send(&world).await, None);
    assert!(hook.receiver.take().is_empty(), "the feed holds events back");
    assert_eq!(settle(&world).await, None);
    let received = hook.receiver.take();
    // The first one is the creation of the webhook itself.
    assert_eq!(received[0].event()["type"], "webhook.create");
    let ids: Vec<_> = received[1..].iter().map(|received| received.header("webhook-id")).collect();
    assert_eq!(ids, expected);
    let feed = admin.get("/v1/events?cursor=start&types=app.create").await;
    let feed = &feed.is(200).body["items"].as_array().unwrap()[1..];
    for (received, event) in received[1..].iter().zip(feed) {
        assert_eq!(received.event(), *event);
        assert_eq!(received.header("content-type"), "application/json");
    }
    send(&world).await;
    assert!(hook.receiver.take().is_empty(), "what was accepted is not sent again");
}

#[tokio::test]
async fn the_library_of_receivers_accepts_the_signature_and_nothing_else() {
    let world = World::new().await;
    // The library compares the time of the attempt with the system's clock.
    let present = Clock::system().now();
    world.clock.retreat(world.now().since(present));
    world.clock.advance(present.since(world.now()));
    let admin = world.admin().await;
    let (hook, other) = (Hook::new(&admin, CHANGES).await, Hook::new(&admin, CHANGES).await);
    change(&world, &admin).await;
    settle(&world).await;
    let received = hook.receiver.take().remove(0);
    let verifier = Verifier::new(&hook.secret).unwrap();
    verifier.verify(&received.body, &received.headers).unwrap();
    let mut changed = received.body.to_vec();
    changed.push(b' ');
    assert!(verifier.verify(&changed, &received.headers).is_err());
    assert!(Verifier::new(&other.secret).unwrap().verify(&received.body, &received.headers).is_err());
}

#[tokio::test]
async fn a_receiver_is_sent_the_types_that_it_wants() {
    let world = World::new().await;
    let admin = world.admin().await;
    let hook = Hook::new(&admin, &["app.lock", "app.unlock"]).await;
    let app = world.app(&admin, "App").await;
    let unlock = json!({"locked": false, "risks_acknowledged": true});
    admin.put(&format!("/v1/apps/{app}/deletion-lock"), &unlock).await.is(200);
    settle(&world).await;
    let received = hook.receiver.take();
    assert_eq!(received.iter().map(|received| received.event()["type"].clone()).collect::<Vec<_>>(), ["app.unlock"]);
    admin.patch(&hook.path, &json!({"types": null})).await.is(200);
    settle(&world).await;
    assert_eq!(hook.receiver.take()[0].event()["type"], "webhook.edit", "all of them");
}

#[tokio::test]
async fn a_team_is_sent_its_own_events_until_it_is_deleted() {
    let world = World::new().await;
    let (ours, theirs) = (world.team("Ours").await, world.team("Theirs").await);
    let (admin, owner) = (world.admin().await, world.member("owner", [(ours, "admin")]).await);
    let receiver = Receiver::new(200).await;
    owner.post("/v1/webhooks", &json!({"url": receiver.url, "team_id": ours})).await.is(201);
    for team in [json!(ours), json!(theirs), Value::Null] {
        admin.post("/v1/apps", &json!({"name": "App", "team_id": team})).await.is(201);
    }
    settle(&world).await;
    let types: Vec<_> = receiver.take().iter().map(|received| received.event()["type"].clone()).collect();
    assert_eq!(types, ["webhook.create", "app.create"]);
    let empty = world.team("Empty").await;
    let receiver = Receiver::new(200).await;
    let created = admin.post("/v1/webhooks", &json!({"url": receiver.url, "team_id": empty})).await;
    let path = format!("/v1/webhooks/{}", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap());
    admin.delete(&format!("/v1/teams/{empty}")).await.is(204);
    admin.get(&path).await.is_problem(Code::NotFound);
    let listed = admin.get("/v1/webhooks").await;
    let teams: Vec<_> = listed.is(200).body["items"].as_array().unwrap().iter().map(|hook| &hook["team_id"]).collect();
    assert_eq!(teams, [&json!(ours)], "nor is it listed");
    settle(&world).await;
    assert!(receiver.take().is_empty(), "a deleted team is sent nothing");
    world.clock.advance(Duration::from_mins(2));
    crate::cleanup::run(&world).await;
    let is_of_webhooks =
        |item: &Value| [&item["pk"], &item["sk"]].iter().any(|key| key.as_str().unwrap().contains("WEBHOOK"));
    let left: Vec<_> = world.dump().await.into_iter().filter(is_of_webhooks).map(|item| item["sk"].clone()).collect();
    assert_eq!(left.len(), 4, "the other team's webhook, its deliveries, and the set of one: {left:?}");
}

#[tokio::test]
async fn during_a_rotation_events_are_signed_with_both_secrets() {
    let world = World::new().await;
    let admin = world.admin().await;
    let hook = Hook::new(&admin, CHANGES).await;
    let rotate = async |hours: u32| {
        let rotated = admin.post(&format!("{}/rotate", hook.path), &json!({"overlap_hours": hours})).await;
        rotated.is(201).body["secret"].as_str().unwrap().to_owned()
    };
    let second = rotate(MAX_SECRET_OVERLAP_HOURS).await;
    let third = rotate(1).await;
    let verified_by = async |admin: &Client| {
        change(&world, admin).await;
        settle(&world).await;
        let received = hook.receiver.take().remove(0);
        let signatures = received.header("webhook-signature").to_owned();
        let (id, seconds) = (received.header("webhook-id"), received.header("webhook-timestamp").parse().unwrap());
        let is_by = |secret: &String| {
            let signature = Verifier::new(secret).unwrap().sign(id, seconds, &received.body).unwrap();
            signatures.split(' ').any(|given| given == signature)
        };
        [&hook.secret, &second, &third].map(is_by)
    };
    assert_eq!(verified_by(&admin).await, [false, true, true]);
    world.clock.advance(Duration::from_hours(1));
    let fresh = world.user("fresh", UserType::SuperAdmin, []).await.1;
    assert_eq!(verified_by(&fresh).await, [false, false, true]);
    let fourth = fresh.post(&format!("{}/rotate", hook.path), &json!({"overlap_hours": 0})).await;
    assert!(fourth.is(201).body["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(verified_by(&fresh).await, [false, false, false]);
}

#[tokio::test]
async fn a_test_is_sent_at_once_and_recorded_as_a_delivery() {
    let world = World::new().await;
    let admin = world.admin().await;
    let hook = Hook::new(&admin, CHANGES).await;
    let count = world.audit().await.len();
    let sent = admin.post(&format!("{}/test", hook.path), &json!({})).await;
    let received = hook.receiver.take().remove(0);
    assert_eq!(received.event()["type"], "webhook.test");
    assert_eq!((&sent.is(200).body["status"], &sent.body["error"]), (&json!(204), &Value::Null));
    assert_eq!(sent.body["event_id"], received.header("webhook-id"));
    assert_eq!(hook.deliveries(&admin).await, std::slice::from_ref(&sent.body));
    assert_eq!(world.audit().await.len(), count, "it is no change");
    // A repeated request has no further effect.
    let client = admin.with("idempotency-key", "test");
    let first = client.post(&format!("{}/test", hook.path), &json!({})).await;
    let again = client.post(&format!("{}/test", hook.path), &json!({})).await;
    assert_eq!((first.is(200).body.clone(), hook.receiver.take().len()), (again.body, 1));
    hook.receiver.answers(302);
    let sent = admin.post(&format!("{}/test", hook.path), &json!({})).await;
    assert_eq!(sent.is(200).body["status"], 302);
    assert_eq!(hook.receiver.take().len(), 1, "a redirect is not followed");
}

#[tokio::test]
async fn deliveries_are_listed_for_a_week_newest_first() {
    let world = World::new().await;
    let (boss, admin) = world.user("boss", UserType::SuperAdmin, []).await;
    let hook = Hook::new(&admin, CHANGES).await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.insert(0, change(&world, &admin).await);
        settle(&world).await;
    }
    let ids = async |client: &Client, limit: usize| {
        let (mut found, mut path) = (Vec::new(), format!("{}/deliveries?limit={limit}", hook.path));
        loop {
            let page = client.get(&path).await;
            let items = page.is(200).body["items"].as_array().unwrap().clone();
            found.extend(items.iter().map(|delivery| delivery["event_id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page.body["next_cursor"].as_str() else { return found };
            path = format!("{}/deliveries?limit={limit}&cursor={cursor}", hook.path);
        }
    };
    for limit in [1, 2, 3, 100] {
        assert_eq!(ids(&admin, limit).await, expected, "{limit}");
    }
    let delivery = &hook.deliveries(&admin).await[0];
    assert_eq!(
        delivery.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["at", "duration_ms", "error", "event_id", "status"]
    );
    world.clock.advance(DELIVERY_LIFETIME);
    let admin = world.signed_in(&boss).await;
    assert_eq!(ids(&admin, 2).await, Vec::<String>::new(), "also where TTL is late");
}
