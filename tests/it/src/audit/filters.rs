//! Which records are asked for, and whose may be read.

use super::*;
use crate::grids::teams::{Caller, TeamFixture};

/// What was done to whom, newest first.
fn shown(reply: &Reply) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|record| (text(&record["action"]), text(&record["at"]))).collect()
}

/// A moment some milliseconds after another.
fn after(moment: Timestamp, millis: u64) -> Timestamp {
    moment + Duration::from_millis(millis)
}

#[tokio::test]
async fn from_is_inclusive_and_to_is_exclusive_to_the_millisecond() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (boss, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let (reviewer, _) = world.user("reviewer", UserType::Member, [(team, "reviewer")]).await;
    // One record a millisecond, across midnight.
    world.clock.advance(Duration::from_hours(12) - Duration::from_millis(2));
    let boss = world.signed_in(&boss).await;
    let first = world.now();
    for name in ["A", "B", "C", "D"] {
        boss.post("/v1/apps", &json!({"name": name, "team_id": team})).await.is(201);
        world.clock.advance(Duration::from_millis(1));
    }
    for client in [&boss, &world.signed_in(&reviewer).await] {
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
    let boss = world.admin().await;
    let ours = TeamFixture::new(&world, &boss, 0, true).await;
    let theirs = TeamFixture::new(&world, &boss, 1, true).await;
    let chief = Caller::new(&world, &ours, "admin", "chief").await;
    let chief_id = chief.user.as_ref().unwrap().user_id;
    let (member, app) = (ours.member.user_id, &ours.app);
    world.clock.advance(Duration::from_secs(1));
    let begun = world.now();
    let path = format!("/v1/teams/{}/members/{member}", ours.team);
    chief.client.patch(&path, &json!({"role_id": "operator"})).await.is(200);
    boss.patch(&path, &json!({"role_id": "reviewer"})).await.is(200);
    for fixture in [&ours, &theirs] {
        boss.post(&format!("/v1/apps/{}/accounts", fixture.app), &json!({"user_id": "same", "type": "general"}))
            .await
            .is(201);
    }
    let both = json!({"user_ids": ["mina", "same"]});
    chief.client.post(&format!("/v1/apps/{app}/account-deletions"), &both).await.is(200);
    let (us, them) = (ours.team, theirs.team);
    let begun = begun.to_string();
    for (query, all, of_chief) in [
        (format!("actor={chief_id}"), 2, 2),
        (format!("actor={chief_id}&action=member.edit"), 1, 1),
        (format!("actor={chief_id}&action=account.create"), 0, 0),
        (format!("action=member.edit&from={begun}"), 2, 2),
        (format!("target={member}&from={begun}"), 2, 2),
        (format!("target={member}&actor={chief_id}"), 1, 1),
        // Of an account, wherever it is; also where a batch names it.
        (format!("target=same&from={begun}"), 3, 2),
        ("target=same&action=account.delete".to_owned(), 1, 1),
        (format!("target=mina&team_id={us}"), 2, 2),
        (format!("target=mina&team_id={them}"), 1, 0),
        (format!("target={app}&action=account.delete"), 1, 1),
        (format!("team_id={us}&from={begun}"), 4, 4),
        (format!("team_id={them}&from={begun}"), 1, 0),
        (format!("team_id={us}&action=member.edit&actor={chief_id}&target={member}&from={begun}"), 1, 1),
        (format!("from={begun}&to={begun}"), 0, 0),
        ("target=nothing".to_owned(), 0, 0),
    ] {
        for (client, expected) in [(&boss, all), (&chief.client, of_chief)] {
            let pages = walk(client, &format!("/v1/audit?limit=100&{query}")).await;
            assert_eq!(pages.concat().len(), expected, "{query}: {pages:?}");
        }
    }
}

#[tokio::test]
async fn what_the_log_is_asked_for_is_read_strictly() {
    let world = World::new().await;
    let boss = world.admin().await;
    for (query, violations) in [
        ("from=yesterday", vec![json!(["from", "bad_format"])]),
        ("to=2026-11-20", vec![json!(["to", "bad_format"])]),
        ("actor=boss", vec![json!(["actor", "bad_format"])]),
        ("team_id=x", vec![json!(["team_id", "bad_format"])]),
        ("action=team.burn", vec![json!(["action", "not_allowed"])]),
        ("action=team.edit&action=team.edit", vec![json!(["action", "not_allowed"])]),
        ("limit=0&until=x", vec![json!(["limit", "out_of_range"]), json!(["until", "unknown_field"])]),
    ] {
        let refused = boss.get(&format!("/v1/audit?{query}")).await;
        assert_eq!(refused.is(422).violations(), violations, "{query}: {refused:?}");
    }
    let member = world.member("member", []).await;
    member.get("/v1/audit?from=yesterday").await.is_problem(Code::NotFound);
}

/// Of a change that two teams have to know, each knows; of a change of a user, which is no team's, neither.
#[tokio::test]
async fn each_team_reads_its_own_log() {
    let world = World::new().await;
    let boss = world.admin().await;
    let ours = TeamFixture::new(&world, &boss, 0, true).await;
    let theirs = TeamFixture::new(&world, &boss, 1, true).await;
    let our = Caller::new(&world, &ours, "reviewer", "our").await.client;
    let their = Caller::new(&world, &theirs, "auditor", "their").await.client;
    let developer = Caller::new(&world, &ours, "developer", "developer").await.client;
    world.clock.advance(Duration::from_secs(1));
    let since = format!("/v1/audit?from={}", world.now());
    boss.patch(&format!("/v1/users/{}", ours.member.user_id), &json!({"username": "Renamed"})).await.is(200);
    assert_eq!((shown(&our.get(&since).await).len(), shown(&their.get(&since).await).len()), (0, 0));
    boss.patch(&format!("/v1/apps/{}", ours.app), &json!({"team_id": theirs.team})).await.is(200);
    let moved = json!([{"team_id": ours.team}, {"team_id": theirs.team}]);
    for client in [&our, &their] {
        let read = client.get(&since).await;
        assert_eq!(shown(&read).len(), 1);
        let record = &read.body["items"][0];
        assert_eq!(json!([record["before"], record["after"]]), moved);
    }
    assert_eq!(shown(&boss.get(&since).await).len(), 3);
    developer.get(&since).await.is_problem(Code::NotFound);
    // A team that is deleted takes its log with it, but for the platform's admins.
    boss.delete(&format!("/v1/apps/{}", ours.spare)).await.is(204);
    world.clock.advance(Duration::from_millis(1));
    boss.delete(&format!("/v1/teams/{}", ours.team)).await.is(204);
    our.get("/v1/audit").await.is_problem(Code::NotFound);
    let of_team = walk(&boss, &format!("/v1/audit?team_id={}&limit=100", ours.team)).await.concat();
    assert_eq!(of_team[0]["action"], "team.delete");
    assert!(of_team.iter().all(|record| record["team_id"] == json!(ours.team)));
}
