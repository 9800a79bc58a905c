//! Time-based codes: when they are valid, and that each works once.

use super::*;

/// With a ticket and an address each, and all with one ticket.
#[rstest]
#[tokio::test(start_paused = true)]
async fn sixteen_parallel_requests_with_one_code_sign_in_once(#[values(16, 1)] tickets: usize) {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let clients: Vec<_> = (0..16).map(|host| world.stranger().at(&format!("192.0.2.{host}"))).collect();
    let mut held = Vec::new();
    for client in &clients[..tickets] {
        held.push(ticket(client, "mina").await);
    }
    world.faults.conflicts_like_dynamodb(true);
    let before = sessions(&world).await;
    let code = mina.app.code(&world, 0);
    let steps = clients.iter().zip(held.iter().cycle()).map(|(client, ticket)| second_step(client, ticket, &code));
    let replies = join_all(steps).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((accepted.len(), sessions(&world).await), (1, before + 1));
    for refused in refused {
        let code = if refused.status == 429 { Code::TooManyAttempts } else { Code::InvalidCode };
        refused.is_problem(code);
    }
}

/// The neighbouring time steps are accepted and no others, wherever the server is within its own step.
#[tokio::test]
async fn the_clock_of_an_app_may_be_off_by_one_step() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let stranger = world.stranger();
    for (into_step, ahead, taken) in [
        (0, 29, true),
        (0, -29, true),
        (0, 31, true),
        (0, -31, false),
        (0, 61, false),
        (0, -61, false),
        (0, 91, false),
        (0, -91, false),
        (29, 29, true),
        (29, -29, true),
        (29, 31, false),
        (29, -31, true),
        (29, 61, false),
        (29, -61, false),
        (29, 91, false),
        (29, -91, false),
    ] {
        // Used steps and waits are long past.
        let now = u64::try_from(world.now().unix_seconds()).unwrap();
        world.clock.advance(Duration::from_secs(3_600 - now % 30 + into_step));
        let held = ticket(&stranger, "mina").await;
        let reply = second_step(&stranger, &held, &mina.app.code(&world, ahead)).await;
        if taken {
            reply.is(200)
        } else {
            reply.is_problem(Code::InvalidCode)
        };
    }
}

/// To the millisecond: from 30 s before its step until 30 s after it.
#[tokio::test]
async fn a_code_is_valid_for_ninety_seconds() {
    for (millis, taken) in [(0, false), (1, true), (90_000, true), (90_001, false)] {
        let world = World::new().await;
        let mina = owner(&world, "mina").await;
        world.clock.advance(Duration::from_mins(1) - Duration::from_millis(1));
        // The step after the next one starts in 30.001 s.
        let code = mina.app.code(&world, 31);
        world.clock.advance(Duration::from_millis(millis));
        let held = ticket(&world.stranger(), "mina").await;
        let reply = second_step(&world.stranger(), &held, &code).await;
        if taken {
            reply.is(200)
        } else {
            reply.is_problem(Code::InvalidCode)
        };
    }
}

#[tokio::test]
async fn a_time_step_is_accepted_once_for_all_purposes() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&user).await;
    let stranger = world.stranger();
    let Owner { client, app, .. } = bind(&world, user, stranger.sign_in("mina").await).await;
    let confirmed_with = app.code(&world, 0);
    let held = ticket(&stranger, "mina").await;
    second_step(&stranger, &held, &confirmed_with).await.is_problem(Code::InvalidCode);
    second_step(&stranger, &held, &app.code(&world, -30)).await.is_problem(Code::InvalidCode);
    // The app is a step ahead; the step between is used up as well.
    let ahead = app.code(&world, 30);
    second_step(&stranger, &held, &ahead).await.is(200);
    world.clock.advance(Duration::from_secs(30));
    let removal = |code: &str| json!({"current_password": PASSWORD, "code": code});
    delete(&client, &removal(&ahead)).await.is_problem(Code::VerificationFailed);
    delete(&client, &removal(&app.code(&world, -30))).await.is_problem(Code::VerificationFailed);
    delete(&client, &removal(&app.code(&world, 30))).await.is(204);
}
