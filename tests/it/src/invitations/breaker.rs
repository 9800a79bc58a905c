//! The breaker: wrong codes on the whole platform, weighed against the number of live codes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rollcall_domain::breaker::BreakerReservation;
use rollcall_store::breaker::reserve;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use super::{
    guessing::{failures, wrong_codes},
    *,
};

/// Counts the log events of the alarm in `infra/alarms.yaml`. Each test has a process of its own.
pub(super) fn count_alarms() -> Arc<AtomicUsize> {
    struct IsAlarm(bool);
    impl tracing::field::Visit for IsAlarm {
        fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
            self.0 |= field.name() == "message" && format!("{value:?}") == "the invitation breaker is open";
        }
    }
    struct Counter(Arc<AtomicUsize>);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counter {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            let mut is_alarm = IsAlarm(false);
            event.record(&mut is_alarm);
            if is_alarm.0 && *event.metadata().level() == tracing::Level::ERROR {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    tracing_subscriber::registry().with(Counter(Arc::clone(&count))).init();
    count
}

impl InvitationFixture {
    /// Issues this many unbound invitations, in as many teams as that takes.
    pub(super) async fn issue_many(&self, live: usize) -> Vec<String> {
        let mut codes = Vec::new();
        for number in 0..live.div_ceil(100) {
            let team = self.world.team(&format!("Team {number}")).await;
            let team_admin = self.world.member(&format!("boss{number}"), [(team, "admin")]).await;
            for _ in 0..(live - codes.len()).min(100) {
                let body = json!({"role_id": "developer"});
                let issued = team_admin.post(&format!("/v1/teams/{team}/invitations"), &body).await;
                codes.push(code_of(&issued.is(201).body));
            }
        }
        assert_eq!(breaker(&self.world).await.0, i64::try_from(live).unwrap());
        codes
    }

    /// Counts wrong attempts of other users at the breaker.
    async fn count_attempts(&self, tries: i64) {
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

/// The breaker refuses once live codes times wrong attempts exceed 2,740. Twenty wrong attempts are always admitted.
#[rstest]
#[case::one_code_admits_2740(1, 2_740)]
#[case::two_codes_admit_1370(2, 1_370)]
#[case::three_codes_admit_913(3, 913)]
#[case::a_hundred_codes_admit_27(100, 27)]
#[case::the_last_count_above_the_minimum(137, 20)]
#[case::the_first_count_at_the_minimum(138, 19)]
#[case::more_codes_admit_no_fewer(200, 19)]
#[tokio::test]
async fn the_breaker_refuses_exactly_from_its_limit_on(#[case] live: usize, #[case] admitted: i64) {
    let alarms = count_alarms();
    let fixture = InvitationFixture::new().await;
    let codes = fixture.issue_many(live).await;
    fixture.count_attempts(admitted).await;
    let mut wrong = wrong_codes(&codes);
    let client = fixture.world.redeemer("mina").await;
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    assert_eq!((breaker(&fixture.world).await.1, alarms.load(Ordering::SeqCst)), (admitted + 1, 0));
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::TooManyAttempts);
    redeem(&client, &codes[0]).await.is_problem(Code::TooManyAttempts);
    assert_eq!((breaker(&fixture.world).await.1, alarms.load(Ordering::SeqCst)), (admitted + 1, 2));
    assert_eq!(
        failures(&fixture.world, "redeemer").await,
        [3],
        "the user's throttle also counts what the breaker refuses"
    );
    assert_consistent(&fixture.world).await;
}

/// The breaker's last admitted attempt is a success, so another attempt is admitted.
#[tokio::test]
async fn a_success_is_not_counted_by_the_breaker() {
    let fixture = InvitationFixture::new().await;
    let codes = fixture.issue_many(100).await;
    fixture.count_attempts(27).await;
    let client = fixture.world.redeemer("mina").await;
    redeem(&client, &codes[0]).await.is(200);
    assert_eq!(breaker(&fixture.world).await, (99, 27));
    let mut wrong = wrong_codes(&codes);
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::InvitationInvalid);
    redeem(&client, &wrong.next().unwrap()).await.is_problem(Code::TooManyAttempts);
    assert_consistent(&fixture.world).await;
}
