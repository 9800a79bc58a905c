//! Guessing at the codes that are mailed to somebody else.

use super::*;

const NEW: &str = "another horse staple";

/// Whoever asks first, and whatever they guess.
#[tokio::test]
async fn wrong_codes_at_a_strangers_reset_do_not_spend_that_of_the_owner() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let eve = stranger(&world, 0);
    let hers = reset_started(&eve, MINA).await;
    let code = world.code(&hers, FlowPurpose::PasswordReset).await;
    for _ in 0..6 {
        is_wrong(&reset(&eve, &hers, &new_password(&other(&code), NEW)).await);
    }
    world.clock.advance(RESEND_AFTER);
    let owner = stranger(&world, 1);
    let id = reset_started(&owner, MINA).await;
    assert_ne!(id, hers);
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    reset(&owner, &id, &new_password(&code, NEW)).await.is(204);
}

#[tokio::test]
async fn wrong_codes_at_a_strangers_registration_do_not_spend_that_of_the_owner() {
    let world = World::new().await;
    let eve = stranger(&world, 0);
    let hers = started(&eve, MINA).await;
    let code = world.code(&hers, FlowPurpose::Registration).await;
    for _ in 0..6 {
        is_wrong(&complete(&eve, &hers, &completion(&other(&code), "eve")).await);
    }
    world.clock.advance(RESEND_AFTER);
    let owner = stranger(&world, 1);
    let id = started(&owner, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    complete(&owner, &id, &completion(&code, "mina")).await.is(201);
}

#[tokio::test]
async fn guesses_at_a_change_to_somebody_elses_address_do_not_delay_their_reset() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let (_, eve) = member(&world, "eve", "eve@example.com").await;
    for round in 0..4 {
        let eve = eve.at(&format!("203.0.113.{round}"));
        let wanted = json!({"email": MINA, "current_password": PASSWORD});
        let asked = eve.post("/v1/me/email", &wanted).await;
        for number in 0..6 {
            let guessed = eve.post("/v1/me/email/confirm", &json!({"code": format!("{number:08}")})).await;
            if round == 0 {
                asked.is(202);
                is_wrong(&guessed);
            }
        }
        world.clock.advance(RESEND_AFTER);
    }
    let owner = stranger(&world, 1);
    let id = reset_started(&owner, MINA).await;
    is_wrong(&reset(&owner, &id, &new_password("00000000", NEW)).await);
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    reset(&owner, &id, &new_password(&code, NEW)).await.is(204);
}

/// From many networks, at flows that have expired, are spent, or never were.
#[tokio::test]
async fn wrong_codes_at_an_ended_flow_count_only_against_the_network() {
    let world = World::new().await;
    let eve = stranger(&world, 0);
    let spent = started(&eve, MINA).await;
    for number in 0..5 {
        is_wrong(&complete(&stranger(&world, number), &spent, &completion("00000000", "eve")).await);
    }
    let expired = started(&stranger(&world, 5), MINA).await;
    world.clock.advance(CODE_LIFETIME + RESEND_AFTER);
    let flows = items(&world, "FLOW#").await;
    let never = world.context.uuid().unwrap().to_string();
    for (number, id) in [spent, expired, never].iter().cycle().take(60).enumerate() {
        is_wrong(&complete(&stranger(&world, 10 + number), id, &completion("00000000", "eve")).await);
    }
    assert_eq!(items(&world, "FLOW#").await, flows, "an ended flow is not touched");
    let throttles = items(&world, "LANE#").await;
    let mut kinds: Vec<_> = throttles.iter().map(|item| item["pk"].as_str().unwrap().split('#').nth(1)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["estimating-network", "mailing-network", "network"].map(Some));
    let owner = stranger(&world, 100);
    let id = started(&owner, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    complete(&owner, &id, &completion(&code, "mina")).await.is(201);
}

#[tokio::test]
async fn a_spent_flow_is_not_lengthened_by_those_who_name_it() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let eve = stranger(&world, 0);
    let spent = reset_started(&eve, MINA).await;
    for _ in 0..5 {
        is_wrong(&reset(&eve, &spent, &new_password("00000000", NEW)).await);
    }
    let before = items(&world, "FLOW#").await;
    world.clock.advance(RESEND_AFTER);
    let next = reset_resent(&eve, MINA, &spent).await;
    assert_ne!(next, spent);
    let after = items(&world, "FLOW#").await;
    assert!(before.iter().all(|flow| after.contains(flow)), "the spent flow is as it was");
}

/// Four wrong codes, a new mail, and two more: the sixth is not looked at.
#[tokio::test]
async fn a_new_code_does_not_renew_the_attempts_of_its_flow() {
    let world = World::new().await;
    let eve = stranger(&world, 0);
    let id = started(&eve, MINA).await;
    for _ in 0..4 {
        is_wrong(&complete(&eve, &id, &completion("00000000", "eve")).await);
    }
    world.clock.advance(RESEND_AFTER);
    assert_eq!(resent(&eve, MINA, &id).await, id);
    let code = world.code(&id, FlowPurpose::Registration).await;
    is_wrong(&complete(&eve, &id, &completion(&other(&code), "eve")).await);
    is_wrong(&complete(&eve, &id, &completion(&code, "eve")).await);
}

/// Another address, another purpose, or nothing at all under this id: a flow of its own begins.
#[tokio::test]
async fn a_flow_is_continued_only_for_its_own_address_and_purpose() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let eve = stranger(&world, 0);
    let registration = started(&eve, "eve@example.com").await;
    let reset = reset_started(&eve, MINA).await;
    let flows = items(&world, "FLOW#").await;
    let never = world.context.uuid().unwrap().to_string();
    for (email, named) in [
        (MINA, &registration),
        ("other@example.com", &registration),
        ("third@example.com", &reset),
        ("fourth@example.com", &never),
    ] {
        assert_ne!(&resent(&eve, email, named).await, named);
    }
    for (email, named) in [("eve@example.com", &registration), ("third@example.com", &reset)] {
        assert_ne!(&reset_resent(&eve, email, named).await, named);
    }
    let now = items(&world, "FLOW#").await;
    assert!(flows.iter().all(|flow| now.contains(flow)));
    let refused = eve.post("/v1/registrations", &json!({"email": MINA, "registration_id": "x"})).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/registration_id", "bad_format"])]);
}

/// A right code may be followed by a refusal, but not without end: each tells whether a login exists.
#[tokio::test]
async fn one_mailed_code_finds_out_twenty_taken_logins_and_no_more() {
    let world = World::new().await;
    member(&world, "taken", "taken@example.com").await;
    let eve = stranger(&world, 0);
    let id = started(&eve, MINA).await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for _ in 0..20 {
        complete(&eve, &id, &completion(&code, "taken")).await.is_problem(Code::LoginTaken);
    }
    is_wrong(&complete(&eve, &id, &completion(&code, "taken")).await);
    is_wrong(&complete(&eve, &id, &completion(&code, "free")).await);
    // A new code does not renew them either.
    world.clock.advance(RESEND_AFTER);
    assert_ne!(resent(&eve, MINA, &id).await, id);
}
