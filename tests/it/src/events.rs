//! The event feed: every change exactly once, oldest first, and always after the cursors that were returned before.

mod access;
mod delays;

use std::time::Duration;

use rollcall_domain::{limits::EVENT_HOLD_BACK, permission::UserType};
use serde_json::{Value, json};

use crate::support::{Client, Reply, World};

/// Follows the feed from a cursor until it is caught up, in pages of this size. Returns the events and the last cursor.
async fn follow(client: &Client, filter: &str, cursor: &str, limit: usize) -> (Vec<Value>, String) {
    let (mut events, mut cursor) = (Vec::new(), cursor.to_owned());
    loop {
        let page = client.get(&format!("/v1/events?limit={limit}&cursor={cursor}&{filter}")).await;
        let items = page.is(200).body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        events.extend(items.iter().cloned());
        page.body["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
        if page.body["more"] == false {
            return (events, cursor);
        }
    }
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event_id"].as_str().unwrap()).collect()
}

/// The cursor of somebody who begins now. The first page is empty.
async fn begin(client: &Client, filter: &str) -> String {
    let page = client.get(&format!("/v1/events?{filter}")).await;
    assert_eq!((&page.is(200).body["items"], &page.body["more"]), (&json!([]), &json!(false)));
    page.body["next_cursor"].as_str().unwrap().to_owned()
}

async fn create_app(client: &Client, name: &str) -> String {
    client.post("/v1/apps", &json!({"name": name})).await.is(201).body["app_id"].as_str().unwrap().to_owned()
}

/// The applications that events say were created.
fn created(events: &[Value]) -> Vec<&str> {
    let created = events.iter().filter(|event| event["type"] == "app.create");
    created.map(|event| event["app_id"].as_str().unwrap()).collect()
}

/// There are records in the first and the last millisecond of a day, and days without records.
// The paused clock keeps the deadline of a page that reads many days independent of the machine's load.
#[tokio::test(start_paused = true)]
async fn the_feed_is_the_log_in_reverse_whatever_the_size_of_pages() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (boss, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let (reviewer, _) = world.user("reviewer", UserType::Member, [(team, "reviewer")]).await;
    for wait in [0, 12 * 60 * 60 * 1000 - 1, 1, 1, 84 * 60 * 60 * 1000, 1, 60 * 60 * 60 * 1000] {
        world.clock.advance(Duration::from_millis(wait));
        let client = world.signed_in(&boss).await;
        for (name, team) in [("Theirs", json!(team)), ("The platform's", Value::Null)] {
            client.post("/v1/apps", &json!({"name": name, "team_id": team})).await.is(201);
        }
    }
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let (boss, reviewer) = (world.signed_in(&boss).await, world.signed_in(&reviewer).await);
    let of_team = format!("team_id={team}");
    for (client, filter, count) in [(&boss, "", 14), (&boss, of_team.as_str(), 7), (&reviewer, "", 7)] {
        let mut log = client.get(&format!("/v1/audit?limit=100&{filter}")).await.is(200).body["items"].clone();
        let log = log.as_array_mut().unwrap();
        log.reverse();
        assert_eq!(log.len(), count);
        for limit in [1, 2, 3, 7, 14, 100] {
            let (events, last) = follow(client, filter, "start", limit).await;
            assert_eq!(ids(&events), log.iter().map(|record| record["audit_id"].as_str().unwrap()).collect::<Vec<_>>());
            let (more, _) = follow(client, filter, &last, limit).await;
            assert_eq!(ids(&more), Vec::<&str>::new(), "the last cursor has nothing after it");
        }
        let (events, _) = follow(client, filter, "start", 100).await;
        for (event, record) in events.iter().zip(log.iter()) {
            assert_eq!(event["type"], record["action"]);
            assert_eq!((&event["occurred_at"], &event["version"]), (&record["at"], &json!(1)));
            assert_eq!(event["data"], json!({"before": record["before"], "after": record["after"]}));
            for field in ["actor", "target", "team_id", "request_id"] {
                assert_eq!(event[field], record[field], "{field}");
            }
            assert_eq!(event["app_id"], record["target"]["id"]);
            assert_eq!(event.as_object().unwrap().len(), 10);
        }
    }
}

#[tokio::test]
async fn a_cursor_repeats_its_page_and_goes_on_after_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let cursor = begin(&admin, "").await;
    let mut expected = Vec::new();
    for round in 0..3 {
        expected.push(create_app(&admin, &format!("App {round}")).await);
        world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
        let (events, _) = follow(&admin, "", &cursor, 2).await;
        assert_eq!(created(&events), expected, "the first cursor still has everything after it");
        let (again, _) = follow(&admin, "", &cursor, 1).await;
        assert_eq!(ids(&again), ids(&events));
    }
}

#[tokio::test]
async fn types_are_a_filter_and_the_feed_goes_on_without_matches() {
    let world = World::new().await;
    let admin = world.admin().await;
    let filter = "types=app.edit,app.lock";
    let cursor = begin(&admin, filter).await;
    let app = create_app(&admin, "App").await;
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let (events, cursor) = follow(&admin, filter, &cursor, 10).await;
    assert_eq!(events, Vec::<Value>::new());
    admin.patch(&format!("/v1/apps/{app}"), &json!({"name": "Other"})).await.is(200);
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let (events, _) = follow(&admin, filter, &cursor, 10).await;
    assert_eq!(events[0]["data"], json!({"before": {"name": "App"}, "after": {"name": "Other"}}));
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn the_events_of_an_object_are_in_the_order_of_its_changes() {
    let world = World::new().await;
    let admin = world.admin().await;
    let filter = "types=app.edit";
    let cursor = begin(&admin, filter).await;
    let path = format!("/v1/apps/{}", create_app(&admin, "App").await);
    for call in 0.. {
        let pause = world.faults.pause(call);
        let meanwhile = async {
            world.clock.advance(Duration::from_secs(1));
            admin.patch(&path, &json!({"name": format!("Second {call}")})).await.is(200).status
        };
        let first = json!({"name": format!("First {call}")});
        let (reply, reached) = Box::pin(pause.run(admin.patch(&path, &first), meanwhile)).await;
        reply.is(200);
        if reached.is_none() {
            break;
        }
    }
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let (events, _) = follow(&admin, filter, &cursor, 100).await;
    assert!(events.len() > 5);
    let names = |side: &str| events.iter().map(|event| event["data"][side]["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names("before")[1..], names("after")[..events.len() - 1], "each begins where the one before ended");
}

#[tokio::test]
async fn a_move_is_one_event_of_the_platform_and_one_of_each_team() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (from, to) = (world.team("From").await, world.team("To").await);
    let owners = [world.member("one", [(from, "admin")]).await, world.member("two", [(to, "admin")]).await];
    let created = admin.post("/v1/apps", &json!({"name": "App", "team_id": from})).await;
    let app = created.is(201).body["app_id"].as_str().unwrap().to_owned();
    let filter = "types=app.edit";
    let mut cursors = Vec::new();
    for client in [&admin, &owners[0], &owners[1]] {
        cursors.push(begin(client, filter).await);
    }
    admin.patch(&format!("/v1/apps/{app}"), &json!({"team_id": to})).await.is(200);
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    for (client, cursor) in [&admin, &owners[0], &owners[1]].into_iter().zip(cursors) {
        let (events, _) = follow(client, filter, &cursor, 10).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["data"], json!({"before": {"team_id": from}, "after": {"team_id": to}}));
    }
}
