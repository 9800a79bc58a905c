//! The lifetime and the attempts of mailed codes.

use super::*;

#[tokio::test]
async fn only_the_newest_code_is_valid() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = started(&stranger, MINA).await;
    let old = world.code(&id, FlowPurpose::Registration).await;
    world.clock.advance(RESEND_AFTER);
    assert_eq!(resent(&stranger, MINA, &id).await, id);
    let new = world.code(&id, FlowPurpose::Registration).await;
    assert_ne!(old, new);
    is_wrong(&complete(&stranger, &id, &completion(&old, "mina")).await);
    complete(&stranger, &id, &completion(&new, "mina")).await.is(201);
}

#[tokio::test]
async fn each_request_begins_a_flow_of_its_own_unless_it_names_one() {
    let world = World::new().await;
    let stranger = world.stranger();
    let first = start(&stranger, MINA).await;
    let id = first.is(202).body["registration_id"].as_str().unwrap();
    let code = world.code(id, FlowPurpose::Registration).await;
    world.clock.advance(RESEND_AFTER);
    let another = start(&stranger.at("192.0.2.1"), "MINA@EXAMPLE.COM").await;
    assert_ne!(another.is(202).body["registration_id"], first.body["registration_id"]);
    assert_eq!(world.code(id, FlowPurpose::Registration).await, code, "the first one is untouched");

    world.clock.advance(RESEND_AFTER);
    let named = json!({"email": "Mina@example.com", "registration_id": id});
    let continued = stranger.at("192.0.2.2").post("/v1/registrations", &named).await;
    assert_eq!(
        continued.is(202).body,
        json!({
            "registration_id": id,
            "expires_at": "2026-11-20T12:12:00.000Z",
            "resend_after": "2026-11-20T12:03:00.000Z",
        })
    );
    assert_ne!(world.code(id, FlowPurpose::Registration).await, code);
    assert_eq!(mails(&world).await.len(), 3);
}

/// The reply says when: the code counts from then.
#[tokio::test]
async fn a_mail_requested_within_a_minute_is_sent_when_the_minute_is_over() {
    let world = World::new().await;
    let first = started(&world.stranger(), MINA).await;
    world.clock.advance(just_before(RESEND_AFTER));
    let second = start(&world.stranger().at("192.0.2.1"), MINA).await;
    let times = (&second.is(202).body["expires_at"], &second.body["resend_after"]);
    assert_eq!(times, (&json!("2026-11-20T12:11:00.000Z"), &json!("2026-11-20T12:02:00.000Z")));
    assert_eq!(world.mails(MINA).await.len(), 1, "the first one");
    world.clock.advance(MILLISECOND);
    let sent = world.mails(MINA).await;
    let second = second.body["registration_id"].as_str().unwrap();
    let codes =
        [world.code(second, FlowPurpose::Registration).await, world.code(&first, FlowPurpose::Registration).await];
    for (mail, code) in sent.iter().zip(&codes) {
        assert!(mail.text.contains(code), "{}", mail.text);
    }
    assert_eq!((sent.len(), sent[0].sent_at.to_string()), (2, "2026-11-20T12:01:00.000Z".to_owned()));
    complete(&world.stranger(), second, &completion(&codes[0], "mina")).await.is(201);
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
        let next = resent(&stranger, "MINA@example.com", &id).await;
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
    assert_eq!(resent(&stranger, MINA, &id).await, id);
    let code = world.code(&id, FlowPurpose::Registration).await;
    is_wrong(&complete(&stranger, &id, &completion(&other(&code), "mina")).await);
    is_wrong(&complete(&stranger, &id, &completion(&code, "mina")).await);
    // A used-up flow is not continued: another one starts with all its attempts.
    world.clock.advance(RESEND_AFTER);
    let next = resent(&stranger.at("192.0.2.9"), MINA, &id).await;
    assert_ne!(next, id);
    is_wrong(&complete(&stranger, &id, &completion(&code, "mina")).await);
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
    let networks = async || items(&world, "LANE#network").await;
    let (throttles, mut flows) = (networks().await, items(&world, "FLOW#").await);
    assert_eq!(flows[0]["tries"], 1);
    // More often than there are attempts.
    for _ in 0..6 {
        complete(&stranger, &id, &with_invitation("TAKEN", &code)).await.is_problem(Code::LoginTaken);
        complete(&stranger, &id, &with_invitation("mina", &code)).await.is_problem(Code::InvitationInvalid);
    }
    flows[0]["refusals"] = json!(12);
    assert_eq!(items(&world, "FLOW#").await, flows);
    assert_eq!(networks().await, throttles);
    // The wrong invitation codes are counted nevertheless.
    assert_eq!(items(&world, "LANE#redeemer").await[0]["failures"], 6);
    assert_eq!(items(&world, "USER#").await.len(), 1);
    complete(&stranger, &id, &completion(&code, "mina")).await.is(201);
}
