//! Mails with a code that somebody did not ask for, or cannot get because others asked.

use super::*;

async fn ask_for_change(client: &Client, email: &str) -> Reply {
    client.post("/v1/me/email", &json!({"email": email, "current_password": PASSWORD})).await
}

async fn ask_for_reset(client: &Client, email: &str) -> Reply {
    client.post("/v1/password-resets", &json!({"email": email})).await
}

/// Whatever the addresses and the purposes.
#[tokio::test]
async fn one_network_gets_thirty_mails_an_hour() {
    let world = World::new().await;
    let (_, eve) = member(&world, "eve", "eve@example.com").await;
    let network = |number: usize| world.stranger().at(&format!("2001:db8:1:2::{number:x}"));
    ask_for_change(&eve.at("2001:db8:1:2::1"), "other@example.com").await.is(202);
    world.clock.advance(Duration::from_mins(1));
    for number in 0..29 {
        let (client, email) = (network(number), format!("victim{number}@example.com"));
        if number % 2 == 0 {
            start(&client, &email).await.is(202);
        } else {
            ask_for_reset(&client, &email).await.is(202);
        }
    }
    let before = items(&world, "OUTBOX#").await;
    let (registration, reset) = (start(&network(99), MINA).await, ask_for_reset(&network(99), MINA).await);
    for refused in [&registration, &reset] {
        assert_eq!(refused.is_problem(Code::TooManyRequests).header("retry-after"), (3_600 - 60).to_string());
    }
    ask_for_change(&eve.at("2001:db8:1:2::1"), "third@example.com").await.is_problem(Code::TooManyRequests);
    assert_eq!(items(&world, "OUTBOX#").await, before);
    start(&world.stranger().at("2001:db8:1:3::1"), MINA).await.is(202);
    world.clock.advance(Duration::from_mins(59));
    start(&network(99), "next@example.com").await.is(202);
}

/// Wherever they are.
#[tokio::test]
async fn one_user_gets_ten_mails_an_hour() {
    let world = World::new().await;
    let (_, eve) = member(&world, "eve", "eve@example.com").await;
    let ask = async |number: usize| {
        ask_for_change(&eve.at(&format!("203.0.113.{number}")), &format!("victim{number}@example.com")).await
    };
    for number in 0..10 {
        ask(number).await.is(202);
    }
    assert_eq!(ask(10).await.is_problem(Code::TooManyRequests).header("retry-after"), "3600");
    let (_, other) = member(&world, "other", "other@example.com").await;
    ask_for_change(&other, "victim10@example.com").await.is(202);
}

/// A request that is refused for its address sends no mail, so it does not count.
#[tokio::test]
async fn refused_requests_do_not_count_against_the_network() {
    let world = World::new().await;
    let network = world.stranger();
    for _ in 0..40 {
        drop(start(&network, MINA).await);
    }
    for number in 0..28 {
        start(&network, &format!("other{number}@example.com")).await.is(202);
    }
    start(&network, "last@example.com").await.is_problem(Code::TooManyRequests);
}

/// A network that has not asked today, and a known device even from the network of the attack.
#[rstest]
#[case::another_network(false)]
#[case::a_known_device(true)]
#[tokio::test]
async fn somebody_who_asks_all_the_time_leaves_the_owner_a_share(#[case] is_known_device: bool) {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let eve = stranger(&world, 0);
    let by_cookie = json!({"login": "mina", "password": PASSWORD, "transport": "cookie"});
    let owner =
        if is_known_device { on_device(&eve, &eve.post("/v1/login", &by_cookie).await) } else { stranger(&world, 1) };
    let mut sent = 0;
    for _ in 0..24 * 6 - 1 {
        let asked = ask_for_reset(&eve, MINA).await;
        sent += usize::from(asked.status == 202);
        world.clock.advance(Duration::from_mins(10));
    }
    assert_eq!(sent, 7, "three of ten are left");
    ask_for_reset(&owner, MINA).await.is(202);
    if is_known_device {
        ask_for_reset(&owner, MINA).await.is(202);
        ask_for_reset(&owner, MINA).await.is(202);
    }
    ask_for_reset(&eve, MINA).await.is_problem(Code::TooManyRequests);
}

/// The mark of another user's device is that of a stranger.
#[tokio::test]
async fn a_device_of_somebody_else_has_no_share() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    member(&world, "eve", "eve@example.com").await;
    let by_cookie = json!({"login": "eve", "password": PASSWORD, "transport": "cookie"});
    let signed_in = world.stranger().post("/v1/login", &by_cookie).await;
    let eve = on_device(&world.stranger(), &signed_in);
    for _ in 0..2 {
        ask_for_reset(&eve, MINA).await.is(202);
        world.clock.advance(RESEND_AFTER);
    }
    ask_for_reset(&eve, MINA).await.is_problem(Code::TooManyRequests);
}

/// Within the minute of another mail, too: the reply says the same of a known and of an unknown address.
#[tokio::test]
async fn a_delayed_mail_does_not_reveal_whether_the_address_is_known() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let unknown = "nina@example.com";
    for number in 0..4 {
        let (one, other) = (
            ask_for_reset(&stranger(&world, number), MINA).await,
            ask_for_reset(&stranger(&world, number), unknown).await,
        );
        are_alike(one.is(202), &other);
    }
    assert_eq!(world.mails(MINA).await.len(), 1);
    world.clock.advance(RESEND_AFTER * 3);
    assert_eq!((world.mails(MINA).await.len(), world.mails(unknown).await.len()), (4, 0));
}

/// As many as the limit allows are sent, and the others are told to wait: none is lost, none is a fault.
#[tokio::test(start_paused = true)]
async fn parallel_requests_for_one_address_are_sent_or_told_to_wait() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    world.faults.conflicts_like_dynamodb(true);
    let clients: Vec<_> = (0..20).map(|number| stranger(&world, number)).collect();
    let replies = futures_util::future::join_all(clients.iter().map(|client| ask_for_reset(client, MINA))).await;
    let (sent, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 202);
    for refused in refused {
        refused.is_problem(Code::TooManyRequests);
    }
    assert!((1..=5).contains(&sent.len()), "{}", sent.len());
    world.clock.advance(RESEND_AFTER * 5);
    assert_eq!(world.mails(MINA).await.len(), sent.len());
}

/// The body is checked before anything is counted.
#[tokio::test]
async fn an_invalid_address_counts_nowhere() {
    let world = World::new().await;
    for body in [json!({"email": "nobody"}), json!({"email": MINA, "more": 1}), Value::Null] {
        drop(world.stranger().post("/v1/registrations", &body).await);
        drop(world.stranger().post("/v1/password-resets", &body).await);
    }
    assert_eq!(world.dump().await, [] as [Value; 0]);
}
