//! Creating, listing, renaming, rotating and revoking keys.

use super::*;

#[tokio::test]
async fn a_key_is_shown_once_and_works_at_once() {
    let world = World::new().await;
    let (user, client) = person(&world, "mina", UserType::PlatformAdmin, None).await;
    let issued = client.post("/v1/me/keys", &new_key(&["read"])).await;
    let (key, secret) = (issued.is(201).body["key"].clone(), issued.body["secret"].as_str().unwrap().to_owned());
    assert_eq!(issued.header("location"), format!("/v1/me/keys/{}", key["key_id"].as_str().unwrap()));
    let parts: Vec<_> = secret.split('_').collect();
    assert_eq!((parts.len(), parts[0], parts[2].len(), parts[3].len()), (4, "rck", 43, 6));
    assert!(parts[2].ends_with(key["hint"].as_str().unwrap()));
    let expected = json!({
        "key_id": key["key_id"], "user_id": user.user_id, "name": "Nightly export", "hint": key["hint"],
        "scopes": ["read"], "app_ids": null, "cidrs": null,
        "created_by": {"user_id": user.user_id, "username": "mina"},
        "created_at": world.now(), "expires_at": world.now() + Duration::from_hours(90 * 24), "rotated_at": null,
        "previous_until": null, "last_used_at": null, "last_used_address": null, "status": "active", "version": 1,
    });
    assert_eq!(key, expected);
    let machine = using(&world, &issued);
    machine.get("/v1/users").await.is(200);
    let me = machine.get("/v1/me").await;
    assert_eq!((&me.is(200).body["session"], &me.body["key"]["key_id"]), (&Value::Null, &key["key_id"]));
    let listed = client.get("/v1/me/keys").await;
    assert_eq!(listed.body["items"][0]["last_used_at"], json!(world.now()));
    assert_eq!(listed.body["items"][0]["last_used_address"], world.stranger().address.to_string());
    let stored = serde_json::to_string(&world.dump().await).unwrap();
    assert!(!stored.contains(&secret) && !stored.contains(parts[2]), "the secret is not stored");
}

#[tokio::test]
async fn a_key_that_is_bound_to_nothing_says_so_with_null() {
    let world = World::new().await;
    let (_, client) = person(&world, "mina", UserType::Member, None).await;
    let mut body = new_key(&["read"]);
    (body["app_ids"], body["cidrs"]) = (Value::Null, Value::Null);
    client.post("/v1/me/keys", &body).await.is(201);
}

#[tokio::test]
async fn creating_a_key_takes_the_current_password() {
    let world = World::new().await;
    let (_, client) = person(&world, "mina", UserType::Member, None).await;
    let mut body = new_key(&["read"]);
    body["current_password"] = "another horse battery".into();
    let refused = client.post("/v1/me/keys", &body).await;
    assert_eq!(refused.is(422).violations(), [json!(["/current_password", "incorrect"])]);
    body.as_object_mut().unwrap().remove("current_password");
    let refused = client.post("/v1/me/keys", &body).await;
    assert_eq!(refused.is(422).violations(), [json!(["/current_password", "required"])]);
    assert_eq!(client.get("/v1/me/keys").await.body["items"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_reported_where_it_is() {
    let world = World::new().await;
    let (_, client) = person(&world, "mina", UserType::Member, None).await;
    for (field, value, violation) in [
        ("name", json!(""), ["/name", "too_short"]),
        ("scopes", json!([]), ["/scopes", "too_short"]),
        ("scopes", json!(["everything"]), ["/scopes/0", "not_allowed"]),
        ("expires_in_days", json!(0), ["/expires_in_days", "out_of_range"]),
        ("expires_in_days", json!(366), ["/expires_in_days", "out_of_range"]),
        ("expires_in_days", Value::Null, ["/expires_in_days", "required"]),
        ("app_ids", json!([]), ["/app_ids", "too_short"]),
        ("app_ids", json!([crate::support::UNKNOWN_ID]), ["/app_ids/0", "unknown_reference"]),
        ("cidrs", json!([]), ["/cidrs", "too_short"]),
        ("cidrs", json!(["203.0.113.7/24"]), ["/cidrs/0", "bad_format"]),
        ("cidrs", json!(vec!["203.0.113.7"; 21]), ["/cidrs", "too_long"]),
        ("key_id", json!("x"), ["/key_id", "unknown_field"]),
    ] {
        let mut body = new_key(&["read"]);
        body[field] = value;
        assert_eq!(client.post("/v1/me/keys", &body).await.is(422).violations(), [json!(violation)], "{body}");
    }
}

#[tokio::test]
async fn a_key_is_renamed_and_revoked() {
    let world = World::new().await;
    let (_, client) = person(&world, "mina", UserType::Member, None).await;
    let issued = client.post("/v1/me/keys", &new_key(&["read"])).await;
    let (path, machine) = (issued.header("location").to_owned(), using(&world, &issued));
    let renamed = client.patch(&path, &json!({"name": "Weekly export"})).await;
    assert_eq!((&renamed.is(200).body["name"], renamed.header("etag")), (&json!("Weekly export"), "\"2\""));
    client.with("if-match", "\"1\"").delete(&path).await.is_problem(Code::VersionConflict);
    client.delete(&path).await.is(204);
    machine.get("/v1/me").await.is_problem(Code::Unauthenticated);
    client.delete(&path).await.is(204);
    assert_eq!(client.get(&path).await.body["status"], "revoked");
    client
        .post(&format!("{path}/rotate"), &json!({"overlap_hours": 0, "current_password": PASSWORD}))
        .await
        .is_problem(Code::KeyNotActive);
    world.clock.advance(Duration::from_hours(30 * 24));
    let client = client.sign_in("mina").await;
    client.get(&path).await.is_problem(Code::NotFound);
    assert_eq!(client.get("/v1/me/keys").await.body["items"], json!([]));
}

#[tokio::test]
async fn both_secrets_work_while_a_rotation_overlaps() {
    let world = World::new().await;
    let (_, client) = person(&world, "mina", UserType::Member, None).await;
    let issued = client.post("/v1/me/keys", &new_key(&["read"])).await;
    let (path, first) = (issued.header("location").to_owned(), using(&world, &issued));
    let rotate = async |client: &Client, overlap: u32| {
        let body = json!({"overlap_hours": overlap, "current_password": PASSWORD});
        client.post(&format!("{path}/rotate"), &body).await
    };
    let rotated = rotate(&client, 2).await;
    let second = using(&world, &rotated);
    assert_eq!(rotated.body["key"]["previous_until"], json!(world.now() + Duration::from_hours(2)));
    assert_eq!(rotated.body["key"]["expires_at"], issued.body["key"]["expires_at"], "the expiry stays");
    world.clock.advance(Duration::from_hours(2) - Duration::from_millis(1));
    for machine in [&first, &second] {
        machine.get("/v1/me").await.is(200);
    }
    world.clock.advance(Duration::from_millis(1));
    first.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let client = client.sign_in("mina").await;
    assert_eq!(client.get(&path).await.body["previous_until"], Value::Null);
    let third = using(&world, &rotate(&client, 5).await);
    let fourth = using(&world, &rotate(&client, 0).await);
    for ended in [&second, &third] {
        ended.get("/v1/me").await.is_problem(Code::Unauthenticated);
    }
    fourth.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn an_overlap_ends_with_the_expiry_that_it_replaces() {
    let world = World::new().await;
    let (_, client) = person(&world, "mina", UserType::Member, None).await;
    let mut body = new_key(&["read"]);
    body["expires_in_days"] = 1.into();
    let issued = client.post("/v1/me/keys", &body).await;
    let first = using(&world, &issued);
    let path = issued.header("location").to_owned();
    let rotation = json!({"overlap_hours": 168, "expires_in_days": 30, "current_password": PASSWORD});
    let rotated = client.post(&format!("{path}/rotate"), &rotation).await;
    assert_eq!(rotated.is(201).body["key"]["previous_until"], issued.body["key"]["expires_at"]);
    world.clock.advance(Duration::from_hours(24));
    first.get("/v1/me").await.is_problem(Code::Unauthenticated);
    using(&world, &rotated).get("/v1/me").await.is(200);
}

#[tokio::test]
async fn a_user_has_at_most_twenty_active_keys_however_many_are_created_at_once() {
    let world = World::new().await;
    let (user, client) = person(&world, "mina", UserType::Member, None).await;
    for _ in 0..18 {
        world.api_key(&user, &["read"]).await;
    }
    let body = new_key(&["read"]);
    let replies = futures_util::future::join_all((0..5).map(|_| client.post("/v1/me/keys", &body))).await;
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    assert!(created <= 2 && replies.iter().all(|reply| matches!(reply.status, 201 | 409)), "{replies:?}");
    for _ in created..2 {
        client.post("/v1/me/keys", &body).await.is(201);
    }
    client.post("/v1/me/keys", &body).await.is_problem(Code::TooManyKeys);
    let newest = client.get("/v1/me/keys?limit=1").await.body["items"][0]["key_id"].clone();
    client.delete(&format!("/v1/me/keys/{}", newest.as_str().unwrap())).await.is(204);
    client.post("/v1/me/keys", &body).await.is(201);
    world.clock.advance(Duration::from_hours(30 * 24));
    client.sign_in("mina").await.post("/v1/me/keys", &body).await.is(201);
}

#[tokio::test]
async fn a_repeated_request_repeats_the_secret_to_who_may_still_see_it() {
    let world = World::new().await;
    let (_, root) = person(&world, "root", UserType::SuperAdmin, None).await;
    let team = world.team("Northwind").await;
    let (manager, client) = person(&world, "manager", UserType::Member, Some((team, "member_manager"))).await;
    let service = world.service("robot", team, "developer").await;
    let path = format!("/v1/teams/{team}/members/{}/keys", service.user_id);
    let client = client.with("idempotency-key", "once");
    let issued = client.post(&path, &new_key(&["read"])).await;
    let again = client.post(&path, &new_key(&["read"])).await;
    assert_eq!((again.is(201).header("idempotency-replayed"), &again.body), ("true", &issued.body));
    assert_eq!(client.get(&path).await.body["items"].as_array().unwrap().len(), 1);
    for (user_id, role_id, status) in
        [(service.user_id, "admin", 403), (service.user_id, "developer", 201), (manager.user_id, "reviewer", 403)]
    {
        let member = format!("/v1/teams/{team}/members/{user_id}");
        root.patch(&member, &json!({"role_id": role_id})).await.is(200);
        client.post(&path, &new_key(&["read"])).await.is(status);
    }
}

#[tokio::test]
async fn admins_find_keys_by_owner_status_and_last_use() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    let team = world.team("Northwind").await;
    let service = world.service("robot", team, "developer").await;
    let mut keys = Vec::new();
    for owner in [&user, &service, &service] {
        world.clock.advance(Duration::from_millis(1));
        keys.push(
            world
                .api_key_as(owner, &["read"], |key| key.expires_at = key.expires_at + Duration::from_hours(2400))
                .await,
        );
    }
    let (ids, clients): (Vec<_>, Vec<_>) = keys.into_iter().map(|(key, client)| (json!(key.key_id), client)).unzip();
    let platform_admin = world.user_as("root", UserType::PlatformAdmin, |_| {}).await;
    let found = async |query: &str| -> Vec<Value> {
        let listed = world.signed_in(&platform_admin).await;
        let listed = listed.get(&format!("/v1/keys?{query}")).await;
        listed.is(200).body["items"].as_array().unwrap().iter().map(|key| key["key_id"].clone()).collect()
    };
    assert_eq!(found("").await, [ids[2].clone(), ids[1].clone(), ids[0].clone()], "newest first");
    assert_eq!(found(&format!("user_id={}", service.user_id)).await, [ids[2].clone(), ids[1].clone()]);
    world.clock.advance(Duration::from_hours(90 * 24));
    clients[1].get("/v1/me").await.is(200);
    assert_eq!(found("unused_days=90").await, [ids[2].clone(), ids[0].clone()]);
    let admin = world.signed_in(&world.user_as("second", UserType::SuperAdmin, |_| {}).await).await;
    admin.patch(&format!("/v1/users/{}", user.user_id), &json!({"status": "disabled"})).await.is(200);
    assert_eq!(found("status=active&limit=100").await, [ids[2].clone(), ids[1].clone()]);
    assert_eq!(found("status=revoked").await, [ids[0].clone()]);
    admin.get("/v1/keys?status=gone").await.is(422);
    admin.get("/v1/keys?unused_days=0").await.is(422);
    let first = admin.get("/v1/keys?limit=2").await;
    let cursor = first.is(200).body["next_cursor"].as_str().unwrap().to_owned();
    let second = admin.get(&format!("/v1/keys?limit=2&cursor={cursor}")).await;
    assert_eq!((&second.is(200).body["items"][0]["key_id"], &second.body["next_cursor"]), (&ids[0], &Value::Null));
}

#[tokio::test]
async fn every_change_of_a_key_is_recorded_without_its_secret() {
    let world = World::new().await;
    let (root, client) = person(&world, "root", UserType::SuperAdmin, None).await;
    let team = world.team("Northwind").await;
    let service = world.service("robot", team, "developer").await;
    let of_service = service.user_id;
    for (base, owner, team_id) in [
        ("/v1/me/keys".to_owned(), root.user_id, Value::Null),
        (format!("/v1/users/{of_service}/keys"), of_service, json!(team)),
        (format!("/v1/teams/{team}/members/{of_service}/keys"), of_service, json!(team)),
    ] {
        let before = world.audit().await.len();
        let issued = client.post(&base, &new_key(&["read"])).await;
        let path = format!("{base}/{}", issued.is(201).body["key"]["key_id"].as_str().unwrap());
        client.patch(&path, &json!({"name": "Nightly export"})).await.is(200);
        client.patch(&path, &json!({"name": "Other"})).await.is(200);
        let rotation = json!({"overlap_hours": 1, "current_password": PASSWORD});
        client.post(&format!("{path}/rotate"), &rotation).await.is(201);
        client.delete(&path).await.is(204);
        client.delete(&path).await.is(204);
        let records = world.audit().await;
        let mut new: Vec<_> =
            records.iter().filter(|record| record["target"]["id"] == issued.body["key"]["key_id"]).collect();
        new.sort_by_key(|record| record["audit_id"].as_str().unwrap().to_owned());
        assert_eq!((records.len() - before, new.len()), (4, 4), "{base}");
        let actions: Vec<_> = new.iter().map(|record| record["action"].clone()).collect();
        assert_eq!(actions, ["key.create", "key.edit", "key.rotate", "key.revoke"]);
        assert_eq!(new[0]["after"]["user_id"], json!(owner));
        assert_eq!((&new[1]["before"]["name"], &new[1]["after"]["name"]), (&json!("Nightly export"), &json!("Other")));
        assert_eq!((&new[3]["before"]["status"], &new[3]["after"]["status"]), (&json!("active"), &json!("revoked")));
        let secret = issued.body["secret"].as_str().unwrap().split('_').nth(2).unwrap();
        let text = serde_json::to_string(&new).unwrap();
        assert!(!text.contains(secret) && !text.contains("secret_hash"));
        assert!(new.iter().all(|record| record["team_id"] == team_id && record["target"]["kind"] == "key"));
    }
}
