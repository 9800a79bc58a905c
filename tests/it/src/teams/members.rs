//! Adding, editing, removing and listing members.

use rollcall_domain::permission::UserType;

use super::*;
use crate::support::START;

#[tokio::test]
async fn a_member_is_added_by_id_or_login_edited_and_removed() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let (mina, client) = world.user("mina", UserType::Member, []).await;
    world.user("jisoo", UserType::Member, []).await;
    let members = format!("/v1/teams/{team}/members");
    let added = owner.post(&members, &json!({"user_id": mina.user_id, "role_id": "developer"})).await;
    let path = format!("{members}/{}", mina.user_id);
    assert_eq!((added.is(201).header("location"), added.header("etag")), (members.as_str(), "\"1\""));
    let role = owner.get(&format!("/v1/teams/{team}/roles/developer")).await.body;
    let mut member = json!({
        "user_id": mina.user_id, "username": "mina", "login": "mina", "status": "enabled", "role": role,
        "joined_at": world.now(), "expires_at": null, "version": 1,
    });
    assert_eq!(added.body, json!({"member": member}));
    // Logins are compared without case.
    owner.post(&members, &json!({"login": "JISOO", "role_id": "reviewer"})).await.is(201);
    assert_eq!(client.get("/v1/me").await.body["teams"][0]["role"], role);

    let moved = owner.with("if-match", "\"1\"").patch(&path, &json!({"role_id": "operator"})).await;
    (member["role"], member["version"]) = (owner.get(&format!("/v1/teams/{team}/roles/operator")).await.body, json!(2));
    assert_eq!((&moved.is(200).body, moved.header("etag")), (&member, "\"2\""));
    let same = owner.patch(&path, &json!({"role_id": "operator"})).await;
    assert_eq!(same.is(200).body, member, "the same role is no change");
    for (tag, code) in
        [("\"1\"", Code::VersionConflict), ("W/\"2\"", Code::VersionConflict), ("x", Code::InvalidIfMatch)]
    {
        owner.with("if-match", tag).patch(&path, &json!({"role_id": "reviewer"})).await.is_problem(code);
        owner.with("if-match", tag).delete(&path).await.is_problem(code);
    }
    owner.with("if-match", "\"2\"").delete(&path).await.is(204);
    owner.delete(&path).await.is_problem(Code::NotFound);
    assert_eq!(client.get("/v1/me").await.body["teams"], json!([]));
    client.get(&members).await.is_problem(Code::NotFound);
    // A removed member who is added again starts at version 1.
    let back = owner.post(&members, &json!({"user_id": mina.user_id, "role_id": "developer"})).await;
    assert_eq!(back.is(201).body["member"]["version"], 1);
}

#[tokio::test]
async fn an_invalid_body_reports_every_violation() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let (mina, _) = world.user("mina", UserType::Member, []).await;
    let members = format!("/v1/teams/{team}/members");
    let before = crate::support::everything(&world).await;
    let id = mina.user_id;
    let nobody = crate::support::UNKNOWN_ID;
    for (body, mut expected) in [
        (json!({}), vec![json!(["/role_id", "required"]), json!(["/user_id", "required"])]),
        (json!({"role_id": "reviewer"}), vec![json!(["/user_id", "required"])]),
        (json!({"user_id": id}), vec![json!(["/role_id", "required"])]),
        (json!({"user_id": nobody, "role_id": "reviewer"}), vec![json!(["/user_id", "unknown_reference"])]),
        (json!({"user_id": "x", "role_id": "reviewer"}), vec![json!(["/user_id", "bad_format"])]),
        (json!({"login": "nobody", "role_id": "reviewer"}), vec![json!(["/login", "unknown_reference"])]),
        (json!({"login": "a b", "role_id": "reviewer"}), vec![json!(["/login", "bad_format"])]),
        (json!({"user_id": id, "role_id": "owner"}), vec![json!(["/role_id", "unknown_reference"])]),
        (json!({"user_id": id, "role_id": nobody}), vec![json!(["/role_id", "unknown_reference"])]),
        (json!({"user_id": id, "role_id": "Reviewer"}), vec![json!(["/role_id", "unknown_reference"])]),
        (json!({"user_id": id, "role_id": 1}), vec![json!(["/role_id", "wrong_type"])]),
        (json!({"user_id": id, "login": "mina", "role_id": "reviewer"}), vec![json!(["/login", "not_allowed"])]),
        (
            json!({
                "user_id": id, "login": "mina", "new_user": {"username": "Mina", "login": "mina2", "generate_password":
                true}, "role_id": "reviewer"
            }),
            vec![json!(["/login", "not_allowed"]), json!(["/new_user", "not_allowed"])],
        ),
        (
            json!({"user_id": id, "role_id": "reviewer", "joined_at": START, "status": "enabled", "version": 1}),
            vec![
                json!(["/joined_at", "unknown_field"]),
                json!(["/status", "unknown_field"]),
                json!(["/version", "unknown_field"]),
            ],
        ),
    ] {
        let refused = owner.post(&members, &body).await;
        let mut violations = refused.is(422).violations();
        violations.sort_by_key(ToString::to_string);
        expected.sort_by_key(ToString::to_string);
        assert_eq!(violations, expected, "{body}");
    }
    assert_eq!(crate::support::everything(&world).await, before);
    owner.post(&members, &json!({"user_id": id, "role_id": "reviewer"})).await.is(201);
    for (body, violation) in [
        (json!({}), json!(["/role_id", "required"])),
        (json!({"role_id": null}), json!(["/role_id", "required"])),
        (json!({"role_id": "owner"}), json!(["/role_id", "unknown_reference"])),
        (json!({"role_id": "operator", "user_id": id}), json!(["/user_id", "unknown_field"])),
        (json!({"role_id": "operator", "joined_at": START}), json!(["/joined_at", "unknown_field"])),
    ] {
        let refused = owner.patch(&format!("{members}/{id}"), &body).await;
        assert_eq!(refused.is(422).violations(), [violation], "{body}");
    }
}

#[tokio::test]
async fn admins_and_members_of_the_team_cannot_be_added() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let (mina, _) = world.user("mina", UserType::Member, []).await;
    let (platform, _) = world.user("platform", UserType::PlatformAdmin, []).await;
    let (admin, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let disabled =
        world.user_as("disabled", UserType::Member, |user| user.status = rollcall_domain::user::Status::Disabled).await;
    let members = format!("/v1/teams/{team}/members");
    for user in [platform, admin] {
        let body = json!({"user_id": user.user_id, "role_id": "reviewer"});
        owner.post(&members, &body).await.is_problem(Code::NotAMember);
        let body = json!({"login": user.login, "role_id": "reviewer"});
        owner.post(&members, &body).await.is_problem(Code::NotAMember);
    }
    let body = json!({"user_id": mina.user_id, "role_id": "reviewer"});
    owner.post(&members, &body).await.is(201);
    owner.post(&members, &body).await.is_problem(Code::AlreadyMember);
    let other_role = json!({"login": "mina", "role_id": "operator"});
    owner.post(&members, &other_role).await.is_problem(Code::AlreadyMember);
    let listed = owner.get(&members).await;
    assert_eq!(listed.body["items"][1]["role"]["role_id"], "reviewer");
    // A disabled user can be added and is shown as disabled.
    let added = owner.post(&members, &json!({"user_id": disabled.user_id, "role_id": "reviewer"})).await;
    assert_eq!(added.is(201).body["member"]["status"], "disabled");
}

#[tokio::test]
async fn members_are_listed_by_join_time_and_pages_contain_all() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let members = format!("/v1/teams/{team}/members");
    // The order of joining differs from the order of creation, and some members join in the same millisecond.
    let mut users = Vec::new();
    for number in 0..7 {
        world.clock.advance(Duration::from_millis(1));
        users.push(world.user_as(&format!("user{number}"), UserType::Member, |_| {}).await);
    }
    let mut all = vec!["owner".to_owned()];
    for (step, index) in [(1, 4), (1, 2), (0, 5), (1, 6), (3, 0), (0, 1), (0, 3)] {
        world.clock.advance(Duration::from_millis(step));
        owner.post(&members, &json!({"user_id": users[index].user_id, "role_id": "developer"})).await.is(201);
        all.push(format!("user{index}"));
    }
    let walk = async |limit: usize| {
        let (mut found, mut pages, mut path) = (Vec::new(), 0, format!("{members}?limit={limit}"));
        loop {
            let page = owner.get(&path).await;
            let items = page.is(200).body["items"].as_array().unwrap();
            found.extend(items.iter().map(|member| member["login"].as_str().unwrap().to_owned()));
            pages += 1;
            match page.body["next_cursor"].as_str() {
                None => return (found, pages),
                Some(cursor) => path = format!("{members}?limit={limit}&cursor={cursor}"),
            }
        }
    };
    for limit in [1, 2, 3, 4, 7, 8, 9] {
        assert_eq!(walk(limit).await, (all.clone(), all.len().div_ceil(limit)), "{limit}");
    }
    // A changed role does not change the order, and a removal does not affect the others.
    owner.patch(&format!("{members}/{}", users[4].user_id), &json!({"role_id": "reviewer"})).await.is(200);
    owner.delete(&format!("{members}/{}", users[2].user_id)).await.is(204);
    all.retain(|login| login != "user2");
    assert_eq!(walk(2).await.0, all);
    // The next page starts after a member who has been removed meanwhile.
    let first = owner.get(&format!("{members}?limit=2")).await;
    owner.delete(&format!("{members}/{}", users[4].user_id)).await.is(204);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let next = owner.get(&format!("{members}?limit=2&cursor={cursor}")).await;
    assert_eq!(next.is(200).body["items"][0]["login"], all[2]);
}

#[tokio::test]
async fn a_member_leaves_the_team_once() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let (mina, client) = world.user("mina", UserType::Member, []).await;
    let members = format!("/v1/teams/{team}/members");
    owner.post(&members, &json!({"user_id": mina.user_id, "role_id": "reviewer"})).await.is(201);
    let path = format!("{members}/{}", mina.user_id);
    client.with("if-match", "\"2\"").delete(&path).await.is_problem(Code::VersionConflict);
    client.delete(&path).await.is(204);
    client.delete(&path).await.is_problem(Code::NotFound);
    let records = owner.get("/v1/audit?action=member.leave").await;
    assert_eq!(records.body["items"][0]["before"], json!({"login": "mina", "role_id": "reviewer"}));
    assert_eq!(records.body["items"][0]["after"], Value::Null);
}
