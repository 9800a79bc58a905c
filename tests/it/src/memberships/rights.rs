//! The second at which a membership ends.

use super::*;
use crate::support::mailed_codes::just_before;

/// What a member of each kind does with their role, and what they are answered once it has ended.
const USES: [(&str, &str, &str, Code); 9] = [
    ("reviewer", "GET", "", Code::NotFound),
    ("reviewer", "GET", "/members", Code::NotFound),
    ("reviewer", "GET", "/roles", Code::NotFound),
    ("member_manager", "GET", "/invitations", Code::NotFound),
    ("reviewer", "GET", "/v1/audit", Code::NotFound),
    ("developer", "GET", "{app}", Code::NotFound),
    ("developer", "GET", "{app}/accounts", Code::NotFound),
    ("developer", "POST", "{app}/accounts", Code::NotFound),
    ("operator", "GET", "{app}/jobs", Code::NotFound),
];

#[tokio::test]
async fn a_role_counts_to_the_millisecond_and_is_gone_then() {
    for (role, method, place, code) in USES {
        let fixture = TeamFixture::new().await;
        let (_, client) = fixture.world.member_for("mina", (fixture.team_id, role), 2 * DAY).await;
        let path = match place {
            place if place.starts_with("/v1") => place.to_owned(),
            place if place.starts_with("{app}") => place.replace("{app}", &fixture.app),
            place => format!("{}{place}", fixture.team),
        };
        let send = async |client: &Client, user_id: &str| match method {
            "GET" => client.get(&path).await,
            _ => client.post(&path, &json!({"user_id": user_id, "type": "general"})).await,
        };
        assert!(send(&client, "a").await.status < 300, "{role} {path}");
        fixture.world.clock.advance(just_before(2 * DAY));
        let client = fixture.world.signed_in(&user(&fixture, "mina").await).await;
        assert!(send(&client, "b").await.status < 300, "{role} {path} a millisecond before the end");
        fixture.world.clock.advance(MILLISECOND);
        send(&client, "c").await.is_problem(code);
    }
}

async fn user(fixture: &TeamFixture, login: &str) -> User {
    let login = rollcall_domain::text::Login::parse(login).unwrap();
    fixture.world.store().user_by_login(&login).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_membership_that_has_ended_is_shown_nowhere_before_any_cleanup() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let (mina, _) = world.member_for("mina", (fixture.team_id, "admin"), 2 * DAY).await;
    let shown = async || {
        let (admin, client) = (fixture.admin().await, world.signed_in(&mina).await);
        let user = admin.get(&format!("/v1/users/{}", mina.user_id)).await;
        let of_team = admin.get(&format!("/v1/users?team_id={}", fixture.team_id)).await;
        let team = admin.get(&fixture.team).await;
        let teams = admin.get("/v1/teams").await;
        json!({
            "members": fixture.members().await,
            "own teams": client.get("/v1/me").await.is(200).body["teams"].as_array().unwrap().len(),
            "listed teams": client.get("/v1/teams").await.is(200).body["items"].as_array().unwrap().len(),
            "listed apps": client.get("/v1/apps").await.is(200).body["items"].as_array().unwrap().len(),
            "teams of the user": user.is(200).body["teams"].as_array().unwrap().len(),
            "users of the team": logins(&of_team.is(200).body["items"]),
            "admins": team.is(200).body["admins"].as_array().unwrap().len(),
            "listed admins": teams.is(200).body["items"][0]["admins"].as_array().unwrap().len(),
        })
    };
    let during = json!({
        "members": ["owner", "mina"], "own teams": 1, "listed teams": 1, "listed apps": 1, "teams of the user": 1,
        "users of the team": ["owner", "mina"], "admins": 2, "listed admins": 2,
    });
    assert_eq!(shown().await, during);
    world.clock.advance(just_before(2 * DAY));
    assert_eq!(shown().await, during);
    world.clock.advance(MILLISECOND);
    let after = json!({
        "members": ["owner"], "own teams": 0, "listed teams": 0, "listed apps": 0, "teams of the user": 0,
        "users of the team": ["owner"], "admins": 1, "listed admins": 1,
    });
    assert_eq!(shown().await, after);
    let (owner, client) = (fixture.owner().await, world.signed_in(&mina).await);
    let member = fixture.path(&format!("members/{}", mina.user_id));
    owner.patch(&member, &json!({"expires_at": null})).await.is_problem(Code::NotFound);
    owner.delete(&member).await.is_problem(Code::NotFound);
    client.delete(&member).await.is_problem(Code::NotFound);
    assert_eq!(world.dump().await.iter().filter(|item| item["sk"] == format!("MEMBER#{}", mina.user_id)).count(), 1);
    assert_consistent(world).await;
}

#[tokio::test]
async fn an_end_is_set_changed_and_taken_off() {
    let fixture = TeamFixture::new().await;
    let owner = fixture.owner().await;
    let mina = fixture.world.user_as("mina", UserType::Member, |_| {}).await;
    let end = fixture.later(DAY);
    let added = fixture.add(&owner, &mina, "reviewer", &end).await;
    assert_eq!(added.is(201).body["member"]["expires_at"], end);
    let path = fixture.path(&format!("members/{}", mina.user_id));
    let moved = owner.patch(&path, &json!({"role_id": "developer"})).await;
    assert_eq!(moved.is(200).body["expires_at"], end, "the end stays when the role changes");
    // Any offset and any precision of RFC 3339 is read.
    let later = owner.patch(&path, &json!({"expires_at": "2026-12-24T09:00:00.1239+09:00"})).await;
    assert_eq!(later.is(200).body["expires_at"], "2026-12-24T00:00:00.123Z");
    assert_eq!((&later.body["role"]["role_id"], &later.body["version"]), (&json!("developer"), &json!(3)));
    let same = owner.patch(&path, &json!({"expires_at": "2026-12-24T00:00:00.123Z"})).await;
    assert_eq!(same.is(200).body["version"], 3, "the same end is no change");
    let both = owner.patch(&path, &json!({"role_id": "operator", "expires_at": null})).await;
    assert_eq!((&both.is(200).body["expires_at"], &both.body["role"]["role_id"]), (&Value::Null, &json!("operator")));
    let listed = owner.get(&fixture.path("members")).await;
    assert_eq!(listed.body["items"][1]["expires_at"], Value::Null);
    let records = owner.get("/v1/audit?action=member.edit").await;
    let changes: Vec<_> = records.is(200).body["items"].as_array().unwrap().iter().rev().cloned().collect();
    assert_eq!(
        (&changes[0]["before"], &changes[0]["after"]),
        (&json!({"role_id": "reviewer"}), &json!({"role_id": "developer"}))
    );
    assert_eq!(
        (&changes[1]["before"], &changes[1]["after"]),
        (&json!({"expires_at": end}), &json!({"expires_at": "2026-12-24T00:00:00.123Z"}))
    );
    assert_eq!(changes[2]["after"], json!({"role_id": "operator", "expires_at": null}));
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn an_end_that_is_not_in_the_future_is_refused() {
    let fixture = TeamFixture::new().await;
    let owner = fixture.owner().await;
    let mina = fixture.world.user_as("mina", UserType::Member, |_| {}).await;
    let members = fixture.path("members");
    owner.post(&members, &json!({"login": "owner2", "role_id": "x", "expires_at": 1})).await.is(422);
    let refused = async |end: Value, code: &str| {
        let added = fixture.add(&owner, &mina, "reviewer", &end).await;
        assert_eq!(added.is(422).violations(), [json!(["/expires_at", code])], "{end}");
    };
    for end in [json!(fixture.world.now()), json!("2026-11-20T11:59:59Z"), json!("1970-01-01T00:00:00Z")] {
        refused(end, "out_of_range").await;
    }
    for end in [json!("tomorrow"), json!(""), json!("2026-12-24"), json!("9999-12-31T23:59:59-23:00")] {
        refused(end, "bad_format").await;
    }
    refused(json!(1), "wrong_type").await;
    fixture.add(&owner, &mina, "reviewer", &fixture.later(MILLISECOND)).await.is(201);
    let path = fixture.path(&format!("members/{}", mina.user_id));
    let past = owner.patch(&path, &json!({"expires_at": fixture.world.now()})).await;
    assert_eq!(past.is(422).violations(), [json!(["/expires_at", "out_of_range"])]);
    let role = owner.patch(&path, &json!({"expires_at": null, "role_id": null})).await;
    assert_eq!(role.is(422).violations(), [json!(["/role_id", "required"])]);
}
