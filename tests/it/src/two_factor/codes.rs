//! Time-based codes: when they are valid, and that each works once.

use super::*;

/// Each request has an address of its own. They have a ticket each, or all the same one.
#[rstest]
#[tokio::test(start_paused = true)]
async fn sixteen_parallel_requests_with_one_code_sign_in_once(#[values(16, 1)] tickets: usize) {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let clients: Vec<_> = (0..16).map(|host| world.stranger().at(&format!("192.0.2.{host}"))).collect();
    let mut pending = Vec::new();
    for client in &clients[..tickets] {
        pending.push(ticket(client, "mina").await);
    }
    world.faults.conflicts_like_dynamodb(true);
    let before = sessions(&world).await;
    let code = mina.app.code(&world, 0);
    let steps = clients.iter().zip(pending.iter().cycle()).map(|(client, ticket)| second_step(client, ticket, &code));
    let replies = join_all(steps).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((accepted.len(), sessions(&world).await), (1, before + 1));
    for refused in refused {
        let code = if refused.status == 429 { Code::TooManyAttempts } else { Code::InvalidCode };
        refused.is_problem(code);
    }
}

/// The neighbouring time steps are accepted and no others, whatever the server's position within its own step.
#[tokio::test]
async fn the_clock_of_an_app_may_be_off_by_one_step() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let stranger = world.stranger();
    for (into_step, ahead, is_accepted) in [
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
        // An hour later no used time step or throttle has an effect.
        let now = u64::try_from(world.now().unix_seconds()).unwrap();
        world.clock.advance(Duration::from_secs(3_600 - now % 30 + into_step));
        let pending = ticket(&stranger, "mina").await;
        let reply = second_step(&stranger, &pending, &mina.app.code(&world, ahead)).await;
        if is_accepted {
            reply.is(200)
        } else {
            reply.is_problem(Code::InvalidCode)
        };
    }
}

/// A code is valid from 30 s before its step until 30 s after it, to the millisecond.
#[tokio::test]
async fn a_code_is_valid_for_ninety_seconds() {
    for (millis, is_accepted) in [(0, false), (1, true), (90_000, true), (90_001, false)] {
        let world = World::new().await;
        let mina = owner(&world, "mina").await;
        world.clock.advance(Duration::from_mins(1) - Duration::from_millis(1));
        // The step after the next one starts in 30.001 s.
        let code = mina.app.code(&world, 31);
        world.clock.advance(Duration::from_millis(millis));
        let pending = ticket(&world.stranger(), "mina").await;
        let reply = second_step(&world.stranger(), &pending, &code).await;
        if is_accepted {
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
    let pending = ticket(&stranger, "mina").await;
    second_step(&stranger, &pending, &confirmed_with).await.is_problem(Code::InvalidCode);
    second_step(&stranger, &pending, &app.code(&world, -30)).await.is_problem(Code::InvalidCode);
    // The app is one step ahead. The step before it is used up as well.
    let ahead = app.code(&world, 30);
    second_step(&stranger, &pending, &ahead).await.is(200);
    world.clock.advance(Duration::from_secs(30));
    let removal = |code: &str| json!({"current_password": PASSWORD, "code": code});
    delete(&client, &removal(&ahead)).await.is_problem(Code::VerificationFailed);
    delete(&client, &removal(&app.code(&world, -30))).await.is_problem(Code::VerificationFailed);
    delete(&client, &removal(&app.code(&world, 30))).await.is(204);
}
