//! The scheduled cleanup, interrupted at any of its calls: the next run finishes the work, and nothing is done twice.
//!
//! A run makes a hundred calls. The store treats throttling, server errors and conflicts alike, which the other modules
//! here verify, so one of them is tested.

use std::{collections::BTreeMap, time::Duration};

use rollcall_domain::{
    limits::CLEANUP_LEASE,
    permission::{Preset, UserType},
};
use rstest::rstest;
use serde_json::json;

use crate::{
    cleanup::{create_late_account, deleted, enqueue_mail, run},
    invitations::InvitationFixture,
    support::{
        World,
        consistency::assert_consistent,
        faults::{FOREVER, Fault},
    },
};

/// A world in which one of everything that the cleanup handles is due.
async fn due_work() -> InvitationFixture {
    let mut fixture = InvitationFixture::new().await;
    let admin = fixture.world.admin().await;
    let helpers = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = fixture.inviter.post(&format!("{}/roles", fixture.team), &helpers).await.is(201).body["role_id"].clone();
    for body in [json!({"role_id": role}), json!({"role_id": "developer", "login": "mina"})] {
        fixture.issue(&body).await;
    }
    for (login, role, hours) in [("ending", role.as_str().unwrap(), 1), ("chief", "admin", 24), ("told", "admin", 96)] {
        fixture.world.member_for(login, (fixture.team_id, role), Duration::from_hours(hours)).await;
    }
    let doomed = fixture.world.team("Doomed").await;
    let (_, doomed_admin) = fixture.world.user("boss", UserType::Member, [(doomed, "admin")]).await;
    for number in 0..2 {
        let teams = [(doomed, Preset::Reviewer.into())].into_iter().collect();
        fixture.world.user_as(&format!("doomed{number}"), UserType::Member, |user| user.teams = teams).await;
    }
    let path = format!("/v1/teams/{doomed}");
    doomed_admin.post(&format!("{path}/roles"), &helpers).await.is(201);
    doomed_admin.post(&format!("{path}/invitations"), &json!({"role_id": "developer"})).await.is(201);
    deleted(&fixture.world, &admin, "Gone").await;
    let kept = deleted(&fixture.world, &admin, "Kept").await;
    create_late_account(&fixture.world, &kept).await;
    admin.delete(&path).await.is(204);
    enqueue_mail(&fixture.world, fixture.world.now()).await;
    fixture.world.clock.advance(Duration::from_hours(24));
    fixture.sign_in_again().await;
    fixture.code().await;
    fixture
}

/// Asserts the invariants and returns the number of items of each kind and state, audit records included.
async fn state(world: &World) -> BTreeMap<String, usize> {
    let mut state = BTreeMap::new();
    for item in assert_consistent(world).await.stored {
        let pk = item["pk"].as_str().unwrap().split('#').next().unwrap();
        let sk = item["sk"].as_str().unwrap().split('#').next().unwrap();
        let sk = if matches!(pk, "AUDIT" | "SESSIONS") { "" } else { sk };
        let what = ["action", "status", "deleting_at", "leased_until"].map(|field| match field {
            "deleting_at" | "leased_until" => json!(item.get(field).is_some()),
            _ => item[field].clone(),
        });
        *state.entry(format!("{pk} {sk} {what:?}")).or_default() += 1;
    }
    state
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_run_killed_at_any_call_is_finished_by_the_next(#[values(Fault::Hang, Fault::DropReply)] fault: Fault) {
    let fixture = due_work().await;
    let start = fixture.world.snapshot().await;
    let expected = {
        let report = json!({
            "skipped": false, "hours": 25, "apps_deleted": 1, "apps_restored": 1, "invitations_expired": 3,
            "members_expired": 2, "members_reminded": 1, "members_removed": 3, "teams_deleted": 1, "mails_driven": 1,
            "jobs_driven": 0, "keys_reminded": 0, "more": false
        });
        assert_eq!(run(&fixture.world).await, report);
        state(&fixture.world).await
    };
    for call in 0.. {
        fixture.world.rewind(&start).await;
        fixture.world.faults.arm(fault, call, FOREVER);
        // Killed while it waits for the reply. The run does not learn whether the call was carried out.
        let killed = tokio::time::timeout(Duration::from_millis(1), run_once(&fixture.world)).await;
        if fixture.world.faults.calls() <= call {
            assert!(call > 20, "{call}");
            killed.unwrap();
            break;
        }
        fixture.world.faults.disarm();
        // The killed run may still hold the lease. The next one is skipped at most until the lease expires.
        run(&fixture.world).await;
        fixture.world.clock.advance(CLEANUP_LEASE);
        assert_eq!(run(&fixture.world).await["skipped"], false, "{fault:?} at call {call}");
        assert_eq!(state(&fixture.world).await, expected, "{fault:?} at call {call}");
        let idle = run(&fixture.world).await;
        for count in [
            "apps_deleted",
            "apps_restored",
            "invitations_expired",
            "members_expired",
            "members_reminded",
            "members_removed",
            "teams_deleted",
        ] {
            assert_eq!(idle[count], 0, "{fault:?} at call {call}");
        }
    }
}

async fn run_once(world: &World) {
    // The outcome does not matter: the run is killed, or its calls fail.
    drop(cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await);
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn one_fault_at_any_call_of_a_run_is_retried(#[values(Fault::ServerError, Fault::DropReply)] fault: Fault) {
    let fixture = due_work().await;
    let start = fixture.world.snapshot().await;
    run(&fixture.world).await;
    let expected = state(&fixture.world).await;
    for call in 0.. {
        fixture.world.rewind(&start).await;
        fixture.world.faults.arm(fault, call, 1);
        let report = run(&fixture.world).await;
        if fixture.world.faults.calls() <= call {
            break;
        }
        fixture.world.faults.disarm();
        assert_eq!(report["skipped"], false, "{fault:?} at call {call}");
        assert_eq!(state(&fixture.world).await, expected, "{fault:?} at call {call}");
    }
}

/// The lease of the failed run is released or expires.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_run_that_fails_is_finished_by_the_next(#[values(Fault::ServerError, Fault::Hang)] fault: Fault) {
    let fixture = due_work().await;
    let start = fixture.world.snapshot().await;
    run(&fixture.world).await;
    let expected = state(&fixture.world).await;
    for call in 0.. {
        fixture.world.rewind(&start).await;
        fixture.world.faults.arm(fault, call, FOREVER);
        let ended = cleanup::run(fixture.world.context.clone(), cleanup::CleanupEvent::default()).await;
        if fixture.world.faults.calls() <= call {
            break;
        }
        assert!(ended.is_err(), "{fault:?} from call {call}");
        fixture.world.faults.disarm();
        fixture.world.clock.advance(CLEANUP_LEASE);
        run(&fixture.world).await;
        assert_eq!(state(&fixture.world).await, expected, "{fault:?} from call {call}");
    }
}
