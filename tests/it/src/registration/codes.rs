//! The lifetime and the attempts of mailed codes.

use super::*;

#[tokio::test]
async fn only_the_newest_code_is_valid() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let old = world.code(&id, FlowPurpose::Registration).await;
    world.clock.advance(RESEND_AFTER);
    assert_eq!(started(&stranger, MINA).await, id);
    let new = world.code(&id, FlowPurpose::Registration).await;
    assert_ne!(old, new);
    is_wrong(&complete(&stranger, &id, &completion(&old, "mina")).await);
    complete(&stranger, &id, &completion(&new, "mina")).await.is(201);
}

#[tokio::test]
async fn within_a_minute_no_second_mail_is_sent_and_the_reply_is_the_same() {
    let world = World::new().await;
    let first = start(&world.stranger(), MINA).await;
    let id = first.body["registration_id"].as_str().unwrap();
    let code = world.code(id, FlowPurpose::Registration).await;
    world.clock.advance(just_before(RESEND_AFTER));
    let again = start(&world.stranger().at("192.0.2.1"), "MINA@EXAMPLE.COM").await;
    assert_eq!(again.is(202).body, first.body);
    assert_eq!((mails(&world).await.len(), world.code(id, FlowPurpose::Registration).await), (1, code.clone()));
    world.clock.advance(MILLISECOND);
    let resent = start(&world.stranger(), MINA).await;
    assert_eq!(
        resent.is(202).body,
        json!({
            "registration_id": id,
            "expires_at": "2026-11-20T12:11:00.000Z",
            "resend_after": "2026-11-20T12:02:00.000Z",
        })
    );
    assert_eq!(mails(&world).await.len(), 2);
    assert_ne!(world.code(id, FlowPurpose::Registration).await, code);
}

#[tokio::test]
async fn a_code_is_valid_for_ten_minutes_to_the_millisecond() {
    for (lasts, is_valid) in [(just_before(CODE_LIFETIME), true), (CODE_LIFETIME, false)] {
        let world = World::new().await;
        let stranger = world.stranger();
        let id = started(&stranger, MINA).await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        world.clock.advance(lasts);
        let done = complete(&stranger, &id, &completion(&code, "mina")).await;
        if is_valid {
            done.is(201);
        } else {
            is_wrong(&done);
        }
        let next = started(&stranger, "MINA@example.com").await;
        assert_ne!(next, id, "an expired or used flow is not continued");
    }
}

#[tokio::test]
async fn a_flow_allows_five_attempts_over_all_its_codes() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for number in 0..4 {
        let elsewhere = stranger.at(&format!("192.0.2.{number}"));
        is_wrong(&complete(&elsewhere, &id, &completion(&other(&code), "mina")).await);
    }
    world.clock.advance(RESEND_AFTER);
    assert_eq!(started(&stranger, MINA).await, id);
    let code = world.code(&id, FlowPurpose::Registration).await;
    is_wrong(&complete(&stranger, &id, &completion(&other(&code), "mina")).await);
    // The mail limit of the address allows fewer mails than this test needs in a shorter time.
    let refused = complete(&stranger, &id, &completion(&code, "mina")).await;
    assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    world.clock.advance(Duration::from_secs(1));
    is_wrong(&complete(&stranger, &id, &completion(&code, "mina")).await);
    world.clock.advance(RESEND_AFTER);
    assert_eq!(started(&stranger, MINA).await, id);
    let code = world.code(&id, FlowPurpose::Registration).await;
    is_wrong(&complete(&stranger, &id, &completion(&code, "mina")).await);
    // After it has expired, a new flow starts with all its attempts.
    world.clock.advance(CODE_LIFETIME);
    let next = started(&stranger, MINA).await;
    let code = world.code(&next, FlowPurpose::Registration).await;
    complete(&stranger, &next, &completion(&code, "mina")).await.is(201);
}

#[tokio::test]
async fn the_fifth_attempt_can_succeed() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for _ in 0..4 {
        is_wrong(&complete(&stranger, &id, &completion(&other(&code), "mina")).await);
    }
    complete(&stranger, &id, &completion(&code, "mina")).await.is(201);
}

/// The code is checked first, then the login, then the invitation. A refusal after a right code is not counted.
#[tokio::test]
async fn a_right_code_refused_for_another_reason_does_not_count_as_an_attempt() {
    let world = World::new().await;
    member(&world, "Taken", "taken@example.com").await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    let with_invitation = |login: &str, code: &str| {
        let mut body = completion(code, login);
        body["invitation_code"] = json!("12345678");
        body
    };
    is_wrong(&complete(&stranger, &id, &with_invitation("taken", &other(&code))).await);
    let code_throttles = async || [items(&world, "LANE#code").await, items(&world, "LANE#network").await];
    let (throttles, flows) = (code_throttles().await, items(&world, "FLOW#").await);
    assert_eq!(flows[0]["tries"], 1);
    // More often than there are attempts.
    for _ in 0..6 {
        complete(&stranger, &id, &with_invitation("TAKEN", &code)).await.is_problem(Code::LoginTaken);
        complete(&stranger, &id, &with_invitation("mina", &code)).await.is_problem(Code::InvitationInvalid);
    }
    assert_eq!(items(&world, "FLOW#").await, flows);
    assert_eq!(code_throttles().await, throttles);
    // The wrong invitation codes are counted nevertheless.
    assert_eq!(items(&world, "LANE#redeemer").await[0]["failures"], 6);
    assert_eq!(items(&world, "USER#").await.len(), 1);
    complete(&stranger, &id, &completion(&code, "mina")).await.is(201);
}
