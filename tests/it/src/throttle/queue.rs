//! A full queue of expensive computing. What was not verified was no attempt.

use std::sync::{Arc, Mutex, mpsc};

use futures_util::poll;
use rollcall_api::queue;
use rollcall_domain::{Code, verification::FlowPurpose};
use serde_json::json;

use crate::{
    invitations::InvitationFixture,
    support::{
        Client, PASSWORD, Reply, World,
        mailed_codes::{MINA, complete, completion, items, member, new_password, reset, reset_started, started},
    },
};

/// Fills the queue until the value is dropped.
async fn full_queue() -> impl Sized {
    let (release, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let mut jobs = Vec::new();
    loop {
        let held = Arc::clone(&held);
        let mut job = Box::pin(queue::run(move || held.lock().unwrap().recv().is_err()));
        if poll!(&mut job).is_ready() {
            return (release, jobs);
        }
        jobs.push(job);
    }
}

#[tokio::test]
async fn a_password_that_was_not_verified_counts_nowhere() {
    let world = World::new().await;
    let (_, client) = member(&world, "mina", MINA).await;
    let sign_in = json!({"login": "mina", "password": PASSWORD});
    let start = json!({"current_password": PASSWORD});
    let full = full_queue().await;
    for _ in 0..10 {
        world.stranger().post("/v1/login", &sign_in).await.is_problem(Code::Unavailable);
        client.post("/v1/me/totp", &start).await.is_problem(Code::Unavailable);
    }
    drop(full);
    for throttle in items(&world, "LANE#").await {
        assert_eq!(throttle["failures"], 0, "{throttle}");
    }
    world.stranger().post("/v1/login", &sign_in).await.is(200);
}

/// Completes a flow, with a full queue from each of its calls to the database on.
async fn complete_with_full_queue(world: &World, complete: impl AsyncFn(Client) -> Reply) {
    let start = world.snapshot().await;
    let mut refused = 0;
    for at in 0.. {
        world.rewind(&start).await;
        let pause = world.faults.pause(at);
        let (reply, full) = pause.run(complete(world.stranger()), full_queue()).await;
        let Some(full) = full else { break };
        drop(full);
        if reply.status == 503 {
            refused += 1;
            let flows = items(world, "FLOW#").await;
            assert!(flows.iter().all(|flow| flow["tries"] == 0), "{at}: {flows:?}");
            for kind in ["network", "redeemer", "redeeming-network"] {
                let throttles = items(world, &format!("LANE#{kind}#")).await;
                assert!(throttles.iter().all(|throttle| throttle["failures"] == 0), "{at}: {throttles:?}");
            }
        }
        assert!(matches!(reply.status, 201 | 204 | 503), "{reply:?}");
    }
    assert!(refused >= 3, "{refused}");
}

#[tokio::test]
async fn a_right_mailed_code_whose_password_was_not_hashed_counts_nowhere() {
    let fixture = InvitationFixture::new().await;
    let world = &fixture.world;
    let id = started(&world.stranger(), MINA).await;
    let mut body = completion(&world.code(&id, FlowPurpose::Registration).await, "mina");
    body["invitation_code"] = json!(fixture.code().await);
    complete_with_full_queue(world, async |client: Client| complete(&client, &id, &body).await).await;
}

#[tokio::test]
async fn a_right_code_of_a_reset_whose_password_was_not_hashed_counts_nowhere() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let id = reset_started(&world.stranger(), MINA).await;
    let body = new_password(&world.code(&id, FlowPurpose::PasswordReset).await, "another horse staple");
    complete_with_full_queue(&world, async |client: Client| reset(&client, &id, &body).await).await;
}
