//! Pages of the log, which is stored by day.

use super::*;

fn names(records: &[Value]) -> Vec<String> {
    records.iter().map(|record| record["after"]["name"].as_str().unwrap_or("-").to_owned()).collect()
}

/// There are records in the first and the last millisecond of a day, and days without records.
// The paused clock keeps the deadline of a page that reads many days independent of the machine's load.
#[tokio::test(start_paused = true)]
async fn the_log_is_newest_first_over_days_and_pages() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let other = world.team("Elsewhere").await;
    let (admin, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let (reviewer, _) = world.user("reviewer", UserType::Member, [(team, "reviewer")]).await;
    let mut all = Vec::new();
    let half_a_day = Duration::from_hours(12);
    // Noon, the last millisecond of the day, the first of the next, a gap of three days, and so on.
    for (number, wait) in [
        Duration::ZERO,
        Duration::from_millis(12 * 60 * 60 * 1000 - 1),
        Duration::from_millis(1),
        Duration::from_millis(1),
        half_a_day * 7,
        Duration::from_millis(1),
        Duration::from_millis(1),
        half_a_day * 5,
        Duration::from_millis(1),
    ]
    .into_iter()
    .enumerate()
    {
        world.clock.advance(wait);
        let client = world.signed_in(&admin).await;
        let name = format!("App {number}");
        client.post("/v1/apps", &json!({"name": name, "team_id": team})).await.is(201);
        client.post("/v1/apps", &json!({"name": "Unrelated", "team_id": other})).await.is(201);
        all.insert(0, name);
        world.clock.advance(Duration::from_millis(1));
    }
    let admin = world.signed_in(&admin).await;
    let reviewer = world.signed_in(&reviewer).await;
    for limit in [1, 2, 4, 9, 18] {
        for (client, filter) in [(&reviewer, String::new()), (&admin, format!("&team_id={team}"))] {
            let pages = walk(client, &format!("/v1/audit?limit={limit}{filter}")).await;
            assert_eq!(names(&pages.concat()), all, "{limit}");
            assert_eq!(pages.len(), all.len().div_ceil(limit), "{limit}: the last page has no cursor");
        }
        let pages = walk(&admin, &format!("/v1/audit?limit={limit}")).await;
        assert_eq!(pages.concat().len(), 2 * all.len(), "{limit}");
        let moments: Vec<_> = pages.concat().iter().map(|record| record["at"].to_string()).collect();
        assert!(moments.is_sorted_by(|newer, older| newer >= older), "{limit}: {moments:?}");
        assert_eq!(pages.len(), (2 * all.len()).div_ceil(limit), "{limit}");
        let pages = walk(&admin, &format!("/v1/audit?limit={limit}&action=app.create&team_id={team}")).await;
        assert_eq!(names(&pages.concat()), all, "{limit}");
        let found = walk(&admin, &format!("/v1/audit?limit={limit}&action=app.create")).await.concat();
        assert_eq!(found.iter().filter(|record| record["team_id"] == json!(team)).count(), all.len(), "{limit}");
    }
}

#[tokio::test]
async fn records_written_while_paging_do_not_move_later_pages() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let admin = world.admin().await;
    for number in 0..6 {
        world.clock.advance(Duration::from_millis(1));
        admin.post("/v1/apps", &json!({"name": format!("App {number}"), "team_id": team})).await.is(201);
    }
    let mut path = "/v1/audit?limit=2".to_owned();
    let mut found = Vec::new();
    loop {
        let page = admin.get(&path).await;
        found.extend(page.is(200).body["items"].as_array().unwrap().clone());
        world.clock.advance(Duration::from_millis(1));
        admin.post("/v1/apps", &json!({"name": "Meanwhile", "team_id": team})).await.is(201);
        match page.body["next_cursor"].as_str() {
            None => break,
            Some(cursor) => path = format!("/v1/audit?limit=2&cursor={cursor}"),
        }
    }
    assert_eq!(names(&found), ["App 5", "App 4", "App 3", "App 2", "App 1", "App 0"]);
}

/// A member of several teams reads their logs merged. Each page reads a bounded number of records, so pages may be
/// empty when few records match.
// The paused clock keeps the deadline of a page that reads many days independent of the machine's load.
#[tokio::test(start_paused = true)]
async fn the_logs_of_several_teams_are_merged() {
    let world = World::new().await;
    let teams = [world.team("One").await, world.team("Two").await, world.team("Three").await];
    let hidden = world.team("Hidden").await;
    let roles = [(teams[0], "reviewer"), (teams[1], "admin"), (teams[2], "reviewer"), (hidden, "developer")];
    let (member, _) = world.user("member", UserType::Member, roles).await;
    let (admin, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let mut expected = Vec::new();
    for number in 0..9 {
        let admin = world.signed_in(&admin).await;
        let name = format!("App {number}");
        admin.post("/v1/apps", &json!({"name": name, "team_id": teams[number % 3]})).await.is(201);
        admin.post("/v1/apps", &json!({"name": "Hidden", "team_id": hidden})).await.is(201);
        expected.insert(0, name);
        world.clock.advance(Duration::from_hours(9));
    }
    let client = world.signed_in(&member).await;
    for limit in [1, 2, 3, 9, 10] {
        let pages = walk(&client, &format!("/v1/audit?limit={limit}")).await;
        assert_eq!(
            (names(&pages.concat()), pages.len()),
            (expected.clone(), expected.len().div_ceil(limit)),
            "{limit}"
        );
    }
    assert_eq!(walk(&client, &format!("/v1/audit?limit=1&team_id={}", teams[1])).await.concat().len(), 3);
    assert_eq!(walk(&client, &format!("/v1/audit?limit=1&team_id={hidden}")).await, [Vec::<Value>::new()]);
    // The matching record is many days old, and each page reads a bounded number of days.
    world.clock.advance(Duration::from_hours(24 * 300));
    let client = world.signed_in(&member).await;
    world.faults.arm(crate::support::faults::Fault::Hang, crate::support::faults::FOREVER, 0);
    let pages = walk(&client, "/v1/audit?limit=100").await;
    assert_eq!(names(&pages.concat()), expected);
    assert!(pages.len() > 1 && world.faults.calls() < 1_300, "{} {}", pages.len(), world.faults.calls());
}

/// The database has not deleted the expired records yet.
#[tokio::test]
async fn records_older_than_the_retention_are_not_returned() {
    let world = World::with(&[("AUDIT_RETENTION_DAYS", "2")]).await;
    let (admin, client) = world.user("boss", UserType::SuperAdmin, []).await;
    client.post("/v1/apps", &json!({"name": "Old"})).await.is(201);
    world.clock.advance(Duration::from_hours(24 * 3));
    let client = world.signed_in(&admin).await;
    client.post("/v1/apps", &json!({"name": "New"})).await.is(201);
    assert_eq!(names(&walk(&client, "/v1/audit?limit=100").await.concat()), ["New"]);
    assert_eq!(world.audit().await.len(), 2);
}
