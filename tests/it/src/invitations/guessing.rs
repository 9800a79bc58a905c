//! Guessing codes: by one and by many callers, from one and from many networks, sequentially and concurrently.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rollcall_domain::{breaker::BreakerReservation, limits::BREAKER_WINDOW};
use rollcall_store::breaker::reserve;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use super::*;

/// Counts what `infra/alarms.yaml` counts, in this process, which is this test's own.
fn count_alarms() -> Arc<AtomicUsize> {
    struct Said(bool);
    impl tracing::field::Visit for Said {
        fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
            self.0 |= field.name() == "message" && format!("{value:?}") == "the invitation breaker is shut";
        }
    }
    struct Counter(Arc<AtomicUsize>);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counter {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            let mut said = Said(false);
            event.record(&mut said);
            if said.0 && *event.metadata().level() == tracing::Level::ERROR {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    tracing_subscriber::registry().with(Counter(Arc::clone(&count))).init();
    count
}

/// Codes that nobody drew.
fn wrong_codes(drawn: &[String]) -> impl Iterator<Item = String> + use<> {
    let drawn: BTreeSet<_> = drawn.iter().cloned().collect();
    (0_u32..).map(|number| format!("{number:08}")).filter(move |code| !drawn.contains(code))
}

/// What stands in the lanes of this kind, largest first.
async fn failures(world: &World, kind: &str) -> Vec<i64> {
    let lanes = items(world, &format!("LANE#{kind}#")).await;
    let mut failures: Vec<_> = lanes.iter().map(|lane| lane["failures"].as_i64().unwrap()).collect();
    failures.sort_unstable_by_key(|failures| -failures);
    failures
}

/// How many of these were looked at and found wrong; the others were not looked at.
fn looked_at(replies: &[Reply]) -> usize {
    let (looked_at, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 422);
    for reply in &looked_at {
        reply.is_problem(Code::InvitationInvalid);
    }
    for reply in &refused {
        reply.is_problem(Code::TooManyAttempts);
    }
    looked_at.len()
}

/// Each of these, ten times.
fn ten_each(people: &[Client]) -> impl Iterator<Item = Client> {
    people.iter().flat_map(|client| std::iter::repeat_n(client, 10)).cloned()
}

async fn at_once(clients: impl IntoIterator<Item = Client>, codes: impl Iterator<Item = String>) -> Vec<Reply> {
    let sent = clients.into_iter().zip(codes).map(|(client, code)| {
        let body = json!({"code": code}).to_string();
        tokio::spawn(client.send_owned(axum::http::Method::POST, "/v1/invitations/redeem", body))
    });
    join_all(sent).await.into_iter().map(Result::unwrap).collect()
}

impl InvitationFixture {
    /// Issues as many unbound invitations in all, into as many teams as that takes.
    async fn fill(&self, live: usize) -> Vec<String> {
        let mut codes = Vec::new();
        for number in 0..live.div_ceil(100) {
            let team = self.world.team(&format!("Team {number}")).await;
            let boss = self.world.member(&format!("boss{number}"), [(team, "admin")]).await;
            for _ in 0..(live - codes.len()).min(100) {
                let body = json!({"role_id": "developer"});
                let issued = boss.post(&format!("/v1/teams/{team}/invitations"), &body).await;
                codes.push(code_of(&issued.is(201).body));
            }
        }
        assert_eq!(breaker(&self.world).await.0, i64::try_from(live).unwrap());
        codes
    }

    /// Wrong tries of people who are none of the test's.
    async fn tried(&self, tries: i64) {
        let (writer, since) = (self.world.writer(), self.world.now());
        for number in 0..tries {
            let reservation = match number {
                0 => BreakerReservation::Begin(None),
                _ => BreakerReservation::Count { since, below: i64::MAX },
            };
            writer.record([reserve(&reservation, since)]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn one_person_has_ten_wrong_tries_a_day_wherever_from() {
    let fixture = InvitationFixture::new().await;
    let mina = person(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    let code = fixture.code().await;
    for (number, wrong) in wrong_codes(std::slice::from_ref(&code)).take(10).enumerate() {
        redeem(&client.at(&format!("10.0.0.{number}")), &wrong).await.is_problem(Code::InvitationInvalid);
        fixture.world.clock.advance(Duration::from_mins(1));
    }
    let elsewhere = client.at("10.0.1.1");
    for tried in [&code, &other(&code)] {
        let refused = redeem(&elsewhere, tried).await;
        assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "85800", "{tried}");
    }
    assert_eq!(failures(&fixture.world, "redeemer").await, [10]);
    assert_eq!(failures(&fixture.world, "redeeming-network").await.iter().sum::<i64>(), 10, "what was not looked at");
    assert_eq!(breaker(&fixture.world).await, (1, 10));
    redeem(&fixture.world.redeemer("jisoo").await, &code).await.is(200);

    fixture.world.clock.advance(just_before(Duration::from_mins(24 * 60 - 10)));
    let client = fixture.world.signed_in(&mina).await;
    let refused = redeem(&client, &other(&code)).await;
    assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "1");
    fixture.world.clock.advance(MILLISECOND);
    redeem(&client, &other(&code)).await.is_problem(Code::InvitationInvalid);
    assert_eq!(failures(&fixture.world, "redeemer").await, [1, 0], "the count began anew");
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn one_network_has_twenty_wrong_tries_an_hour_whoever_asks() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let people = fixture.people(22).await;
    let mut wrong = wrong_codes(std::slice::from_ref(&code));
    for (number, client) in people[..20].iter().enumerate() {
        let client = client.at(&format!("2001:db8:1:2::{number:x}"));
        redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    }
    fixture.world.clock.advance(Duration::from_mins(10));
    for tried in [&code, &other(&code)] {
        let refused = redeem(&people[20].at("2001:db8:1:2:ffff::1"), tried).await;
        assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "3000", "{tried}");
    }
    assert_eq!(failures(&fixture.world, "redeemer").await.iter().sum::<i64>(), 20, "what was not looked at");
    redeem(&people[21].at("2001:db8:1:3::1"), &other(&code)).await.is_problem(Code::InvitationInvalid);
    fixture.world.clock.advance(just_before(Duration::from_mins(50)));
    redeem(&people[20].at("2001:db8:1:2::1"), &code).await.is_problem(Code::TooManyAttempts);
    fixture.world.clock.advance(MILLISECOND);
    let late = person(&fixture.world, "late").await;
    redeem(&fixture.world.signed_in(&late).await.at("2001:db8:1:2::1"), &code).await.is(200);
    assert_consistent(&fixture.world).await;
}

/// What succeeds is no wrong try, in any of the counts.
#[tokio::test]
async fn only_wrong_tries_count() {
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

/// A thousand at once, of one person from a thousand places.
#[tokio::test(start_paused = true)]
async fn a_thousand_wrong_codes_of_one_person_at_once_are_ten_tries() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let client = fixture.world.redeemer("mina").await;
    let places = (0..1000).map(|number| client.at(&format!("10.1.{}.{}", number / 250, number % 250)));
    let mut wrong = wrong_codes(std::slice::from_ref(&code));
    fixture.world.faults.conflicts_like_dynamodb(true);
    let replies = at_once(places, wrong.by_ref().take(1000)).await;
    let mut tried = looked_at(&replies);
    assert!((1..=10).contains(&tried), "{tried}");
    // Who was turned away by the crowd alone may try again.
    while redeem(&client, &wrong.next().unwrap()).await.status == 422 {
        tried += 1;
    }
    assert_eq!(tried, 10);
    assert_eq!(failures(&fixture.world, "redeemer").await, [10]);
    assert_eq!(failures(&fixture.world, "redeeming-network").await.iter().sum::<i64>(), 10);
    assert_eq!(breaker(&fixture.world).await, (1, 10));
    redeem(&fixture.world.redeemer("jisoo").await, &code).await.is(200);
    assert_consistent(&fixture.world).await;
}

/// A thousand at once, of a hundred people from one place.
#[tokio::test(start_paused = true)]
async fn a_thousand_wrong_codes_from_one_place_at_once_are_twenty_tries() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let people: Vec<_> = fixture.people(100).await.iter().map(|client| client.at("203.0.113.7")).collect();
    let mut wrong = wrong_codes(std::slice::from_ref(&code));
    fixture.world.faults.conflicts_like_dynamodb(true);
    let replies = at_once(ten_each(&people), wrong.by_ref().take(1000)).await;
    let mut tried = looked_at(&replies);
    assert!((1..=20).contains(&tried), "{tried}");
    for client in people.iter().rev().take(30) {
        let reply = redeem(client, &wrong.next().unwrap()).await;
        tried += looked_at(&[reply]);
    }
    assert_eq!(tried, 20);
    assert_eq!(failures(&fixture.world, "redeeming-network").await, [20]);
    assert_eq!(failures(&fixture.world, "redeemer").await.iter().sum::<i64>(), 20);
    assert_eq!(breaker(&fixture.world).await, (1, 20));
    redeem(&people[0].at("203.0.113.8"), &code).await.is(200);
    assert_consistent(&fixture.world).await;
}

/// A thousand at once, of a hundred people from as many places: with a hundred codes to be hit, 28 wrong tries are
/// borne.
#[tokio::test(start_paused = true)]
async fn a_thousand_wrong_codes_of_a_hundred_people_at_once_shut_the_breaker() {
    let alarms = count_alarms();
    let mut fixture = InvitationFixture::new().await;
    let codes = fixture.fill(100).await;
    let bound = code_of(&fixture.issue(&json!({"role_id": "developer", "login": "Invited"})).await);
    let people = fixture.people(100).await;
    let drawn: Vec<_> = codes.iter().cloned().chain([bound.clone()]).collect();
    let mut wrong = wrong_codes(&drawn);
    fixture.world.faults.conflicts_like_dynamodb(true);
    let replies = at_once(ten_each(&people), wrong.by_ref().take(1000)).await;
    let tried = looked_at(&replies);
    assert!((1..=28).contains(&tried), "{tried}");
    assert_eq!(breaker(&fixture.world).await, (100, i64::try_from(tried).unwrap()));
    for kind in ["redeemer", "redeeming-network"] {
        let most = failures(&fixture.world, kind).await.into_iter().max();
        assert_eq!(most, Some(10), "what the breaker refuses is counted where it may: {kind}");
    }
    for number in tried..28 {
        let client = fixture.world.redeemer(&format!("more{number}")).await.at(&format!("198.51.100.{number}"));
        redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    }

    let told = alarms.load(Ordering::SeqCst);
    let refused = redeem(&fixture.world.redeemer("late").await, &codes[0]).await;
    assert_eq!(refused.is_problem(Code::TooManyAttempts).header("retry-after"), "86400");
    let foreign = redeem(&fixture.world.redeemer("foreign").await, &bound).await;
    are_alike(&refused, &foreign);
    assert_eq!(alarms.load(Ordering::SeqCst), told + 2);
    redeem(&fixture.world.redeemer("invited").await, &bound).await.is(200);
    assert_eq!((breaker(&fixture.world).await, alarms.load(Ordering::SeqCst)), ((100, 28), told + 2));

    fixture.world.clock.advance(just_before(BREAKER_WINDOW));
    fixture.wake_up().await;
    let fresh = fixture.code().await;
    let last = person(&fixture.world, "last").await;
    let client = fixture.world.signed_in(&last).await;
    redeem(&client, &fresh).await.is_problem(Code::TooManyAttempts);
    fixture.world.clock.advance(MILLISECOND);
    redeem(&client, &fresh).await.is(200);
    assert_eq!(breaker(&fixture.world).await, (100, 0), "the count began anew");
    assert_consistent(&fixture.world).await;
}

/// The product may be 2,740 and not one more; and twenty wrong tries are always borne.
#[rstest]
#[case::one_code_bears_2740(1, 2_740)]
#[case::two_bear_1370(2, 1_370)]
#[case::three_bear_913(3, 913)]
#[case::a_hundred_bear_27(100, 27)]
#[case::the_last_product_over_the_least(137, 20)]
#[case::the_first_under_it(138, 19)]
#[case::many_bear_no_fewer(200, 19)]
#[tokio::test]
async fn the_breaker_shuts_exactly_where_it_must(#[case] live: usize, #[case] borne: i64) {
    let alarms = count_alarms();
    let fixture = InvitationFixture::new().await;
    let codes = fixture.fill(live).await;
    fixture.tried(borne).await;
    let mut wrong = wrong_codes(&codes);
    let client = fixture.world.redeemer("mina").await;
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    assert_eq!((breaker(&fixture.world).await.1, alarms.load(Ordering::SeqCst)), (borne + 1, 0));
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::TooManyAttempts);
    redeem(&client, &codes[0]).await.is_problem(Code::TooManyAttempts);
    assert_eq!((breaker(&fixture.world).await.1, alarms.load(Ordering::SeqCst)), (borne + 1, 2));
    assert_eq!(failures(&fixture.world, "redeemer").await, [3], "what it refuses is counted where it may");
    assert_consistent(&fixture.world).await;
}

/// What succeeds at the breaker's last try opens it again for the next.
#[tokio::test]
async fn a_hit_is_no_wrong_try_at_the_breaker() {
    let fixture = InvitationFixture::new().await;
    let codes = fixture.fill(100).await;
    fixture.tried(27).await;
    let client = fixture.world.redeemer("mina").await;
    redeem(&client, &codes[0]).await.is(200);
    assert_eq!(breaker(&fixture.world).await, (99, 27));
    let mut wrong = wrong_codes(&codes);
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::TooManyAttempts);
    assert_consistent(&fixture.world).await;
}
