//! What somebody without a session can make expensive.

use super::*;

/// A password that only the estimate of its strength refuses.
const WEAK: &str = "password1234";

fn with_password(code: &str, password: &str) -> Value {
    let mut body = completion(code, "mina");
    (body["password"], body["password_confirmation"]) = (json!(password), json!(password));
    body
}

/// A refusal for a weak password would be the result of an estimate.
#[tokio::test]
async fn the_strength_of_a_password_is_not_estimated_at_a_flow_that_takes_no_attempts() {
    let world = World::new().await;
    let client = stranger(&world, 0);
    let spent = started(&client, MINA).await;
    for _ in 0..5 {
        is_wrong(&complete(&client, &spent, &completion("00000000", "mina")).await);
    }
    let expired = started(&client, "late@example.com").await;
    world.clock.advance(CODE_LIFETIME + RESEND_AFTER);
    let never = world.context.uuid().unwrap().to_string();
    for (number, id) in [spent, expired, never].iter().enumerate() {
        let client = stranger(&world, 10 + number);
        is_wrong(&complete(&client, id, &with_password("00000000", WEAK)).await);
        is_wrong(&reset(&client, id, &new_password("00000000", WEAK)).await);
        // What is cheap is checked nevertheless.
        let refused = complete(&client, id, &with_password("00000000", "short")).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/password", "too_short"])]);
    }
}

#[tokio::test]
async fn one_network_gets_sixty_estimates_a_minute_whatever_the_flows() {
    let world = World::new().await;
    member(&world, "jisoo", "jisoo@example.com").await;
    let network = |number: usize| world.stranger().at(&format!("2001:db8:1:2::{number:x}"));
    let registration = started(&network(0), MINA).await;
    let code = world.code(&registration, FlowPurpose::Registration).await;
    let change = reset_started(&network(0), "jisoo@example.com").await;
    for number in 0..30 {
        let refusals = [
            complete(&network(number), &registration, &with_password(&code, WEAK)).await,
            reset(&network(number), &change, &new_password("00000000", WEAK)).await,
        ];
        for refused in refusals {
            assert_eq!(
                refused.is_problem(Code::ValidationFailed).violations(),
                [json!(["/password", "weak_password"])]
            );
        }
    }
    world.clock.advance(Duration::from_secs(15));
    let refused = complete(&network(99), &registration, &with_password(&code, WEAK)).await;
    assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "45");
    assert_eq!(items(&world, "FLOW#").await.iter().map(|flow| flow["tries"].as_u64().unwrap()).sum::<u64>(), 0);
    complete(&stranger(&world, 0), &registration, &with_password(&code, WEAK)).await.is_problem(Code::ValidationFailed);
    world.clock.advance(Duration::from_secs(45));
    complete(&network(0), &registration, &completion(&code, "mina")).await.is(201);
}

/// A session is not enough: the attempt at the current password comes first, and has its limit.
#[tokio::test]
async fn a_new_password_is_not_estimated_before_the_current_one_was_right() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    let change = |current: &str| json!({"current_password": current, "password": WEAK, "password_confirmation": WEAK});
    for _ in 0..5 {
        let wrong = client.post("/v1/me/password", &change("wrong")).await;
        assert_eq!(wrong.is(422).violations(), [json!(["/current_password", "incorrect"])]);
    }
    client.post("/v1/me/password", &change("wrong")).await.is_problem(Code::TooManyAttempts);
    world.clock.advance(Duration::from_mins(15));
    let weak = client.post("/v1/me/password", &change(PASSWORD)).await;
    assert_eq!(weak.is(422).violations(), [json!(["/password", "weak_password"])]);
}

/// Nothing that is refused without an estimate uses one up.
#[tokio::test]
async fn a_body_that_is_invalid_without_an_estimate_counts_nowhere() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let before = items(&world, "LANE#").await;
    let code = world.code(&id, FlowPurpose::Registration).await;
    for _ in 0..70 {
        complete(&world.stranger(), &id, &with_password(&code, "short")).await.is_problem(Code::ValidationFailed);
    }
    assert_eq!(items(&world, "LANE#").await, before);
}

/// As everything else that a body violates.
#[tokio::test]
async fn a_weak_password_is_reported_together_with_the_other_violations() {
    let world = World::new().await;
    let id = started(&world.stranger(), MINA).await;
    let mut body = with_password("1", WEAK);
    body["password_confirmation"] = json!("other");
    let refused = complete(&world.stranger(), &id, &body).await;
    let mut violations = refused.is_problem(Code::ValidationFailed).violations();
    violations.sort_by_key(ToString::to_string);
    let expected = [["/code", "bad_format"], ["/password", "weak_password"], ["/password_confirmation", "mismatch"]];
    assert_eq!(violations, expected.map(|violation| json!(violation)));
}
