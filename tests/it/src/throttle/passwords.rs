//! Throttles of passwords, by login.

use super::*;

#[tokio::test(start_paused = true)]
async fn only_the_allowed_ones_of_two_hundred_parallel_guesses_are_checked() {
    let world = World::new().await;
    member(&world, "mina").await;
    member(&world, "other").await;
    let hashes = count_hashes();
    let mut strangers = strangers(&world);
    for (millis, guesses, expected) in [
        (0, 200, 5),
        (0, 20, 0),
        (999, 20, 0),
        (1, 20, 1),
        (1_999, 20, 0),
        (1, 20, 1),
        (3_999, 20, 0),
        (1, 20, 1),
        (900_000, 50, 1),
    ] {
        world.clock.advance(Duration::from_millis(millis));
        hashes.store(0, Ordering::SeqCst);
        let wave: Vec<_> = strangers.by_ref().take(guesses).collect();
        let replies = join_all(wave.iter().map(|stranger| try_password(stranger, "mina", WRONG))).await;
        let (checked, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 401);
        assert_eq!((checked.len(), hashes.load(Ordering::SeqCst)), (expected, expected), "{millis} ms later");
        for reply in checked {
            reply.is_problem(Code::InvalidCredentials);
        }
        for reply in refused {
            assert_ne!(reply.is_problem(Code::TooManyAttempts).header("retry-after"), "0");
        }
    }
    try_password(&strangers.next().unwrap(), "other", PASSWORD).await.is(200);
}

/// Only attempts that are checked are counted.
#[tokio::test]
async fn attempts_during_a_wait_do_not_extend_it() {
    let world = World::new().await;
    member(&world, "mina").await;
    let mut strangers = strangers(&world);
    for stranger in strangers.by_ref().take(8) {
        try_password(&stranger, "mina", WRONG).await;
        world.clock.advance(Duration::from_millis(125));
    }
    // One second after the fifth, which was at 0.5 s.
    world.clock.advance(Duration::from_millis(499));
    let early = try_password(&strangers.next().unwrap(), "mina", PASSWORD).await;
    assert_eq!(early.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    world.clock.advance(Duration::from_millis(1));
    try_password(&strangers.next().unwrap(), "mina", PASSWORD).await.is(200);
}

#[tokio::test]
async fn all_spellings_of_a_login_share_one_count() {
    let world = World::new().await;
    member(&world, "mina").await;
    let mut strangers = strangers(&world);
    for forms in [
        ["mina", "MINA", " Mina\t", "ｍｉｎａ", "\u{3000}ＭＩＮＡ\u{a0}"],
        // This is not a valid login.
        ["no body", "NO BODY", " No Body\n", "ｎｏ　ｂｏｄｙ", "no\u{a0}body"],
    ] {
        for form in forms {
            let wrong = try_password(&strangers.next().unwrap(), form, WRONG).await;
            wrong.is_problem(Code::InvalidCredentials);
        }
        for form in forms {
            let throttled = try_password(&strangers.next().unwrap(), form, PASSWORD).await;
            throttled.is_problem(Code::TooManyAttempts);
        }
    }
    try_password(&strangers.next().unwrap(), "mina2", WRONG).await.is_problem(Code::InvalidCredentials);
    let items = world.dump().await;
    let throttles = items.iter().filter(|item| item["pk"].as_str().unwrap().starts_with("LANE#password#"));
    assert_eq!(throttles.count(), 3);
}

/// This tests every route that takes the current password. The session is on the device that signs in.
#[tokio::test]
async fn guesses_at_the_current_password_and_at_sign_in_share_one_count() {
    const NEW: &str = "tq7 vXk 2pLw";
    let world = World::new().await;
    member(&world, "mina").await;
    let hashes = count_hashes();
    let signed_in = try_password(&world.stranger(), "mina", PASSWORD).await;
    let (client, mark) = (world.stranger().bearing(&signed_in), signed_in.body["device_token"].clone());
    let sign_in = async |client: &Client, password: &str| {
        client.post("/v1/login", &json!({"login": "mina", "password": password, "device_token": mark})).await
    };
    let asking = |password: &str| {
        [
            (
                Method::POST,
                "/v1/me/password",
                json!({"current_password": password, "password": NEW, "password_confirmation": NEW}),
            ),
            (Method::DELETE, "/v1/me/totp", json!({"current_password": password, "code": "123456"})),
            (Method::POST, "/v1/me/email", json!({"current_password": password, "email": "mina@example.com"})),
            (Method::POST, "/v1/me/totp", json!({"current_password": password})),
            (Method::DELETE, "/v1/me/email", json!({"current_password": password})),
        ]
    };
    let mut strangers = strangers(&world);
    for (method, path, body) in asking(WRONG).into_iter().take(4) {
        let refused = client.send(method, path, Some(body.to_string())).await;
        let incorrect = json!(["/current_password", "incorrect"]);
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [incorrect], "{path}");
    }
    sign_in(&strangers.next().unwrap(), WRONG).await.is_problem(Code::InvalidCredentials);

    hashes.store(0, Ordering::SeqCst);
    for (method, path, body) in asking(PASSWORD).into_iter().chain(asking(WRONG)) {
        let throttled = client.send(method, path, Some(body.to_string())).await;
        assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "1", "{path}");
    }
    sign_in(&strangers.next().unwrap(), PASSWORD).await.is_problem(Code::TooManyAttempts);
    assert_eq!(hashes.load(Ordering::SeqCst), 0);

    world.clock.advance(Duration::from_secs(1));
    let (method, path, body) = asking(PASSWORD)[0].clone();
    client.send(method, path, Some(body.to_string())).await.is(204);
    for stranger in strangers.take(5) {
        sign_in(&stranger, PASSWORD).await.is_problem(Code::InvalidCredentials);
    }
}

/// Each count is its own item and is never evicted by others.
#[tokio::test]
async fn a_flood_of_other_logins_does_not_reset_a_count() {
    let world = World::new().await;
    member(&world, "mina").await;
    fail(&world, ThrottleKind::Password, "mina", 7).await;
    let mut strangers = strangers(&world);
    try_password(&strangers.next().unwrap(), "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    for number in 0..2_000 {
        let id = ThrottleId { kind: ThrottleKind::Password, is_known_device: false, hash: format!("{number:032x}") };
        let write = rollcall_store::throttle::reserve(&id, &ThrottleReservation::Begin(None), world.now());
        world.writer().commit(Commit::new([write])).await.unwrap();
    }
    cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    let throttled = try_password(&strangers.next().unwrap(), "mina", PASSWORD).await;
    assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "8");
    world.clock.advance(Duration::from_secs(8));
    try_password(&strangers.next().unwrap(), "mina", WRONG).await.is_problem(Code::InvalidCredentials);
    let throttled = try_password(&strangers.next().unwrap(), "mina", PASSWORD).await;
    assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "16");
}
