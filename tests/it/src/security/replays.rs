//! A stored reply with a secret is not sent once more to somebody who has lost the right to it.

use rollcall_domain::user::User;

use super::*;

/// The same user with a new session, after their rights changed.
async fn again(world: &World, user: &User) -> Client {
    let user = world.store().user(user.user_id).await.unwrap().unwrap();
    world.signed_in(&user).await.with("idempotency-key", "the same")
}

#[tokio::test]
async fn a_generated_password_is_not_replayed_to_a_demoted_admin() {
    let world = World::new().await;
    let boss = world.admin().await;
    let (root, _) = world.user("root", UserType::SuperAdmin, []).await;
    let (member, _) = world.user("mina", UserType::Member, []).await;
    let create = json!({"username": "Jin", "login": "jin", "type": "platform_admin", "generate_password": true});
    let reset = format!("/v1/users/{}/password", member.user_id);
    let requests = [("/v1/users", create), (reset.as_str(), json!({"generate_password": true}))];
    let mut first = Vec::new();
    for (path, body) in &requests {
        first.push(again(&world, &root).await.post(path, body).await);
        assert!(first.last().unwrap().body["generated_password"].is_string());
    }
    let demote = async |user_type: &str| {
        boss.patch(&format!("/v1/users/{}", root.user_id), &json!({"type": user_type})).await.is(200);
    };
    for (path, body) in &requests {
        let replayed = again(&world, &root).await.post(path, body).await;
        assert_eq!(replayed.header("idempotency-replayed"), "true", "{path}: with the right");
    }
    // Platform admins may still create platform admins and reset the passwords of members.
    demote("platform_admin").await;
    for ((path, body), first) in requests.iter().zip(&first) {
        let replayed = again(&world, &root).await.post(path, body).await;
        assert_eq!((replayed.header("idempotency-replayed"), &replayed.bytes), ("true", &first.bytes), "{path}");
    }
    // The user whose password it is has been promoted above them.
    boss.patch(&format!("/v1/users/{}", member.user_id), &json!({"type": "super_admin"})).await.is(200);
    again(&world, &root).await.post(&reset, &requests[1].1).await.is_problem(Code::Forbidden);
    demote("member").await;
    for (path, body) in &requests {
        again(&world, &root).await.post(path, body).await.is_problem(Code::NotFound);
    }
}

#[tokio::test]
async fn a_code_and_a_password_are_not_replayed_to_somebody_who_may_not_grant_the_role_any_more() {
    let world = World::new().await;
    let boss = world.admin().await;
    let team = world.team("Northwind").await;
    let (manager, client) = world.user("manager", UserType::Member, [(team, "member_manager")]).await;
    let path = |rest: &str| format!("/v1/teams/{team}/{rest}");
    let issued = client.post(&path("invitations"), &json!({"role_id": "member_manager"})).await;
    let reissue =
        path(&format!("invitations/{}/reissue", issued.is(201).body["invitation"]["invitation_id"].as_str().unwrap()));
    let new_user = json!({"username": "Jin", "login": "jin", "generate_password": true});
    let requests = [
        (path("invitations"), json!({"role_id": "member_manager", "note": "Mina"}).to_string()),
        (path("members"), json!({"new_user": new_user, "role_id": "member_manager"}).to_string()),
        (reissue, "{}".to_owned()),
    ];
    for (path, body) in &requests {
        again(&world, &manager).await.send(Method::POST, path, Some(body.clone())).await.is(201);
    }
    let expect = async |code: Option<Code>| {
        for (path, body) in &requests {
            let reply = again(&world, &manager).await.send(Method::POST, path, Some(body.clone())).await;
            match code {
                Some(code) => {
                    reply.is_problem(code);
                }
                None => assert_eq!((reply.status, reply.header("idempotency-replayed")), (201, "true"), "{path}"),
            }
        }
    };
    expect(None).await;
    let member = path(&format!("members/{}", manager.user_id));
    boss.patch(&member, &json!({"role_id": "developer"})).await.is(200);
    expect(Some(Code::Forbidden)).await;
    boss.patch(&member, &json!({"role_id": "admin"})).await.is(200);
    expect(None).await;
    // A role that still manages members, but has less than what was granted.
    let doorkeeper = json!({"name": "Doorkeeper", "permissions": ["team.read", "members.manage"]});
    let doorkeeper = boss.post(&path("roles"), &doorkeeper).await.is(201).body["role_id"].clone();
    boss.patch(&member, &json!({"role_id": doorkeeper})).await.is(200);
    expect(Some(Code::Forbidden)).await;
    boss.delete(&member).await.is(204);
    expect(Some(Code::NotFound)).await;
}

/// Whatever happened since, the same request gets the same reply if that holds no secret.
#[tokio::test]
async fn a_reply_without_a_secret_is_replayed_without_the_right() {
    let world = World::new().await;
    let boss = world.admin().await;
    let (root, _) = world.user("root", UserType::SuperAdmin, []).await;
    let body = json!({"username": "Jin", "login": "jin", "type": "member", "password": NEW_PASSWORD});
    again(&world, &root).await.post("/v1/users", &body).await.is(201);
    boss.patch(&format!("/v1/users/{}", root.user_id), &json!({"type": "member"})).await.is(200);
    let replayed = again(&world, &root).await.post("/v1/users", &body).await;
    assert_eq!(replayed.is(201).header("idempotency-replayed"), "true");
}
