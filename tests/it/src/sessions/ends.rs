//! What ends sessions.

use super::*;

/// Changes by an admin. The sessions of other users stay valid.
#[tokio::test]
async fn removing_rights_or_credentials_of_a_user_ends_their_sessions_at_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let bystander = world.member("bystander", []).await;
    let endings: [(&str, Method, &str, Value); 8] = [
        ("type", Method::PATCH, "", json!({"type": "platform_admin"})),
        ("disable", Method::PATCH, "", json!({"status": "disabled"})),
        ("delete", Method::DELETE, "", Value::Null),
        ("entered password", Method::POST, "/password", json!({"password": PASSWORD})),
        ("generated password", Method::POST, "/password", json!({"generate_password": true})),
        ("two-factor", Method::DELETE, "/totp", Value::Null),
        ("sessions", Method::DELETE, "/sessions", Value::Null),
        ("type and name", Method::PATCH, "", json!({"username": "Jin", "type": "super_admin"})),
    ];
    for (number, (name, method, route, body)) in endings.into_iter().enumerate() {
        let user = world.user_as(&format!("mina{number}"), UserType::Member, |user| user.totp_enabled = true).await;
        let (one, other) = (world.signed_in(&user).await, world.signed_in(&user).await);
        one.get("/v1/me").await.is(200);
        let body = Some(body).filter(|body| !body.is_null()).map(|body| body.to_string());
        let done = admin.send(method, &format!("/v1/users/{}{route}", user.user_id), body).await;
        assert!(done.status < 300, "{name}: {done:?}");
        for client in [&one, &other] {
            client.get("/v1/me").await.is_problem(Code::Unauthenticated);
            client.post("/v1/logout", &Value::Null).await.is_problem(Code::Unauthenticated);
        }
    }
    bystander.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn other_changes_of_a_user_end_no_session() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, client) = world.user("mina", UserType::Member, []).await;
    let path = format!("/v1/users/{}", user.user_id);
    for patch in [
        json!({"username": "Jin"}),
        json!({"email": "x@example.com"}),
        json!({"status": "enabled"}),
        json!({"type": "member"}),
    ] {
        admin.patch(&path, &patch).await.is(200);
    }
    admin.delete(&format!("{path}/email")).await.is(204);
    admin.delete(&format!("{path}/totp")).await.is(204);
    client.get("/v1/me").await.is(200);
}

/// Enabling a user again does not revive their sessions.
#[tokio::test]
async fn an_ended_session_stays_ended() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, client) = world.user("mina", UserType::Member, []).await;
    let path = format!("/v1/users/{}", user.user_id);
    admin.patch(&path, &json!({"status": "disabled"})).await.is(200);
    admin.patch(&path, &json!({"status": "enabled"})).await.is(200);
    client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let again = world.signed_in(&world.store().user(user.user_id).await.unwrap().unwrap()).await;
    admin.patch(&path, &json!({"type": "platform_admin"})).await.is(200);
    admin.patch(&path, &json!({"type": "member"})).await.is(200);
    again.get("/v1/me").await.is_problem(Code::Unauthenticated);
}

#[tokio::test]
async fn changing_ones_own_password_or_two_factor_keeps_only_the_calling_session() {
    let world = World::new().await;
    let (user, caller) = with_password(&world, "mina", UserType::PlatformAdmin).await;
    let new_session = async || world.signed_in(&world.store().user(user.user_id).await.unwrap().unwrap()).await;
    let check = async |other: Client| {
        other.get("/v1/me").await.is_problem(Code::Unauthenticated);
        assert_eq!(session_ids(&caller.get("/v1/me/sessions").await).len(), 1);
    };
    let other = new_session().await;
    let change =
        json!({"current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": OTHER_PASSWORD});
    caller.post("/v1/me/password", &change).await.is(204);
    check(other).await;

    let other = new_session().await;
    let enrolled = caller.post("/v1/me/totp", &json!({"current_password": OTHER_PASSWORD})).await;
    other.get("/v1/me").await.is(200);
    let secret = enrolled.is(201).body["secret"].as_str().unwrap().to_owned();
    let code = digits(&secret, world.now().unix_seconds());
    caller.post("/v1/me/totp/confirm", &json!({"code": code})).await.is(200);
    check(other).await;

    let other = new_session().await;
    world.clock.advance(Duration::from_secs(30));
    let code = digits(&secret, world.now().unix_seconds());
    let body = json!({"current_password": OTHER_PASSWORD, "code": code}).to_string();
    caller.send(Method::DELETE, "/v1/me/totp", Some(body)).await.is(204);
    check(other).await;

    let other = new_session().await;
    caller.delete("/v1/me/sessions").await.is(204);
    check(other).await;
}

/// A sign-in that waits for its second factor ends too.
#[tokio::test]
async fn whatever_ends_sessions_also_ends_pending_sign_ins() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, caller) = with_password(&world, "mina", UserType::Member).await;
    let path = format!("/v1/users/{}", user.user_id);
    let enrolled = caller.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await;
    let secret = enrolled.is(201).body["secret"].as_str().unwrap().to_owned();
    let code = digits(&secret, world.now().unix_seconds());
    caller.post("/v1/me/totp/confirm", &json!({"code": code})).await.is(200);
    let pending_ticket = async || {
        let pending_ticket = world.stranger().post("/v1/login", &json!({"login": "mina", "password": PASSWORD})).await;
        pending_ticket.is(200).body["mfa"]["ticket"].as_str().unwrap().to_owned()
    };
    let finish = async |ticket: String| {
        world.clock.advance(Duration::from_secs(30));
        let code = digits(&secret, world.now().unix_seconds());
        world.stranger().post("/v1/login/totp", &json!({"ticket": ticket, "code": code})).await
    };
    finish(pending_ticket().await).await.is(200);

    let ticket = pending_ticket().await;
    admin.delete(&format!("{path}/sessions")).await.is(204);
    finish(ticket).await.is_problem(Code::InvalidCode);
    let ticket = pending_ticket().await;
    admin.patch(&path, &json!({"status": "disabled"})).await.is(200);
    admin.patch(&path, &json!({"status": "enabled"})).await.is(200);
    finish(ticket).await.is_problem(Code::InvalidCode);
    let ticket = pending_ticket().await;
    admin.post(&format!("{path}/password"), &json!({"password": OTHER_PASSWORD})).await.is(200);
    finish(ticket).await.is_problem(Code::InvalidCode);

    let again = world.stranger().post("/v1/login", &json!({"login": "mina", "password": OTHER_PASSWORD})).await;
    finish(again.is(200).body["mfa"]["ticket"].as_str().unwrap().to_owned()).await.is(200);
}
