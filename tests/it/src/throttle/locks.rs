//! A hundred failures lock a password or a second factor.

use super::*;
use crate::support::faults::as_function;

/// Devices that signed in before, the second factor and mailed codes stay usable.
#[tokio::test]
async fn the_hundredth_failure_locks_the_password_for_unknown_devices_only() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let mut strangers = strangers(&world);
    let known = world.stranger();
    let pending = ticket(&known, "mina").await;
    let signed_in = second_step(&known, &pending, &mina.app.code(&world, 0)).await;
    let device_token = &signed_in.is(200).body["device_token"];

    fail(&world, ThrottleKind::Password, "mina", 98).await;
    // The ninety-ninth and the hundredth attempt are checked.
    for stranger in strangers.by_ref().take(2) {
        try_password(&stranger, "mina", WRONG).await.is_problem(Code::InvalidCredentials);
        world.clock.advance(LONGEST_WAIT);
    }
    world.clock.advance(Duration::from_hours(24));
    fail(&world, ThrottleKind::Password, "nobody", 100).await;
    for login in ["mina", "nobody"] {
        let throttled = try_password(&strangers.next().unwrap(), login, PASSWORD).await;
        assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "900", "{login}");
    }

    let body = json!({"login": "mina", "password": PASSWORD, "device_token": device_token});
    let first_step = known.post("/v1/login", &body).await;
    let pending = first_step.is(200).body["mfa"]["ticket"].as_str().unwrap();
    second_step(&known, pending, &mina.app.code(&world, 0)).await.is(200);
    // Its success was counted in its own throttle.
    try_password(&strangers.next().unwrap(), "mina", PASSWORD).await.is_problem(Code::TooManyAttempts);

    let stranger = strangers.next().unwrap();
    complete_reset(&world, &stranger, "mina@example.com").await.is(204);
    ticket(&stranger, "mina").await;
}

#[tokio::test]
async fn after_ninety_nine_failures_the_right_password_still_works() {
    let world = World::new().await;
    member(&world, "mina").await;
    fail(&world, ThrottleKind::Password, "mina", 99).await;
    try_password(&world.stranger(), "mina", PASSWORD).await.is(200);
    for stranger in strangers(&world).take(5) {
        try_password(&stranger, "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    }
}

#[tokio::test]
async fn a_locked_password_is_unlocked_by_an_admin_or_by_bootstrap() {
    let world = World::new().await;
    let user = member(&world, "mina").await;
    let first_admin = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
    as_function("bootstrap", bootstrap::run(world.context.clone(), first_admin)).await.unwrap();
    fail(&world, ThrottleKind::Password, "mina", 100).await;
    fail(&world, ThrottleKind::Password, "admin", 100).await;
    let stranger = world.stranger();
    for login in ["mina", "admin"] {
        try_password(&stranger, login, PASSWORD).await.is_problem(Code::TooManyAttempts);
    }
    let break_glass = json!({"break_glass": true, "password": PASSWORD});
    let broken = bootstrap::run(world.context.clone(), serde_json::from_value(break_glass).unwrap());
    as_function("bootstrap", broken).await.unwrap();
    let admin = stranger.sign_in("admin").await;
    let path = format!("/v1/users/{}/password", user.user_id);
    admin.post(&path, &json!({"password": PASSWORD})).await.is(200);
    try_password(&stranger, "mina", PASSWORD).await.is(200);
}

/// The password stays usable. Without another admin, bootstrap unlocks the second factor.
#[tokio::test]
async fn a_locked_second_factor_is_unlocked_by_an_admin_or_by_bootstrap() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let first_admin = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
    let report = bootstrap::run(world.context.clone(), first_admin).await.unwrap();
    let user = world.store().user(report.user_id).await.unwrap().unwrap();
    let stranger = world.stranger();
    let admin = bind(&world, user, stranger.sign_in("admin").await).await;
    fail(&world, ThrottleKind::Totp, "mina", 100).await;
    fail(&world, ThrottleKind::Totp, "admin", 100).await;
    for (login, app) in [("mina", &mina.app), ("admin", &admin.app)] {
        let pending = ticket(&stranger, login).await;
        let throttled = second_step(&stranger, &pending, &app.code(&world, 0)).await;
        assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "900");
    }
    let break_glass = json!({"break_glass": true, "password": PASSWORD});
    let broken = bootstrap::run(world.context.clone(), serde_json::from_value(break_glass).unwrap());
    as_function("bootstrap", broken).await.unwrap();
    let pending = ticket(&stranger, "admin").await;
    let signed_in = second_step(&stranger, &pending, &admin.app.code(&world, 0)).await;
    let admin = stranger.bearing(&signed_in);
    admin.delete(&format!("/v1/users/{}/totp", mina.user.user_id)).await.is(204);
    try_password(&stranger, "mina", PASSWORD).await.is(200);
}
