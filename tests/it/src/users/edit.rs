//! Editing users: names, types, status, addresses.

use super::*;

#[tokio::test]
async fn a_change_raises_the_version_and_an_edit_without_a_change_does_not() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    let path = path_of(&user);
    world.clock.advance(Duration::from_secs(1));
    let renamed = admin.with("if-match", "\"1\"").patch(&path, &json!({"username": "Jin"})).await;
    assert_eq!((renamed.is(200).header("etag"), &renamed.body["version"]), ("\"2\"", &json!(2)));
    assert_eq!(
        (&renamed.body["updated_at"], &renamed.body["created_at"]),
        (&json!("2026-11-20T12:00:01.000Z"), &json!(START))
    );
    let stale = admin.with("if-match", "\"1\"");
    stale.patch(&path, &json!({"username": "Zoe"})).await.is_problem(Code::VersionConflict);
    for route in ["", "/totp", "/email", "/sessions"] {
        stale.delete(&format!("{path}{route}")).await.is_problem(Code::VersionConflict);
    }
    world.clock.advance(Duration::from_secs(1));
    for same in [json!({"username": "Jin"}), json!({}), json!({"type": "member", "status": "enabled", "email": null})] {
        assert_eq!(admin.patch(&path, &same).await.is(200).body, renamed.body, "{same}");
    }
    assert_eq!(audit_of(&world, &json!(user.user_id)).await.len(), 1);
    admin.with("if-match", "\"2\"").delete(&path).await.is(204);
}

#[tokio::test]
async fn null_clears_only_the_address() {
    let world = World::new().await;
    let admin = world.admin().await;
    let user = proved(&world, "mina", UserType::Member, "mina@example.com").await;
    let refused = admin.patch(&path_of(&user), &json!({"username": null, "type": null, "status": null})).await;
    let required = ["username", "type", "status"].map(|field| json!([format!("/{field}"), "required"]));
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), required);
    let cleared = admin.patch(&path_of(&user), &json!({"email": null})).await;
    assert_eq!((&cleared.is(200).body["email"], &cleared.body["email_verified"]), (&json!(null), &json!(false)));
}

#[tokio::test]
async fn fields_set_by_the_server_are_refused_in_every_body() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, client) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let server_set = [
        ("user_id", json!(user.user_id)),
        ("id", json!(1)),
        ("email_verified", json!(true)),
        ("totp_enabled", json!(false)),
        ("password_change_required", json!(false)),
        ("version", json!(7)),
        ("epoch", json!(0)),
        ("teams", json!([])),
        ("created_at", json!(START)),
        ("updated_at", json!(START)),
        ("last_login_at", json!(START)),
        ("language", json!("ko")),
    ];
    let own_fields_of_admins =
        [("type", json!("super_admin")), ("status", json!("enabled")), ("email", json!("x@example.com"))];
    let path = path_of(&user);
    let new = json!({"username": "Jin", "login": "jin", "type": "member", "generate_password": true});
    let own_password =
        json!({"current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": OTHER_PASSWORD});
    let before = stored(&world, &user).await;
    for (field, value) in &server_set {
        let requests: [(&Client, Method, &str, &Value); 9] = [
            (&admin, Method::POST, "/v1/users", &new),
            (&admin, Method::PATCH, &path, &json!({"username": "Jin"})),
            (&admin, Method::POST, &format!("{path}/password"), &json!({"generate_password": true})),
            (&client, Method::PATCH, "/v1/me", &json!({"username": "Jin"})),
            (&client, Method::POST, "/v1/me/password", &own_password),
            (&client, Method::POST, "/v1/me/totp", &json!({"current_password": PASSWORD})),
            (&client, Method::DELETE, "/v1/me/email", &json!({"current_password": PASSWORD})),
            (&client, Method::POST, "/v1/me/email/confirm", &json!({"code": "00000000"})),
            (&client, Method::POST, "/v1/me/totp/confirm", &json!({"code": "000000"})),
        ];
        for (client, method, path, body) in requests {
            let mut body = body.clone();
            body[*field] = value.clone();
            let refused = client.send(method, path, Some(body.to_string())).await;
            refused.is_problem(Code::UnknownField);
            assert_eq!(refused.violations(), [json!([format!("/{field}"), "unknown_field"])], "{path}");
        }
    }
    for (field, value) in own_fields_of_admins {
        let refused = client.patch("/v1/me", &json!({"username": "Jin", field: value})).await;
        refused.is_problem(Code::UnknownField);
        assert_eq!(refused.violations(), [json!([format!("/{field}"), "unknown_field"])]);
    }
    for (client, path) in [(&admin, path.as_str()), (&client, "/v1/me")] {
        let refused = client.patch(path, &json!({"login": "jin"})).await;
        assert_eq!(refused.is_problem(Code::ImmutableField).violations(), [json!(["/login", "immutable_field"])]);
    }
    assert_eq!(stored(&world, &user).await, before);
    assert_eq!(world.audit().await, Vec::<Value>::new());
}

#[tokio::test]
async fn users_cannot_change_users_of_a_higher_rank() {
    let world = World::new().await;
    let (super_admin, _) = world.user("boss", UserType::SuperAdmin, []).await;
    let (peer, _) = world.user("peer", UserType::PlatformAdmin, []).await;
    let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
    let member = world.member("member", []).await;
    for target in [&super_admin, &peer] {
        let path = path_of(target);
        for patch in [json!({}), json!({"username": "x"}), json!({"surprise": 1})] {
            platform.patch(&path, &patch).await.is_problem(Code::Forbidden);
            member.patch(&path, &patch).await.is_problem(Code::NotFound);
        }
        for route in ["", "/totp", "/email", "/sessions"] {
            platform.delete(&format!("{path}{route}")).await.is_problem(Code::Forbidden);
            member.delete(&format!("{path}{route}")).await.is_problem(Code::NotFound);
        }
        platform
            .post(&format!("{path}/password"), &json!({"generate_password": true}))
            .await
            .is_problem(Code::Forbidden);
        assert_eq!(stored(&world, target).await.as_ref(), Some(target));
    }
    let new = json!({"username": "New", "login": "new", "type": "super_admin", "generate_password": true});
    platform.post("/v1/users", &new).await.is_problem(Code::Forbidden);
    let one_forbidden_field = json!({"type": "super_admin", "username": "Member"});
    let (target, _) = world.user("target", UserType::Member, []).await;
    platform.patch(&path_of(&target), &one_forbidden_field).await.is_problem(Code::Forbidden);
    assert_eq!(stored(&world, &target).await, Some(target));
    assert_eq!(assert_super_admins_consistent(&world).await, 1);
}

#[tokio::test]
async fn a_member_promoted_to_admin_leaves_all_teams() {
    let world = World::new().await;
    let admin = world.admin().await;
    let team = world.team("Team").await;
    for (login, user_type) in [("mina", "platform_admin"), ("jin", "super_admin")] {
        let (user, _) = world.user(login, UserType::Member, [(team, "admin")]).await;
        assert_eq!(admin.get(&path_of(&user)).await.body["teams"][0]["name"], "Team");
        let promoted = admin.patch(&path_of(&user), &json!({"type": user_type})).await;
        assert_eq!((&promoted.is(200).body["teams"], &promoted.body["type"]), (&json!([]), &json!(user_type)));
        let back = admin.patch(&path_of(&user), &json!({"type": "member"})).await;
        assert_eq!(back.is(200).body["teams"], json!([]), "demotion does not restore memberships");
    }
    assert_eq!(admin.get(&format!("/v1/users?team_id={team}")).await.body["items"], json!([]));
}
