//! Pages of lists, wherever in the list they lie.

use rollcall_domain::permission::UserType;
use serde_json::{Value, json};

use crate::support::{Client, World};

/// The number of entries of a list, read page by page.
async fn walk(client: &Client, list: &str) -> usize {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{list}{cursor}")).await;
        seen.extend(page.is(200).body["items"].as_array().unwrap().iter().map(Value::to_string));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "{list}: an entry is on two pages");
    count
}

/// A start key beside a condition is a second bound, which the embedded database reads past instead of seeking to it: a
/// page would cost more the deeper it lies.
#[tokio::test]
async fn no_page_of_any_list_is_reached_by_reading_past_those_before_it() {
    let world = World::new().await;
    let (boss, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let boss = world.signed_in(&boss).await;
    let team = world.team("Northwind").await;
    world.team("Southwind").await;
    let (chief, _) = world.user("chief", UserType::Member, [(team, "admin")]).await;
    let (chief, _other_session) = (world.signed_in(&chief).await, world.signed_in(&chief).await);
    world.user("dora", UserType::Member, [(team, "developer")]).await;
    let mut app = String::new();
    for name in ["One", "Two", "Three"] {
        let body = json!({"name": name, "team_id": team});
        app = boss.post("/v1/apps", &body).await.is(201).body["app_id"].as_str().unwrap().to_owned();
        world.role(team, name, &["team.read"]).await;
        boss.post(&format!("/v1/teams/{team}/invitations"), &json!({"role_id": "reviewer"})).await.is(201);
    }
    for (user_id, account_type) in [("a", "general"), ("a~", "admin"), ("ab", "general"), ("b", "general")] {
        let body = json!({"user_id": user_id, "type": account_type});
        boss.post(&format!("/v1/apps/{app}/accounts"), &body).await.is(201);
    }
    world.faults.take_log();
    for (list, count) in [
        (format!("/v1/apps/{app}/accounts?limit=1"), 4),
        (format!("/v1/apps/{app}/accounts?limit=1&user_id_prefix=a"), 3),
        (format!("/v1/apps/{app}/accounts?limit=1&type=general"), 3),
        ("/v1/apps?limit=1".to_owned(), 3),
        (format!("/v1/apps?limit=1&team_id={team}"), 3),
        ("/v1/teams?limit=1".to_owned(), 2),
        (format!("/v1/teams/{team}/members?limit=1"), 2),
        (format!("/v1/teams/{team}/roles?limit=1"), 9),
        (format!("/v1/teams/{team}/invitations?limit=1"), 3),
        ("/v1/users?limit=1".to_owned(), 3),
        (format!("/v1/users?limit=1&team_id={team}"), 2),
        (format!("/v1/audit?limit=1&team_id={team}&action=app.create"), 3),
        ("/v1/audit?limit=1&action=app.create".to_owned(), 3),
    ] {
        assert_eq!(walk(&boss, &list).await, count, "{list}");
    }
    for (list, count) in [("/v1/apps?limit=1", 3), ("/v1/me/sessions?limit=1", 3), ("/v1/audit?limit=1", 10)] {
        assert_eq!(walk(&chief, list).await, count, "{list}");
    }
    let calls = world.faults.take_log();
    assert!(calls.iter().any(|call| call.operation == "Query"));
    assert_eq!(calls.iter().filter(|call| call.has_start_key).collect::<Vec<_>>(), Vec::<&_>::new());
}
