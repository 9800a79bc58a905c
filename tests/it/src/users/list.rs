//! Listing users: order, filters, pages.

use super::*;

fn logins(reply: &Reply) -> Vec<&str> {
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|user| user["login"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn users_are_listed_by_creation_and_filters_combine() {
    let world = World::new().await;
    let (ours, theirs) = (world.team("Ours").await, world.team("Theirs").await);
    let admin = world.admin().await;
    for (login, user_type, teams) in [
        ("zoe.park", UserType::Member, vec![ours]),
        ("PARKer", UserType::PlatformAdmin, vec![]),
        ("mina", UserType::Member, vec![ours, theirs]),
        ("jin", UserType::Member, vec![theirs]),
    ] {
        world.clock.advance(Duration::from_millis(1));
        let teams = teams.into_iter().map(|team| (team, Preset::Developer.into())).collect();
        world.user_as(login, user_type, |user| user.teams = teams).await;
    }
    let listed = admin.get("/v1/users?q=jin").await;
    let jin = format!("/v1/users/{}", listed.body["items"][0]["user_id"].as_str().unwrap());
    admin.patch(&jin, &json!({"status": "disabled", "username": "Spark.金", "email": "jin@example.com"})).await.is(200);
    for (query, expected) in [
        ("", vec!["admin", "zoe.park", "PARKer", "mina", "jin"]),
        ("type=member", vec!["zoe.park", "mina", "jin"]),
        ("type=super_admin", vec!["admin"]),
        ("status=disabled", vec!["jin"]),
        ("q=PaRk", vec!["zoe.park", "PARKer", "jin"]),
        ("q=%E9%87%91", vec!["jin"]),
        ("q=park&type=member", vec!["zoe.park", "jin"]),
        ("q=park&type=member&status=enabled", vec!["zoe.park"]),
        ("q=park&type=platform_admin&status=disabled", vec![]),
        ("q=nobody", vec![]),
        ("q=JIN%40EX", vec!["jin"]),
        ("q=%EF%BD%8D%EF%BD%89na", vec!["mina"]),
    ] {
        assert_eq!(logins(&admin.get(&format!("/v1/users?{query}")).await), expected, "{query}");
    }
    assert_eq!(logins(&admin.get(&format!("/v1/users?team_id={theirs}")).await), ["mina", "jin"]);
    assert_eq!(logins(&admin.get(&format!("/v1/users?team_id={theirs}&status=enabled")).await), ["mina"]);
    let unknown_team = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";
    assert_eq!(logins(&admin.get(&format!("/v1/users?team_id={unknown_team}")).await), Vec::<&str>::new());
}

#[tokio::test]
async fn invalid_parameters_of_a_list_are_violations() {
    let world = World::new().await;
    let admin = world.admin().await;
    let long = "x".repeat(65);
    for (query, violations) in [
        ("type=owner", vec![json!(["type", "not_allowed"])]),
        ("team_id=x", vec![json!(["team_id", "bad_format"])]),
        ("status=gone", vec![json!(["status", "not_allowed"])]),
        ("q=", vec![json!(["q", "out_of_range"])]),
        (&format!("q={long}"), vec![json!(["q", "out_of_range"])]),
        ("q=a&q=b", vec![json!(["q", "not_allowed"])]),
        (
            "type=owner&status=gone&limit=0&order=x",
            vec![
                json!(["type", "not_allowed"]),
                json!(["status", "not_allowed"]),
                json!(["limit", "out_of_range"]),
                json!(["order", "unknown_field"]),
            ],
        ),
    ] {
        assert_eq!(admin.get(&format!("/v1/users?{query}")).await.is(422).violations(), violations, "{query}");
    }
    admin.get(&format!("/v1/users?q={}", &long[1..])).await.is(200);
}

/// Reads all pages of a list.
async fn walk(client: &Client, list: &str) -> Vec<Vec<String>> {
    let (mut pages, mut path) = (Vec::new(), list.to_owned());
    loop {
        let page = client.get(&path).await;
        pages.push(logins(&page).into_iter().map(str::to_owned).collect());
        match page.body["next_cursor"].as_str() {
            None => return pages,
            Some(cursor) => path = format!("{list}&cursor={cursor}"),
        }
    }
}

#[tokio::test]
async fn pages_contain_every_user_exactly_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    for number in 0..9 {
        world.clock.advance(Duration::from_millis(1));
        let user_type = if number % 3 == 0 { UserType::PlatformAdmin } else { UserType::Member };
        world.user_as(&format!("user{number}"), user_type, |_| {}).await;
    }
    let all: Vec<_> = ["admin"].into_iter().map(str::to_owned).chain((0..9).map(|n| format!("user{n}"))).collect();
    for limit in [1, 2, 3, 5, 9, 10, 11] {
        let pages = walk(&admin, &format!("/v1/users?limit={limit}")).await;
        assert_eq!(pages.concat(), all, "{limit}");
        assert!(pages.iter().all(|page| page.len() <= limit));
        assert_eq!(pages.len(), all.len().div_ceil(limit), "the last page has no cursor");
    }
    for limit in 1..8 {
        let members = walk(&admin, &format!("/v1/users?limit={limit}&type=member")).await;
        assert_eq!(members.concat(), ["user1", "user2", "user4", "user5", "user7", "user8"], "{limit}");
    }
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_number_of_users_even_if_few_match() {
    let world = World::new().await;
    let admin = world.admin().await;
    let world = &world;
    for start in (0..520).step_by(40) {
        let batch = (start..start + 40)
            .map(|n| async move { world.user_as(&format!("user{n}"), UserType::Member, |_| {}).await });
        join_all(batch).await;
        world.clock.advance(Duration::from_millis(1));
    }
    world.user_as("needle", UserType::Member, |_| {}).await;
    world.faults.arm(Fault::Throttle, FOREVER, 0);
    let pages = walk(&admin, "/v1/users?limit=100&q=NEEDLE").await;
    assert_eq!(pages, [Vec::<String>::new(), vec!["needle".to_owned()]]);
    assert!(world.faults.calls() < 20, "{}", world.faults.calls());
    assert_eq!(walk(&admin, "/v1/users?limit=100").await.concat().len(), 522);
}
