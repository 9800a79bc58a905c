//! Concurrent and repeated requests.

use super::*;

/// The other requests get the reply of a later request, and the address stays usable.
#[tokio::test(start_paused = true)]
async fn concurrent_completions_with_one_code_create_one_user() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let sent = (0..5).map(|number| {
        let (client, id) = (stranger.at(&format!("192.0.2.{number}")), id.clone());
        let body = completion(&code, "mina");
        async move { complete(&client, &id, &body).await }
    });
    let replies = join_all(sent).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert!(["login_taken", "verification_failed"].contains(&reply.body["code"].as_str().unwrap()), "{reply:?}");
    }
    assert_markers_consistent(&world).await;
    assert_eq!(items(&world, "USER#").await.len(), 1);
    for throttle in items(&world, "LANE#").await {
        assert!(throttle["since"].is_string(), "a later attempt cannot read this throttle: {throttle}");
    }
    world.clock.advance(RESEND_AFTER);
    let reset_id = reset_started(&stranger, MINA).await;
    is_wrong(&reset(&stranger, &reset_id, &new_password("00000000", PASSWORD)).await);
}

#[tokio::test]
async fn an_idempotency_key_repeats_the_reply_and_creates_no_second_user() {
    let world = World::new().await;
    let stranger = world.stranger().with("idempotency-key", "k");
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let wrong = completion(&other(&code), "mina");
    is_wrong(&complete(&stranger, &id, &wrong).await);
    is_wrong(&complete(&stranger, &id, &wrong).await);
    assert_eq!(items(&world, "FLOW#").await[0]["tries"], 2, "a refusal is not stored");
    let body = completion(&code, "mina");
    let first = complete(&stranger, &id, &body).await;
    world.clock.advance(just_before(Duration::from_hours(24)));
    let again = complete(&stranger, &id, &body).await;
    assert_eq!(first.is(201).header("idempotency-replayed"), "");
    assert_eq!(again.is(201).header("idempotency-replayed"), "true");
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    assert_eq!(items(&world, "USER#").await.len(), 1);
    complete(&stranger, &id, &completion(&code, "other")).await.is_problem(Code::IdempotencyMismatch);
    world.clock.advance(MILLISECOND);
    is_wrong(&complete(&stranger, &id, &body).await);

    // The start ignores the key: each request has a flow of its own.
    let mut ids = BTreeSet::new();
    for email in ["one@example.com", "two@example.com", "one@example.com"] {
        ids.insert(started(&stranger, email).await);
    }
    assert_eq!(ids.len(), 3);
    let stored = world.dump().await;
    assert!(stored.iter().all(|item| !item.to_string().contains(PASSWORD) && !item.to_string().contains(&code)));
}

/// The concurrent requests have the same idempotency key.
#[tokio::test]
async fn concurrent_requests_with_one_key_get_the_same_reply() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let body = completion(&world.code(&id, FlowPurpose::Registration).await, "mina");
    let with_key = stranger.with("idempotency-key", "k");
    let replies = join_all((0..4).map(|_| complete(&with_key, &id, &body))).await;
    let created: BTreeSet<_> = replies.iter().map(|reply| reply.is(201).body["user"]["user_id"].to_string()).collect();
    assert_eq!(created.len(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotency-replayed").is_empty()).count(), 1);
    assert_eq!(items(&world, "USER#").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_concurrent_registrations_of_one_login_create_one_user() {
    let world = World::new().await;
    let mut sent = Vec::new();
    for number in 0..100 {
        let client = world.stranger().at(&format!("192.0.2.{number}"));
        let id = started(&client, &format!("mina{number}@example.com")).await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        let body = completion(&code, if number % 2 == 0 { "mina" } else { "MINA" });
        sent.push(async move { complete(&client, &id, &body).await });
    }
    let replies = join_all(sent).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.is_problem(Code::LoginTaken);
    }
    assert_markers_consistent(&world).await;
    let count = async |prefix: &str| items(&world, prefix).await.len();
    assert_eq!((count("USER#").await, count("LOGIN#").await, count("EMAIL#").await), (1, 1, 1));
    let flows = items(&world, "FLOW#").await;
    assert_eq!(flows.len(), 99);
    assert!(flows.iter().all(|flow| flow["tries"] == 0), "no attempt is counted");
    assert_eq!(world.audit().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_registration_and_a_change_to_the_same_address_have_one_winner() {
    let mut wins = [0, 0];
    for round in 0..20 {
        let world = World::new().await;
        world.faults.conflicts_like_dynamodb(true);
        let (user, client) = member(&world, "owner", "owner@example.com").await;
        let stranger = world.stranger().at("192.0.2.1");
        let id = started(&stranger, MINA).await;
        let wanted = json!({"email": MINA, "current_password": PASSWORD});
        client.post("/v1/me/email", &wanted).await.is(202);
        let code = world.code(&id, FlowPurpose::Registration).await;
        let change_code = json!({"code": world.code(&user.user_id.to_string(), FlowPurpose::EmailChange).await});
        let body = completion(&code, "mina");
        // A different call is delayed in each round, so that each request is the first one in some rounds.
        world.faults.arm(Fault::Hang, round, 1);
        let changing = client.post("/v1/me/email/confirm", &change_code);
        let (registered, changed) = tokio::join!(complete(&stranger, &id, &body), changing);
        match (registered.status, changed.status) {
            (201, 422) => is_wrong(&changed),
            (422, 200) => is_wrong(&registered),
            both => panic!("{both:?}: {registered:?} {changed:?}"),
        }
        wins[usize::from(changed.status == 200)] += 1;
        assert_markers_consistent(&world).await;
        let markers = items(&world, "EMAIL#").await;
        assert_eq!(markers.iter().filter(|marker| marker["pk"] == "EMAIL#mina@example.com").count(), 1);
    }
    assert!(wins.iter().all(|wins| *wins > 0), "{wins:?}");
}
