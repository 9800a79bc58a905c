//! Filters of the log, and which records a caller may read.

use super::*;
use crate::grids::teams::{Caller, TeamFixture};

/// Actions and targets, newest first.
fn shown(reply: &Reply) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|record| (text(&record["action"]), text(&record["at"]))).collect()
}

fn after(moment: Timestamp, millis: u64) -> Timestamp {
    moment + Duration::from_millis(millis)
}

#[tokio::test]
async fn from_is_inclusive_and_to_is_exclusive_to_the_millisecond() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (admin, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let (reviewer, _) = world.user("reviewer", UserType::Member, [(team, "reviewer")]).await;
    // One record a millisecond, across midnight.
    world.clock.advance(Duration::from_hours(12) - Duration::from_millis(2));
    let admin = world.signed_in(&admin).await;
    let first = world.now();
    for name in ["A", "B", "C", "D"] {
        admin.post("/v1/apps", &json!({"name": name, "team_id": team})).await.is(201);
        world.clock.advance(Duration::from_millis(1));
    }
    for client in [&admin, &world.signed_in(&reviewer).await] {
        for from in 0..5 {
            for to in 0..6 {
                let (start, end) = (after(first, from), after(first, to));
                let found = client.get(&format!("/v1/audit?from={start}&to={end}")).await;
                let expected: Vec<_> = (from..to.min(4)).rev().map(|at| after(first, at).to_string()).collect();
                let found: Vec<_> = shown(&found).into_iter().map(|(_, at)| at).collect();
                assert_eq!(found, expected, "from {from} to {to}");
            }
        }
        let found = client.get(&format!("/v1/audit?from={}", after(first, 2))).await;
        assert_eq!(shown(&found).len(), 2);
        let found = client.get(&format!("/v1/audit?to={}", after(first, 1))).await;
        assert_eq!(shown(&found).len(), 1);
    }
}

#[tokio::test]
async fn filters_combine() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ours = TeamFixture::new(&world, &admin, 0, true).await;
    let theirs = TeamFixture::new(&world, &admin, 1, true).await;
    let team_admin = Caller::new(&world, &ours, "admin", "team_admin").await;
    let team_admin_id = team_admin.user.as_ref().unwrap().user_id;
    let (member, app) = (ours.member.user_id, &ours.app);
    world.clock.advance(Duration::from_secs(1));
    let begun = world.now();
    let path = format!("/v1/teams/{}/members/{member}", ours.team);
    team_admin.client.patch(&path, &json!({"role_id": "operator"})).await.is(200);
    admin.patch(&path, &json!({"role_id": "reviewer"})).await.is(200);
    for fixture in [&ours, &theirs] {
        admin
            .post(&format!("/v1/apps/{}/accounts", fixture.app), &json!({"user_id": "same", "type": "general"}))
            .await
            .is(201);
    }
    let both = json!({"user_ids": ["mina", "same"]});
    team_admin.client.post(&format!("/v1/apps/{app}/account-deletions"), &both).await.is(200);
    let (our_team, their_team) = (ours.team, theirs.team);
    let begun = begun.to_string();
    for (query, all, for_team_admin) in [
        (format!("actor={team_admin_id}"), 2, 2),
        (format!("actor={team_admin_id}&action=member.edit"), 1, 1),
        (format!("actor={team_admin_id}&action=account.create"), 0, 0),
        (format!("action=member.edit&from={begun}"), 2, 2),
        (format!("target={member}&from={begun}"), 2, 2),
        (format!("target={member}&actor={team_admin_id}"), 1, 1),
        // By account id, in any application, including batches that contain it.
        (format!("target=same&from={begun}"), 3, 2),
        ("target=same&action=account.delete".to_owned(), 1, 1),
        (format!("target=mina&team_id={our_team}"), 2, 2),
        (format!("target=mina&team_id={their_team}"), 1, 0),
        (format!("target={app}&action=account.delete"), 1, 1),
        (format!("team_id={our_team}&from={begun}"), 4, 4),
        (format!("team_id={their_team}&from={begun}"), 1, 0),
        (format!("team_id={our_team}&action=member.edit&actor={team_admin_id}&target={member}&from={begun}"), 1, 1),
        (format!("from={begun}&to={begun}"), 0, 0),
        ("target=nothing".to_owned(), 0, 0),
    ] {
        for (client, expected) in [(&admin, all), (&team_admin.client, for_team_admin)] {
            let pages = walk(client, &format!("/v1/audit?limit=100&{query}")).await;
            assert_eq!(pages.concat().len(), expected, "{query}: {pages:?}");
        }
    }
}

#[tokio::test]
async fn invalid_filters_are_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    for (query, violations) in [
        ("from=yesterday", vec![json!(["from", "bad_format"])]),
        ("to=2026-11-20", vec![json!(["to", "bad_format"])]),
        ("actor=boss", vec![json!(["actor", "bad_format"])]),
        ("team_id=x", vec![json!(["team_id", "bad_format"])]),
        ("action=team.burn", vec![json!(["action", "not_allowed"])]),
        ("action=team.edit&action=team.edit", vec![json!(["action", "not_allowed"])]),
        ("limit=0&until=x", vec![json!(["limit", "out_of_range"]), json!(["until", "unknown_field"])]),
    ] {
        let refused = admin.get(&format!("/v1/audit?{query}")).await;
        assert_eq!(refused.is(422).violations(), violations, "{query}: {refused:?}");
    }
    let member = world.member("member", []).await;
    member.get("/v1/audit?from=yesterday").await.is_problem(Code::NotFound);
}

/// A change that concerns two teams is in both logs; a change of a user is in neither.
#[tokio::test]
async fn a_team_reads_only_its_own_log() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ours = TeamFixture::new(&world, &admin, 0, true).await;
    let theirs = TeamFixture::new(&world, &admin, 1, true).await;
    let our_reader = Caller::new(&world, &ours, "reviewer", "our").await.client;
    let their_reader = Caller::new(&world, &theirs, "auditor", "their").await.client;
    let developer = Caller::new(&world, &ours, "developer", "developer").await.client;
    world.clock.advance(Duration::from_secs(1));
    let since = format!("/v1/audit?from={}", world.now());
    admin.patch(&format!("/v1/users/{}", ours.member.user_id), &json!({"username": "Renamed"})).await.is(200);
    assert_eq!((shown(&our_reader.get(&since).await).len(), shown(&their_reader.get(&since).await).len()), (0, 0));
    admin.patch(&format!("/v1/apps/{}", ours.app), &json!({"team_id": theirs.team})).await.is(200);
    let moved = json!([{"team_id": ours.team}, {"team_id": theirs.team}]);
    for client in [&our_reader, &their_reader] {
        let read = client.get(&since).await;
        assert_eq!(shown(&read).len(), 1);
        let record = &read.body["items"][0];
        assert_eq!(json!([record["before"], record["after"]]), moved);
    }
    assert_eq!(shown(&admin.get(&since).await).len(), 2, "the log of the platform has each change once");
    developer.get(&since).await.is_problem(Code::NotFound);
    // The log of a deleted team is visible only to platform admins.
    admin.delete(&format!("/v1/apps/{}", ours.spare)).await.is(204);
    world.clock.advance(Duration::from_millis(1));
    admin.delete(&format!("/v1/teams/{}", ours.team)).await.is(204);
    our_reader.get("/v1/audit").await.is_problem(Code::NotFound);
    let of_team = walk(&admin, &format!("/v1/audit?team_id={}&limit=100", ours.team)).await.concat();
    assert_eq!(of_team[0]["action"], "team.delete");
    assert!(of_team.iter().all(|record| record["team_id"] == json!(ours.team)));
}
