//! Throttles of networks, and faults of the throttles themselves.

use super::*;

/// The failures of a network are counted for all logins together.
#[tokio::test]
async fn a_network_has_ten_failures_a_minute_for_all_logins_together() {
    let world = World::new().await;
    member(&world, "mina").await;
    let try_from = async |address: &str, header: &str, login: &str| {
        let client = world.stranger().at(address).with("x-forwarded-for", header).with("forwarded", header);
        try_password(&client, login, if login == "mina" { PASSWORD } else { WRONG }).await
    };
    // A success is not counted.
    for _ in 0..3 {
        try_from("2001:db8:1:2::1", "192.0.2.1", "mina").await.is(200);
    }
    for number in 0..10 {
        // Any host of the network, whatever `X-Forwarded-For` says.
        let (address, header) = (format!("2001:db8:1:2:{number}::{number}"), format!("192.0.2.{number}"));
        let wrong = try_from(&address, &header, &format!("nobody{number}")).await;
        wrong.is_problem(Code::InvalidCredentials);
    }
    let throttled = try_from("2001:db8:1:2:ffff::", "2001:db8:1:3::1", "mina").await;
    assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    for elsewhere in ["2001:db8:1:3::1", "192.0.2.1"] {
        try_from(elsewhere, "2001:db8:1:2::1", "mina").await.is(200);
    }
    world.clock.advance(Duration::from_secs(1));
    try_from("2001:db8:1:2::1", "", "nobody").await.is_problem(Code::InvalidCredentials);
    let throttled = try_from("2001:db8:1:2::1", "", "mina").await;
    assert_eq!(throttled.is_problem(Code::TooManyAttempts).header("retry-after"), "2");
    // After the wait and a quiet minute the count starts again.
    world.clock.advance(Duration::from_secs(62));
    for number in 0..10 {
        try_from("2001:db8:1:2::1", "", &format!("nobody{number}")).await.is_problem(Code::InvalidCredentials);
    }
    try_from("2001:db8:1:2::1", "", "mina").await.is_problem(Code::TooManyAttempts);
}

/// The same address, written as an IPv4-mapped IPv6 address.
#[tokio::test]
async fn an_ipv4_address_is_one_network_in_either_notation() {
    let world = World::new().await;
    for number in 0..10 {
        let client = world.stranger().at(if number % 2 == 0 { "192.0.2.1" } else { "::ffff:192.0.2.1" });
        try_password(&client, &format!("nobody{number}"), WRONG).await.is_problem(Code::InvalidCredentials);
    }
    for (address, code) in [("::ffff:192.0.2.1", Code::TooManyAttempts), ("::ffff:192.0.2.2", Code::InvalidCredentials)]
    {
        try_password(&world.stranger().at(address), "nobody", WRONG).await.is_problem(code);
    }
}

/// Undoing an attempt in a throttle that a success has deleted meanwhile does not create it again.
#[tokio::test]
async fn undoing_an_attempt_in_a_deleted_throttle_leaves_none_behind() {
    let world = World::new().await;
    member(&world, "mina").await;
    let id = LoginThrottles::of(&world.context, ThrottleKind::Password, "mina").await.unwrap().unknown_devices;
    let attempt = Attempt::reserve(&world.context, vec![id.clone()], vec![None], world.now()).await.unwrap();
    let forget = rollcall_store::throttle::clear(&id);
    world.writer().commit(Commit::new([forget])).await.unwrap();
    attempt.undo(&world.context).await.unwrap();
    assert_eq!(world.context.store.throttles(&[id]).await.unwrap(), [None]);
    try_password(&world.stranger(), "mina", PASSWORD).await.is(200);
}

/// If the throttles cannot be read or written, the sign-in is refused.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_sign_in_that_cannot_be_counted_is_a_503_within_five_seconds(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Hang)] fault: Fault,
) {
    let world = World::new().await;
    member(&world, "mina").await;
    let hashes = count_hashes();
    let before = world.dump().await.len();
    for call in 0..5 {
        hashes.store(0, Ordering::SeqCst);
        world.faults.arm(fault, call, FOREVER);
        let begun = Instant::now();
        let reply = try_password(&world.stranger(), "mina", PASSWORD).await;
        reply.is_problem(Code::Unavailable);
        assert!(begun.elapsed() <= Duration::from_secs(5), "{fault:?} from call {call}");
        // The read and the two counts are the first calls.
        assert_eq!(hashes.load(Ordering::SeqCst), usize::from(call >= 3), "{fault:?} from call {call}");
    }
    world.faults.disarm();
    // Two throttles, and no session.
    assert_eq!(world.dump().await.len(), before + 2);
    world.clock.advance(Duration::from_secs(10));
    try_password(&world.stranger(), "mina", PASSWORD).await.is(200);
}
