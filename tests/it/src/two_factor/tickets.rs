//! The ticket between the password and the second factor.

use super::*;

#[tokio::test]
async fn a_right_code_with_a_wrong_password_is_refused() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    owner(&world, "other").await;
    let stranger = world.stranger();
    let code = mina.app.code(&world, 0);
    let wrong = stranger.post("/v1/login", &json!({"login": "mina", "password": "wrong horse battery"})).await;
    wrong.is_problem(Code::InvalidCredentials);
    let others = ticket(&stranger, "other").await;
    for ticket in ["", "A", &"A".repeat(64), &others] {
        second_step(&stranger, ticket, &code).await.is_problem(Code::InvalidCode);
    }
    let removal = json!({"current_password": "wrong horse battery", "code": code});
    let refused = delete(&mina.client, &removal).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/current_password", "incorrect"])]);
    // None of these used the code up.
    let ticket = ticket(&stranger, "mina").await;
    second_step(&stranger, &ticket, &code).await.is(200);
}

#[tokio::test]
async fn a_ticket_ends_after_five_wrong_codes_and_the_count_continues_with_the_next() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let other = owner(&world, "other").await;
    let stranger = world.stranger();
    let first = ticket(&stranger, "mina").await;
    for (number, code) in mina.app.wrong_codes(&world).take(150).enumerate() {
        let client = stranger.at(&format!("192.0.2.{number}"));
        second_step(&client, &first, &code).await.is_problem(Code::InvalidCode);
    }
    second_step(&stranger, &first, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);

    let second = ticket(&stranger, "mina").await;
    let throttled = second_step(&stranger, &second, &mina.app.code(&world, 0)).await;
    assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    let others = ticket(&stranger, "other").await;
    second_step(&stranger, &others, &other.app.code(&world, 0)).await.is(200);
    world.clock.advance(Duration::from_secs(1));
    second_step(&stranger, &second, &mina.app.code(&world, 0)).await.is(200);
}

#[tokio::test]
async fn a_ticket_is_not_a_session() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let pending = ticket(&world.stranger(), "mina").await;
    let stranger = world.stranger();
    let bearer = stranger.with("authorization", &format!("Bearer {pending}"));
    let cookie = stranger.with("cookie", &format!("__Host-session={pending}"));
    for client in [bearer, cookie] {
        client.get("/v1/me").await.is_problem(Code::Unauthenticated);
        client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await.is_problem(Code::Unauthenticated);
    }
    // A part of the ticket is not accepted either.
    let cut = &pending[..pending.len() - 4];
    let other_end = if pending.ends_with("AAAA") { "BBBB" } else { "AAAA" };
    for mangled in [cut.to_owned(), format!("{pending}AAAA"), format!("{cut}{other_end}")] {
        second_step(&stranger, &mangled, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    }
    second_step(&stranger, &pending, &mina.app.code(&world, 0)).await.is(200);
    world.clock.advance(Duration::from_secs(30));
    second_step(&stranger, &pending, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
}

#[tokio::test]
async fn a_ticket_expires_after_five_minutes_to_the_millisecond() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    for (millis, is_accepted) in [(299_999, true), (300_000, false)] {
        let stranger = world.stranger();
        let pending = ticket(&stranger, "mina").await;
        world.clock.advance(Duration::from_millis(millis));
        let reply = second_step(&stranger, &pending, &mina.app.code(&world, 0)).await;
        if is_accepted {
            reply.is(200)
        } else {
            reply.is_problem(Code::InvalidCode)
        };
    }
}

#[tokio::test]
async fn whatever_ends_sessions_also_ends_tickets() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let (stranger, user) = (world.stranger(), format!("/v1/users/{}", mina.user.user_id));
    let pending = async || ticket(&stranger, "mina").await;
    let refused = async |pending: &str| {
        world.clock.advance(Duration::from_secs(30));
        second_step(&stranger, pending, &mina.app.code(&world, 0)).await.is_problem(Code::InvalidCode);
    };

    let before = pending().await;
    admin.post(&format!("{user}/password"), &json!({"password": PASSWORD})).await.is(200);
    refused(&before).await;
    let before = pending().await;
    admin.delete(&format!("{user}/sessions")).await.is(204);
    refused(&before).await;
    let before = pending().await;
    admin.patch(&user, &json!({"status": "disabled"})).await.is(200);
    refused(&before).await;
    admin.patch(&user, &json!({"status": "enabled"})).await.is(200);
    refused(&before).await;
    let now = pending().await;
    second_step(&stranger, &now, &mina.app.code(&world, 30)).await.is(200);
}
