//! Known devices, which are counted separately.

use super::*;

/// The device is known by the token in the body or by the cookie, for 180 days.
#[tokio::test]
async fn a_throttled_super_admin_signs_in_from_a_known_device() {
    let world = World::new().await;
    member(&world, "mina").await;
    let first_admin = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
    bootstrap::run(world.context.clone(), first_admin).await.unwrap();
    let home = world.stranger();
    let body = |login: &str, token: &Value| json!({"login": login, "password": PASSWORD, "device_token": token});
    let token = try_password(&home, "admin", PASSWORD).await.is(200).body["device_token"].clone();
    let minas = try_password(&home, "mina", PASSWORD).await.is(200).body["device_token"].clone();
    let by_cookie = json!({"login": "admin", "password": PASSWORD, "transport": "cookie"});
    let cookies = home.post("/v1/login", &by_cookie).await;
    let browser = home.with("cookie", cookies.is(200).cookie("__Host-device"));
    world.clock.advance(DEVICE_LIFETIME);
    world.clock.retreat(LONGEST_WAIT * 100 + Duration::from_millis(1));
    fail(&world, ThrottleKind::Password, "admin", 100).await;

    home.post("/v1/login", &body("admin", &token)).await.is(200);
    browser.post("/v1/login", &by_cookie).await.is(200);
    try_password(&home, "admin", PASSWORD).await.is_problem(Code::TooManyAttempts);
    home.post("/v1/login", &body("admin", &minas)).await.is_problem(Code::TooManyAttempts);

    world.clock.advance(Duration::from_millis(1));
    for (client, body) in [(&home, body("admin", &token)), (&browser, by_cookie)] {
        client.post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
    }
}

#[tokio::test]
async fn a_password_reset_forgets_every_device() {
    let world = World::new().await;
    let user = member(&world, "mina").await;
    let admin = world.admin().await;
    let token = try_password(&world.stranger(), "mina", PASSWORD).await.is(200).body["device_token"].clone();
    world.clock.advance(Duration::from_millis(1));
    let path = format!("/v1/users/{}/password", user.user_id);
    admin.post(&path, &json!({"password": PASSWORD})).await.is(200);
    for stranger in strangers(&world).take(5) {
        try_password(&stranger, "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    }
    let body = json!({"login": "mina", "password": PASSWORD, "device_token": token});
    world.stranger().post("/v1/login", &body).await.is_problem(Code::TooManyAttempts);
}
