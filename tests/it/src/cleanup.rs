//! The scheduled cleanup.

use std::time::Duration;

use rollcall_domain::{Code, limits::MAX_DUE_PER_CLEANUP};
use serde_json::json;

use crate::support::{Client, World};

async fn run(world: &World) -> serde_json::Value {
    let report = cleanup::run(world.context.clone(), cleanup::Event::default()).await.unwrap();
    serde_json::to_value(report).unwrap()
}

async fn deleted(world: &World, admin: &Client, name: &str) -> String {
    let path = format!("/v1/apps/{}", world.app(admin, name).await);
    admin.delete(&path).await.is(204);
    path
}

fn app_items(items: &[serde_json::Value]) -> usize {
    items.iter().filter(|item| item["sk"] == "APP").count()
}

#[tokio::test]
async fn a_deletion_is_final_after_a_minute_and_not_before() {
    let world = World::new().await;
    let admin = world.admin().await;
    deleted(&world, &admin, "App").await;
    world.clock.advance(Duration::from_millis(59_999));
    assert_eq!(run(&world).await["apps_deleted"], 0);
    assert_eq!(app_items(&world.dump().await), 1);
    world.clock.advance(Duration::from_millis(1));
    let report = json!({"skipped": false, "hours": 1, "apps_deleted": 1, "apps_restored": 0, "more": false});
    assert_eq!(run(&world).await, report);
    assert_eq!(app_items(&world.dump().await), 0);
    assert_eq!(run(&world).await["apps_deleted"], 0, "twice is once");
}

#[tokio::test]
async fn a_deletion_is_taken_back_when_an_account_slipped_in() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = deleted(&world, &admin, "App").await;
    // What a creation does that had read the application just before its deletion.
    let app_id = rollcall_domain::id::AppId::parse(path.rsplit('/').next().unwrap()).unwrap();
    let fields = rollcall_domain::Fields::of(json!({"user_id": "late", "type": "general"}));
    let late = rollcall_domain::account::NewAccount::read(fields, world.now().date()).unwrap().create(world.now());
    world.context.store.load_accounts(app_id, &[late]).await.unwrap();

    admin.get(&path).await.is_problem(Code::NotFound);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(run(&world).await["apps_restored"], 1);
    assert_eq!(admin.get(&path).await.is(200).body["version"], 3);
    admin.get(&format!("{path}/accounts/late")).await.is(200);
    assert_eq!(admin.get("/v1/apps").await.body["items"].as_array().unwrap().len(), 1);
    let restored = world.audit().await.into_iter().filter(|record| record["action"] == "app.restore").count();
    assert_eq!(restored, 1);
}

#[tokio::test]
async fn a_late_run_finds_what_fell_due_hours_ago() {
    let world = World::new().await;
    let admin = world.admin().await;
    run(&world).await;
    deleted(&world, &admin, "App").await;
    world.clock.advance(Duration::from_hours(30));
    let report = run(&world).await;
    assert_eq!((&report["apps_deleted"], &report["hours"]), (&json!(1), &json!(31)));
    assert_eq!(run(&world).await["hours"], 2, "the hour before may still be written by a clock that runs behind");
    world.clock.advance(Duration::from_mins(15));
    run(&world).await;
    assert_eq!(run(&world).await["hours"], 1);
}

#[tokio::test]
async fn a_run_is_bounded_and_the_next_goes_on_where_it_stopped() {
    let world = World::new().await;
    run(&world).await;
    let hours = u64::try_from(MAX_DUE_PER_CLEANUP).unwrap() + 10;
    world.clock.advance(Duration::from_secs(hours * 60 * 60));
    let first = run(&world).await;
    assert_eq!((&first["more"], &first["hours"]), (&json!(true), &json!(MAX_DUE_PER_CLEANUP)));
    let second = run(&world).await;
    assert_eq!((&second["more"], &second["hours"]), (&json!(false), &json!(12)));
}

/// K8: beside each other, one does the work.
#[tokio::test]
async fn a_second_run_beside_the_first_does_nothing() {
    let world = World::new().await;
    let held = world.context.store.begin_cleanup("another run", world.now()).await.unwrap();
    assert!(held.is_some());
    assert_eq!(run(&world).await["skipped"], true);
    world.clock.advance(Duration::from_mins(5));
    assert_eq!(run(&world).await["skipped"], false, "a lease that ran out is free");
    world.context.store.end_cleanup("another run", 0).await.unwrap();
    assert_eq!(run(&world).await["hours"], 1, "a run whose lease ran out gives back nothing of another's");
}
