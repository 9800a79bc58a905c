//! Recovery codes.

use super::*;

#[tokio::test]
async fn a_recovery_code_works_once_and_only_for_its_user() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let other = owner(&world, "other").await;
    let stranger = world.stranger();
    assert_eq!(mina.recovery_codes.iter().collect::<BTreeSet<_>>().len(), 10);
    for (number, code) in mina.recovery_codes.iter().enumerate() {
        let digits: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        assert!(digits.len() == 26 && digits.bytes().all(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&byte)));
        let pending = ticket(&stranger, "mina").await;
        with_recovery_code(&stranger, &pending, &other.recovery_codes[number]).await.is_problem(Code::InvalidCode);
        // Spaces, dashes and case do not matter.
        let typed = if number == 0 { format!(" {} ", digits.to_lowercase()) } else { code.clone() };
        with_recovery_code(&stranger, &pending, &typed).await.is(200);
        let pending = ticket(&stranger, "mina").await;
        with_recovery_code(&stranger, &pending, code).await.is_problem(Code::InvalidCode);
        world.clock.advance(Duration::from_mins(1));
    }
    let pending = ticket(&stranger, "other").await;
    with_recovery_code(&stranger, &pending, &other.recovery_codes[0]).await.is(200);
    // The app still works when all recovery codes are used up.
    let pending = ticket(&stranger, "mina").await;
    second_step(&stranger, &pending, &mina.app.code(&world, 0)).await.is(200);
}

#[tokio::test(start_paused = true)]
async fn a_recovery_code_on_five_parallel_tickets_signs_in_once() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let stranger = world.stranger();
    let mut pending = Vec::new();
    for _ in 0..5 {
        pending.push(ticket(&stranger, "mina").await);
    }
    world.faults.conflicts_like_dynamodb(true);
    let code = &mina.recovery_codes[3];
    let replies = join_all(pending.iter().map(|ticket| with_recovery_code(&stranger, ticket, code))).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(accepted.len(), 1);
    for refused in refused {
        refused.is_problem(Code::InvalidCode);
    }
}

#[tokio::test]
async fn the_use_of_a_recovery_code_is_mailed_with_the_number_left() {
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let user = world.store().user(mina.user.user_id).await.unwrap().unwrap();
    world.with_email(&user, "mina@example.com").await;
    let pending = ticket(&world.stranger(), "mina").await;
    with_recovery_code(&world.stranger(), &pending, &mina.recovery_codes[0]).await.is(200);
    let items = world.dump().await;
    let mails = items.iter().filter(|item| item["pk"].as_str().unwrap().starts_with("OUTBOX#"));
    let notices: Vec<_> = mails.filter(|mail| mail["message"].to_string().contains("recovery_code_used")).collect();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0]["to"], "mina@example.com");
    assert!(notices[0]["message"].to_string().contains("\"left\":9"), "{}", notices[0]);
}
