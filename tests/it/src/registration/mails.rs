//! The mails with the codes: how many, in which language, and what their request reveals.

use super::*;

#[tokio::test]
async fn host_headers_of_the_client_are_ignored() {
    let world = World::new().await;
    let poisoned = ["host", "x-forwarded-host", "x-original-url", "x-rewrite-url", "origin", "referer"]
        .iter()
        .fold(world.stranger(), |client, name| client.with(name, "https://evil.example/"));
    let poisoned = poisoned
        .with("forwarded", "for=203.0.113.66;host=evil.example;proto=http")
        .with("x-forwarded-for", "203.0.113.66");
    let (plain, forged) = (start(&world.stranger(), "plain@example.com").await, start(&poisoned, MINA).await);
    are_alike(&plain, &forged);
    let id = forged.body["registration_id"].as_str().unwrap();
    let code = world.code(id, FlowPurpose::Registration).await;
    let done = complete(&poisoned, id, &completion(&code, "mina")).await;
    assert_eq!(done.is(201).header("location"), "/v1/me");
    for reply in [&forged, &done] {
        assert!(!format!("{:?} {}", reply.headers, reply.body).contains("evil"), "{reply:?}");
    }
    let stored = world.dump().await;
    assert!(stored.iter().all(|item| !item.to_string().contains("evil") && !item.to_string().contains("203.0.113")));
    assert_eq!(world.audit().await[0]["address"], "127.0.0.1");
}

/// The request itself sends no mail, and its reply does not depend on the delivery.
#[tokio::test]
async fn the_reply_reveals_neither_whether_an_address_is_taken_nor_whether_the_mail_was_sent() {
    let world = World::new().await;
    member(&world, "owner", "Owner@example.com").await;
    world.faults.take_log();
    let unknown = start(&world.stranger(), "rowne@example.com").await;
    let calls_for_unknown = world.faults.take_log();
    let items_for_unknown = world.dump().await.len();
    let known = start(&world.stranger(), "owner@example.com").await;
    let calls_for_known = world.faults.take_log();
    are_alike(&unknown, &known);
    let operations = |calls: &[Call]| calls.iter().map(|call| call.operation.clone()).collect::<Vec<_>>();
    assert_eq!(operations(&calls_for_unknown), operations(&calls_for_known));
    let units = |calls: &[Call]| calls.iter().map(|call| call.write_units).sum::<f64>();
    assert!((units(&calls_for_unknown) - units(&calls_for_known)).abs() < f64::EPSILON);
    // Both wrote a flow, a counter and a mail, and one more network was not counted.
    assert_eq!(items_for_unknown + 3, world.dump().await.len());
    assert_eq!(
        mails(&world).await,
        [json!(["Owner@example.com", "en", "address_taken"]), json!(["rowne@example.com", "en", "registration_code"])]
    );

    for mail in items(&world, "OUTBOX#").await {
        let mail: rollcall_domain::mail::Mail = serde_json::from_value(mail).unwrap();
        world.store().mark_mail_failed(&mail, world.now()).await.unwrap();
    }
    world.clock.advance(RESEND_AFTER);
    let (unknown, known) =
        (start(&world.stranger(), "rowne@example.com").await, start(&world.stranger(), "owner@example.com").await);
    are_alike(&unknown, &known);
    unknown.is(202);
}

/// For known and unknown addresses, whatever `X-Forwarded-For` says.
#[tokio::test]
async fn a_network_that_asks_again_gets_two_mails_an_hour_per_address_and_an_exact_retry_after() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    let mut refusals = Vec::new();
    for _ in 0..2 {
        for email in [MINA, "owner@example.com"] {
            start(&world.stranger(), email).await.is(202);
        }
        world.clock.advance(RESEND_AFTER);
    }
    world.clock.advance(MILLISECOND * 500);
    let before = world.dump().await.len();
    for (number, email) in [MINA, "owner@example.com"].into_iter().enumerate() {
        world.faults.take_log();
        let client = world.stranger().with("x-forwarded-for", &format!("192.0.2.{number}"));
        let refused = start(&client, email).await;
        // An hour less 2 minutes less half a second. A client that retries earlier is refused again.
        assert_eq!(refused.is_problem(Code::TooManyRequests).header("retry-after"), "3480");
        refusals.push((refused, world.faults.take_log().len()));
    }
    are_alike(&refusals[0].0, &refusals[1].0);
    assert_eq!(refusals[0].1, refusals[1].1);
    assert_eq!(world.dump().await.len(), before);
    // Another address from the same network, and another purpose, are counted separately.
    start(&world.stranger(), "third@example.com").await.is(202);
    reset_started(&world.stranger(), MINA).await;

    world.clock.advance(Duration::from_millis(3_480_000 - 501));
    start(&world.stranger(), MINA).await.is_problem(Code::TooManyRequests);
    world.clock.advance(MILLISECOND);
    start(&world.stranger(), MINA).await.is(202);
}

#[tokio::test]
async fn an_address_gets_five_mails_an_hour_and_ten_a_day_from_all_networks() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    let mut network = 0;
    let mut ask = async |email: &str| {
        network += 1;
        start(&world.stranger().at(&format!("192.0.{}.{}", network / 200, network % 200)), email).await
    };
    let emails = [MINA, "owner@example.com"];
    for hour in 0..2 {
        for _ in 0..5 {
            for email in emails {
                ask(email).await.is(202);
            }
            world.clock.advance(RESEND_AFTER);
        }
        let retry_after = if hour == 0 { 3_600 - 300 } else { 86_400 - 3_600 - 300 };
        let (one, other) = (ask(emails[0]).await, ask(emails[1]).await);
        assert_eq!(one.is_problem(Code::TooManyRequests).header("retry-after"), retry_after.to_string());
        are_alike(&one, &other);
        world.clock.advance(just_before(Duration::from_secs(retry_after)));
        ask(MINA).await.is_problem(Code::TooManyRequests);
        world.clock.advance(MILLISECOND);
    }
    assert_eq!(items(&world, "OUTBOX#").await.len(), 20, "ten for each");
    for email in emails {
        ask(email).await.is(202);
    }
}

/// The mail to an unregistered address is in the language of the browser, the mail to a user in the user's language.
#[tokio::test]
async fn mails_are_in_the_language_of_the_recipient() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    let korean = world.stranger().with("accept-language", "ko-KR,ko;q=0.9,en;q=0.8");
    start(&korean, "owner@example.com").await.is(202);
    let id = started(&korean, MINA).await;
    assert_eq!(
        mails(&world).await,
        [json!(["owner@example.com", "en", "address_taken"]), json!([MINA, "ko", "registration_code"])]
    );
    let code = world.code(&id, FlowPurpose::Registration).await;
    complete(&korean, &id, &completion(&code, "mina")).await.is(201);
    world.clock.advance(RESEND_AFTER);
    start(&world.stranger(), MINA).await.is(202);
    assert_eq!(mails(&world).await.last().unwrap(), &json!([MINA, "ko", "address_taken"]));
}
