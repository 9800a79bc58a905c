//! Every step of verifying an address by a mailed code.

use std::time::Duration;

use axum::http::Method;
use futures_util::future::BoxFuture;
use rollcall_domain::{Code, permission::UserType, verification::FlowPurpose};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    Client, PASSWORD, Reply, Snapshot, World,
    consistency::assert_consistent,
    faults::{FOREVER, Fault},
    mailed_codes::{completion, member, new_password, proved, reset_started, started},
};

/// A user whose session is old enough to be updated, and a flow of each purpose that waits for its code.
struct PendingCodes {
    world: World,
    start: Snapshot,
    client: Client,
    /// Paths and bodies of requests that would succeed.
    registration: (String, Value),
    reset: (String, Value),
    change: Value,
}

impl PendingCodes {
    async fn new() -> Self {
        let world = World::new().await;
        let (bystander, _) = world.user("bystander", UserType::Member, []).await;
        proved(&world, &bystander, "bystander@example.com").await;
        let (user, client) = member(&world, "mina", "old@example.com").await;
        world.clock.advance(Duration::from_secs(61));
        let stranger = world.stranger();
        let id = started(&stranger, "stranger@example.com").await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        let registration = (format!("/v1/registrations/{id}/complete"), completion(&code, "stranger"));
        let id = reset_started(&stranger, "old@example.com").await;
        let code = world.code(&id, FlowPurpose::PasswordReset).await;
        let reset = (format!("/v1/password-resets/{id}/complete"), new_password(&code, "another horse staple"));
        let wanted = json!({"email": "wanted@example.com", "current_password": PASSWORD});
        world.signed_in(&user).await.post("/v1/me/email", &wanted).await.is(202);
        let code = world.code(&user.user_id.to_string(), FlowPurpose::EmailChange).await;
        let client = client.with("idempotency-key", "once");
        let start = world.snapshot().await;
        Self { world, start, client, registration, reset, change: json!({"code": code}) }
    }

    async fn rewind(&self) {
        self.world.rewind(&self.start).await;
    }

    fn stranger(&self) -> Client {
        self.world.stranger().with("idempotency-key", "once")
    }
}

/// A step with the status of its success.
type Step = (u16, fn(&PendingCodes) -> BoxFuture<'_, Reply>);

const START_REGISTRATION: Step =
    (202, |s| Box::pin(async { s.stranger().post("/v1/registrations", &json!({"email": "third@example.com"})).await }));
const COMPLETE_REGISTRATION: Step =
    (201, |s| Box::pin(async { s.stranger().post(&s.registration.0, &s.registration.1).await }));
const START_RESET: Step = (202, |s| {
    Box::pin(async { s.stranger().post("/v1/password-resets", &json!({"email": "bystander@example.com"})).await })
});
const COMPLETE_RESET: Step = (204, |s| Box::pin(async { s.stranger().post(&s.reset.0, &s.reset.1).await }));
const START_CHANGE: Step = (202, |s| {
    let body = json!({"email": "third@example.com", "current_password": PASSWORD});
    Box::pin(async move { s.client.post("/v1/me/email", &body).await })
});
const CONFIRM_CHANGE: Step = (200, |s| Box::pin(async { s.client.post("/v1/me/email/confirm", &s.change).await }));
const UNBIND: Step = (204, |s| {
    let body = json!({"current_password": PASSWORD}).to_string();
    Box::pin(async move { s.client.send(Method::DELETE, "/v1/me/email", Some(body)).await })
});

/// Asserts the invariants and returns what has been done, without ids, hashes and times: users, mails, flows and audit
/// records. Attempt counters are left out: an attempt whose reply was lost may be counted twice.
async fn outcome(world: &World) -> Vec<Value> {
    let fields = |item: &Value, fields: &[&str]| fields.iter().map(|field| item[field].clone()).collect::<Value>();
    let mut outcome = Vec::new();
    for item in assert_consistent(world).await.stored {
        let kind = item["pk"].as_str().unwrap().split('#').next().unwrap();
        outcome.push(match kind {
            "USER" => fields(&item, &["login", "email", "email_verified", "epoch", "version", "status"]),
            "OUTBOX" => json!([item["to"], item["message"]["kind"]]),
            "FLOW" => fields(&item, &["purpose", "email"]),
            "MAILINGS" => json!(item["mails"].as_array().unwrap().len()),
            "AUDIT" => json!([item["action"], item["actor"]["login"]]),
            _ => continue,
        });
    }
    outcome.sort_by_key(ToString::to_string);
    outcome
}

/// What has been done after the step without a fault.
async fn expected_outcome(fixture: &PendingCodes, step: Step) -> Vec<Value> {
    step.1(fixture).await.is(step.0);
    outcome(&fixture.world).await
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn one_fault_at_any_call_is_retried_and_nothing_is_done_twice(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
    #[values(
        START_REGISTRATION,
        COMPLETE_REGISTRATION,
        START_RESET,
        COMPLETE_RESET,
        START_CHANGE,
        CONFIRM_CHANGE,
        UNBIND
    )]
    step: Step,
) {
    let fixture = PendingCodes::new().await;
    let expected = expected_outcome(&fixture, step).await;
    for call in 0.. {
        fixture.rewind().await;
        fixture.world.faults.arm(fault, call, 1);
        let reply = step.1(&fixture).await;
        if fixture.world.faults.calls() <= call {
            assert!(call > 3, "the step calls the database");
            break;
        }
        fixture.world.faults.disarm();
        assert_eq!(reply.status, step.0, "{fault:?} at call {call}: {reply:?}");
        assert_eq!(outcome(&fixture.world).await, expected, "{fault:?} at call {call}");
    }
}

/// The code was right, but the login is taken.
#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_right_code_leaves_the_code_usable_whichever_reply_is_lost() {
    let fixture = PendingCodes::new().await;
    let (path, body) = &fixture.registration;
    let mut taken = body.clone();
    taken["login"] = json!("bystander");
    for call in 0.. {
        fixture.rewind().await;
        fixture.world.faults.arm(Fault::DropReply, call, 1);
        fixture.world.stranger().post(path, &taken).await.is_problem(Code::LoginTaken);
        if fixture.world.faults.calls() <= call {
            break;
        }
        fixture.world.faults.disarm();
        fixture.world.stranger().post(path, body).await.is(201);
    }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_lasting_fault_is_a_503_within_five_seconds_and_the_retry_converges(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
    #[values(
        START_REGISTRATION,
        COMPLETE_REGISTRATION,
        START_RESET,
        COMPLETE_RESET,
        START_CHANGE,
        CONFIRM_CHANGE,
        UNBIND
    )]
    step: Step,
) {
    let fixture = PendingCodes::new().await;
    let expected = expected_outcome(&fixture, step).await;
    for call in 0.. {
        fixture.rewind().await;
        fixture.world.faults.arm(fault, call, FOREVER);
        let begun = Instant::now();
        let reply = step.1(&fixture).await;
        if fixture.world.faults.calls() <= call {
            break;
        }
        assert!(begun.elapsed() <= Duration::from_secs(5), "{fault:?} from call {call}");
        fixture.world.faults.disarm();
        assert_consistent(&fixture.world).await;
        // A lasting conflict does not refuse reads, so a step that writes nothing succeeds.
        if reply.status != step.0 {
            assert_eq!(reply.is_problem(Code::Unavailable).header("retry-after"), "1");
            // By then the lost request cannot be running any more.
            fixture.world.clock.advance(Duration::from_secs(5));
            let again = step.1(&fixture).await;
            // Each attempt is counted, even if its reply is lost, so the code may be used up by now.
            if fault == Fault::DropReply && again.status == 422 {
                again.is_problem(Code::VerificationFailed);
                continue;
            }
            assert_eq!(again.status, step.0, "{fault:?} from call {call}: {again:?}");
            // Each request for a code begins a flow, even one whose reply is lost.
            if fault == Fault::DropReply && step.0 == 202 {
                continue;
            }
        }
        assert_eq!(outcome(&fixture.world).await, expected, "{fault:?} from call {call}");
    }
}
