//! Guessing codes: by one and by many callers, from one and from many networks, sequentially and concurrently.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use rollcall_domain::limits::BREAKER_WINDOW;

use super::{breaker::count_alarms, *};

/// Codes that were never issued.
pub(super) fn wrong_codes(issued: &[String]) -> impl Iterator<Item = String> + use<> {
    let issued: BTreeSet<_> = issued.iter().cloned().collect();
    (0_u32..).map(|number| format!("{number:08}")).filter(move |code| !issued.contains(code))
}

/// The failures that each throttle of this kind has counted, largest first.
pub(super) async fn failures(world: &World, kind: &str) -> Vec<i64> {
    let throttles = items(world, &format!("LANE#{kind}#")).await;
    let mut failures: Vec<_> = throttles.iter().map(|throttle| throttle["failures"].as_i64().unwrap()).collect();
    failures.sort_unstable_by_key(|failures| -failures);
    failures
}

/// How many codes were looked up and found wrong. The other requests were throttled before the lookup.
fn checked(replies: &[Reply]) -> usize {
    let (checked, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 422);
    for reply in &checked {
        reply.is_problem(Code::InvitationInvalid);
    }
    for reply in &refused {
        reply.is_problem(Code::TooManyAttempts);
    }
    checked.len()
}

/// Each of these clients, ten times.
fn ten_times_each(redeemers: &[Client]) -> impl Iterator<Item = Client> {
    redeemers.iter().flat_map(|client| std::iter::repeat_n(client, 10)).cloned()
}

async fn redeem_concurrently(
    clients: impl IntoIterator<Item = Client>,
    codes: impl Iterator<Item = String>,
) -> Vec<Reply> {
    let sent = clients.into_iter().zip(codes).map(|(client, code)| {
        let body = json!({"code": code}).to_string();
        tokio::spawn(client.send_owned(axum::http::Method::POST, "/v1/invitations/redeem", body))
    });
    join_all(sent).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_user_has_ten_wrong_attempts_a_day_from_all_networks_together() {
    let fixture = InvitationFixture::new().await;
    let mina = user_with_email(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    let code = fixture.code().await;
    for (number, wrong) in wrong_codes(std::slice::from_ref(&code)).take(10).enumerate() {
        redeem(&client.at(&format!("10.0.0.{number}")), &wrong).await.is_problem(Code::InvitationInvalid);
        fixture.world.clock.advance(Duration::from_mins(1));
    }
    let elsewhere = client.at("10.0.1.1");
    for attempted in [&code, &other(&code)] {
        let refused = redeem(&elsewhere, attempted).await;
        assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "85800", "{attempted}");
    }
    assert_eq!(failures(&fixture.world, "redeemer").await, [10]);
    assert_eq!(
        failures(&fixture.world, "redeeming-network").await.iter().sum::<i64>(),
        10,
        "throttled attempts are not counted"
    );
    assert_eq!(breaker(&fixture.world).await, (1, 10));
    redeem(&fixture.world.redeemer("jisoo").await, &code).await.is(200);

    fixture.world.clock.advance(just_before(Duration::from_mins(24 * 60 - 10)));
    let client = fixture.world.signed_in(&mina).await;
    let refused = redeem(&client, &other(&code)).await;
    assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    fixture.world.clock.advance(MILLISECOND);
    redeem(&client, &other(&code)).await.is_problem(Code::InvitationInvalid);
    assert_eq!(failures(&fixture.world, "redeemer").await, [1, 0], "a new window starts at zero");
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_network_has_twenty_wrong_attempts_an_hour_for_all_users_together() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let redeemers = fixture.redeemers(22).await;
    let mut wrong = wrong_codes(std::slice::from_ref(&code));
    for (number, client) in redeemers[..20].iter().enumerate() {
        let client = client.at(&format!("2001:db8:1:2::{number:x}"));
        redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    }
    fixture.world.clock.advance(Duration::from_mins(10));
    for attempted in [&code, &other(&code)] {
        let refused = redeem(&redeemers[20].at("2001:db8:1:2:ffff::1"), attempted).await;
        assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "3000", "{attempted}");
    }
    assert_eq!(
        failures(&fixture.world, "redeemer").await.iter().sum::<i64>(),
        20,
        "throttled attempts are not counted"
    );
    redeem(&redeemers[21].at("2001:db8:1:3::1"), &other(&code)).await.is_problem(Code::InvitationInvalid);
    fixture.world.clock.advance(just_before(Duration::from_mins(50)));
    redeem(&redeemers[20].at("2001:db8:1:2::1"), &code).await.is_problem(Code::TooManyAttempts);
    fixture.world.clock.advance(MILLISECOND);
    let late = user_with_email(&fixture.world, "late").await;
    redeem(&fixture.world.signed_in(&late).await.at("2001:db8:1:2::1"), &code).await.is(200);
    assert_consistent(&fixture.world).await;
}

/// A success is not counted by any throttle, nor by the breaker.
#[tokio::test]
async fn only_wrong_attempts_are_counted() {
    let fixture = InvitationFixture::new().await;
    let client = fixture.world.redeemer("mina").await;
    let wrong: Vec<_> = wrong_codes(&[]).take(9).collect();
    for code in &wrong {
        redeem(&client, code).await.is_problem(Code::InvitationInvalid);
    }
    let code = fixture.code().await;
    redeem(&client, &code).await.is(200);
    assert_eq!(failures(&fixture.world, "redeemer").await, [9]);
    assert_eq!(failures(&fixture.world, "redeeming-network").await, [9]);
    assert_eq!(breaker(&fixture.world).await, (0, 9));
    redeem(&client, &code).await.is_problem(Code::InvitationInvalid);
    redeem(&client, &code).await.is_problem(Code::TooManyAttempts);
}

/// A thousand concurrent requests of one user from a thousand addresses.
#[tokio::test(start_paused = true)]
async fn a_thousand_concurrent_wrong_codes_of_one_user_are_ten_attempts() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let client = fixture.world.redeemer("mina").await;
    let clients_at_addresses = (0..1000).map(|number| client.at(&format!("10.1.{}.{}", number / 250, number % 250)));
    let mut wrong = wrong_codes(std::slice::from_ref(&code));
    fixture.world.faults.conflicts_like_dynamodb(true);
    let replies = redeem_concurrently(clients_at_addresses, wrong.by_ref().take(1000)).await;
    let mut attempted = checked(&replies);
    assert!((1..=10).contains(&attempted), "{attempted}");
    // A request that was refused only because of the contention may be sent again.
    while redeem(&client, &wrong.next().unwrap()).await.status == 422 {
        attempted += 1;
    }
    assert_eq!(attempted, 10);
    assert_eq!(failures(&fixture.world, "redeemer").await, [10]);
    assert_eq!(failures(&fixture.world, "redeeming-network").await.iter().sum::<i64>(), 10);
    assert_eq!(breaker(&fixture.world).await, (1, 10));
    redeem(&fixture.world.redeemer("jisoo").await, &code).await.is(200);
    assert_consistent(&fixture.world).await;
}

/// A thousand concurrent requests of a hundred users from one address.
#[tokio::test(start_paused = true)]
async fn a_thousand_concurrent_wrong_codes_from_one_address_are_twenty_attempts() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let redeemers: Vec<_> = fixture.redeemers(100).await.iter().map(|client| client.at("203.0.113.7")).collect();
    let mut wrong = wrong_codes(std::slice::from_ref(&code));
    fixture.world.faults.conflicts_like_dynamodb(true);
    let replies = redeem_concurrently(ten_times_each(&redeemers), wrong.by_ref().take(1000)).await;
    let mut attempted = checked(&replies);
    assert!((1..=20).contains(&attempted), "{attempted}");
    for client in redeemers.iter().rev().take(30) {
        let reply = redeem(client, &wrong.next().unwrap()).await;
        attempted += checked(&[reply]);
    }
    assert_eq!(attempted, 20);
    assert_eq!(failures(&fixture.world, "redeeming-network").await, [20]);
    assert_eq!(failures(&fixture.world, "redeemer").await.iter().sum::<i64>(), 20);
    assert_eq!(breaker(&fixture.world).await, (1, 20));
    redeem(&redeemers[0].at("203.0.113.8"), &code).await.is(200);
    assert_consistent(&fixture.world).await;
}

/// A thousand concurrent requests of a hundred users from a hundred addresses. With a hundred live codes, the breaker
/// admits 28 wrong attempts.
#[tokio::test(start_paused = true)]
async fn a_thousand_concurrent_wrong_codes_of_a_hundred_users_open_the_breaker() {
    let alarms = count_alarms();
    let mut fixture = InvitationFixture::new().await;
    let codes = fixture.issue_many(100).await;
    let bound = code_of(&fixture.issue(&json!({"role_id": "developer", "login": "Invited"})).await);
    let redeemers = fixture.redeemers(100).await;
    let issued: Vec<_> = codes.iter().cloned().chain([bound.clone()]).collect();
    let mut wrong = wrong_codes(&issued);
    fixture.world.faults.conflicts_like_dynamodb(true);
    let replies = redeem_concurrently(ten_times_each(&redeemers), wrong.by_ref().take(1000)).await;
    let attempted = checked(&replies);
    assert!((1..=28).contains(&attempted), "{attempted}");
    assert_eq!(breaker(&fixture.world).await, (100, i64::try_from(attempted).unwrap()));
    for kind in ["redeemer", "redeeming-network"] {
        let most = failures(&fixture.world, kind).await.into_iter().max();
        assert_eq!(most, Some(10), "the other throttles also count what the breaker refuses: {kind}");
    }
    for number in attempted..28 {
        let client = fixture.world.redeemer(&format!("more{number}")).await.at(&format!("198.51.100.{number}"));
        redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    }

    let alarms_before = alarms.load(Ordering::SeqCst);
    let refused = redeem(&fixture.world.redeemer("late").await, &codes[0]).await;
    assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "86400");
    let foreign = redeem(&fixture.world.redeemer("foreign").await, &bound).await;
    are_alike(&refused, &foreign);
    assert_eq!(alarms.load(Ordering::SeqCst), alarms_before + 2);
    redeem(&fixture.world.redeemer("invited").await, &bound).await.is(200);
    assert_eq!((breaker(&fixture.world).await, alarms.load(Ordering::SeqCst)), ((100, 28), alarms_before + 2));

    fixture.world.clock.advance(just_before(BREAKER_WINDOW));
    fixture.sign_in_again().await;
    let fresh = fixture.code().await;
    let last = user_with_email(&fixture.world, "last").await;
    let client = fixture.world.signed_in(&last).await;
    redeem(&client, &fresh).await.is_problem(Code::TooManyAttempts);
    fixture.world.clock.advance(MILLISECOND);
    redeem(&client, &fresh).await.is(200);
    assert_eq!(breaker(&fixture.world).await, (100, 0), "a new window starts at zero");
    assert_consistent(&fixture.world).await;
}
