//! How a request with a key is authenticated, recorded and refused.

use super::*;

#[tokio::test]
async fn a_wrong_key_is_refused_like_a_missing_one() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    let (_, machine) = world.api_key(&user, &["read"]).await;
    let sent = machine.headers["authorization"].to_str().unwrap().to_owned();
    machine.get("/v1/me").await.is(200);
    let mut wrong = sent.clone().into_bytes();
    let last = wrong.len() - 8;
    wrong[last] = if wrong[last] == b'0' { b'1' } else { b'0' };
    for wrong in [String::from_utf8(wrong).unwrap(), sent[..sent.len() - 1].to_owned(), format!("{sent}0")] {
        world.stranger().with("authorization", &wrong).get("/v1/me").await.is_problem(Code::Unauthenticated);
    }
    let with_cookie = machine.with("cookie", "__Host-session=x");
    with_cookie.get("/v1/me").await.is_problem(Code::AmbiguousCredentials);
}

#[tokio::test]
async fn a_key_with_the_right_checksum_and_another_secret_is_refused() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    let (key, _) = world.api_key(&user, &["read"]).await;
    let token = |user_id, key_id, byte| rollcall_domain::api_key::ApiKeyToken {
        user_id,
        key_id,
        secret: rollcall_domain::session::Secret::new([byte; 32]),
    };
    let send = async |token: rollcall_domain::api_key::ApiKeyToken| {
        world.stranger().with("authorization", &format!("Bearer {}", token.expose())).get("/v1/me").await
    };
    send(token(user.user_id, key.key_id, 3)).await.is(200);
    send(token(user.user_id, key.key_id, 4)).await.is_problem(Code::Unauthenticated);
    let (other, _) = world.user("other", UserType::Member, []).await;
    send(token(other.user_id, key.key_id, 3)).await.is_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn the_log_names_the_key_of_a_change_and_no_key_of_a_session() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let service = world.service("robot", team, "admin").await;
    let (key, machine) = world.api_key(&service, &["apps.manage"]).await;
    machine.post("/v1/apps", &json!({"name": "By key", "team_id": team})).await.is(201);
    let record = world.audit().await.into_iter().find(|record| record["action"] == "app.create").unwrap();
    let expected = json!({"user_id": service.user_id, "login": "robot", "key_id": key.key_id});
    assert_eq!(record["actor"], expected);
    let admin = world.admin().await;
    admin.post("/v1/apps", &json!({"name": "By session"})).await.is(201);
    let records = world.audit().await;
    let record = records.iter().find(|record| record["after"]["name"] == "By session").unwrap();
    assert!(record["actor"].get("key_id").is_none());
}

#[tokio::test]
async fn the_last_use_is_written_once_a_minute() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    let (key, machine) = world.api_key(&user, &["read"]).await;
    let last_used = async || {
        let (_, key) = world.store().user_and_key(user.user_id, key.key_id).await.unwrap().unwrap();
        key.last_used_at
    };
    let first = world.now();
    machine.get("/v1/me").await.is(200);
    world.clock.advance(Duration::from_mins(1));
    machine.get("/v1/me").await.is(200);
    assert_eq!(last_used().await, Some(first));
    world.clock.advance(Duration::from_millis(1));
    machine.get("/v1/me").await.is(200);
    assert_eq!(last_used().await, Some(world.now()));
}

#[tokio::test]
async fn a_reply_to_a_session_is_not_repeated_to_a_key() {
    let world = World::new().await;
    let (user, client) = world.user("root", UserType::SuperAdmin, []).await;
    let (_, machine) = world.api_key(&user, &all_scopes()).await;
    let body = json!({"username": "New", "login": "newcomer", "type": "member", "generate_password": true});
    client.with("idempotency-key", "same").post("/v1/users", &body).await.is(201);
    machine.with("idempotency-key", "same").post("/v1/users", &body).await.is_problem(Code::KeyNotAllowed);
    let team = json!({"name": "Northwind"});
    let created = machine.with("idempotency-key", "other").post("/v1/teams", &team).await;
    let again = machine.with("idempotency-key", "other").post("/v1/teams", &team).await;
    assert_eq!((again.is(201).header("idempotency-replayed"), &again.body), ("true", &created.body));
}

#[tokio::test]
async fn with_a_key_even_a_super_admin_has_no_power_over_admins() {
    let world = World::new().await;
    let (root, _) = world.user("root", UserType::SuperAdmin, []).await;
    let (_, machine) = world.api_key(&root, &all_scopes()).await;
    for user_type in [UserType::SuperAdmin, UserType::PlatformAdmin, UserType::PlatformService] {
        let target = world.user_as(&format!("t.{}", user_type.as_str()), user_type, |_| {}).await;
        let path = format!("/v1/users/{}", target.user_id);
        machine.get(&path).await.is(200);
        machine.patch(&path, &json!({"username": "other"})).await.is_problem(Code::Forbidden);
        machine.delete(&path).await.is_problem(Code::Forbidden);
    }
    let member = world.user_as("member", UserType::Member, |_| {}).await;
    let path = format!("/v1/users/{}", member.user_id);
    machine.patch(&path, &json!({"type": "platform_admin"})).await.is_problem(Code::KeyNotAllowed);
    machine.patch(&path, &json!({"email": "mina@example.com"})).await.is_problem(Code::KeyNotAllowed);
    machine.patch(&path, &json!({"email": null})).await.is_problem(Code::KeyNotAllowed);
    machine.patch(&path, &json!({"status": "disabled"})).await.is(200);
    let person = world.user_as("person", UserType::Member, |_| {}).await;
    let (_, member) = world.api_key(&person, &all_scopes()).await;
    for user_type in ["member", "platform_admin", "super_admin", "platform_service"] {
        let body = json!({"username": "New", "login": "newcomer", "type": user_type});
        machine.post("/v1/users", &body).await.is_problem(Code::KeyNotAllowed);
        member.post("/v1/users", &body).await.is_problem(Code::KeyNotAllowed);
    }
    machine.post("/v1/users", &json!({"username": "New", "login": "newcomer", "type": "service"})).await.is(201);
}

#[tokio::test]
async fn moving_an_application_takes_two_scopes() {
    let world = World::new().await;
    let (root, client) = world.user("root", UserType::SuperAdmin, []).await;
    let team = world.team("Northwind").await;
    let app = world.app(&client, "App").await;
    let (path, body) = (format!("/v1/apps/{app}"), json!({"team_id": team}));
    let (_, one) = world.api_key(&root, &["apps.manage"]).await;
    one.patch(&path, &body).await.is_problem(Code::InsufficientScope);
    let (_, both) = world.api_key(&root, &["apps.manage", "teams.manage"]).await;
    both.patch(&path, &body).await.is(200);
    one.patch(&path, &json!({"name": "Other"})).await.is(200);
}
