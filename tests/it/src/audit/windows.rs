//! The cost of a window of time.

use super::*;
use crate::support::faults::Call;

/// The calls that a reading makes, in order.
async fn calls(world: &World, client: &Client, path: &str) -> (usize, Vec<Call>) {
    world.faults.take_log();
    let found = client.get(path).await.is(200).body["items"].as_array().unwrap().len();
    let mut calls = world.faults.take_log();
    calls.sort_by(|one, other| one.operation.cmp(&other.operation).then(one.read_units.total_cmp(&other.read_units)));
    (found, calls)
}

#[tokio::test]
async fn a_window_costs_what_it_holds_however_many_records_lie_beside_it() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (boss, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let (reviewer, _) = world.user("reviewer", UserType::Member, [(team, "reviewer")]).await;
    let (boss, reviewer) = (world.signed_in(&boss).await, world.signed_in(&reviewer).await);
    let write = async |count: usize| {
        for _ in 0..count {
            boss.post("/v1/apps", &json!({"name": "App", "team_id": team})).await.is(201);
            world.clock.advance(Duration::from_millis(1));
        }
    };
    write(120).await;
    let from = world.now();
    write(3).await;
    let to = world.now();
    let window = format!("/v1/audit?from={from}&to={to}&limit=10");
    let mut alone = Vec::new();
    for client in [&boss, &reviewer] {
        let (found, calls) = calls(&world, client, &window).await;
        assert_eq!(found, 3);
        // The session, the team or the beginning of the platform, and the partitions of the day.
        assert!(calls.len() <= 13, "{calls:?}");
        alone.push(calls);
    }
    write(120).await;
    for (client, alone) in [&boss, &reviewer].into_iter().zip(alone) {
        assert_eq!(calls(&world, client, &window).await, (3, alone));
    }
}

#[tokio::test]
async fn a_window_that_ends_before_it_begins_is_empty() {
    let world = World::new().await;
    let (boss, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let boss = world.signed_in(&boss).await;
    boss.post("/v1/apps", &json!({"name": "App"})).await.is(201);
    let (now, later) = (world.now(), world.now() + Duration::from_millis(1));
    for (from, to, count) in [(now, later, 1), (now, now, 0), (later, now, 0)] {
        let found = boss.get(&format!("/v1/audit?from={from}&to={to}")).await;
        assert_eq!(found.is(200).body["items"].as_array().unwrap().len(), count, "{from} to {to}");
        assert_eq!(found.body["next_cursor"], Value::Null);
    }
}
