//! Invitations whose time ran out while the database's own housekeeping slept.

use futures_util::future::join_all;
use rollcall_domain::permission::UserType;
use serde_json::Value;

use super::*;
use crate::{
    invitations::{Scene, audited, code_of, redeem},
    support::{
        consistency::everything_agrees,
        faults::Fault,
        mailed_codes::{MILLISECOND, items},
    },
};

const DAY: Duration = Duration::from_hours(24);

impl Scene {
    async fn statuses(&self) -> Vec<String> {
        let listed = self.inviter.get(&format!("{}/invitations", self.team)).await;
        let items = listed.is(200).body["items"].as_array().unwrap().clone();
        items.iter().map(|invitation| invitation["status"].as_str().unwrap().to_owned()).collect()
    }

    async fn reissue(&self, issued: &Value) -> crate::support::Reply {
        let id = issued["invitation"]["invitation_id"].as_str().unwrap();
        self.inviter.post(&format!("{}/invitations/{id}/reissue", self.team), &Value::Null).await
    }
}

async fn expired(world: &World) -> u64 {
    run(world).await["invitations_expired"].as_u64().unwrap()
}

#[tokio::test]
async fn what_ran_out_is_shown_so_at_once_and_cleaned_once() {
    let mut scene = Scene::new().await;
    let role = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = scene.inviter.post(&format!("{}/roles", scene.team), &role).await.is(201).body["role_id"].clone();
    let mut codes = Vec::new();
    for body in
        [json!({"role_id": "developer"}), json!({"role_id": role}), json!({"role_id": "operator", "login": "mina"})]
    {
        codes.push(code_of(&scene.issue(&body).await));
    }
    scene.world.clock.advance(Duration::from_mins(1));
    let fresh = scene.code().await;
    scene.world.clock.advance(Duration::from_mins(24 * 60 - 1));
    scene.wake_up().await;
    assert_eq!(scene.statuses().await, ["live", "expired", "expired", "expired"]);
    assert_eq!(items(&scene.world, "CODE#").await.len(), 5, "nothing is written yet, and the codes are there");
    for code in &codes {
        redeem(&scene.world.redeemer(&format!("p{code}")).await, code).await.is_problem(Code::InvitationInvalid);
    }
    // The one elsewhere ran out as well.
    assert_eq!(run(&scene.world).await["invitations_expired"], 4);
    assert_eq!(items(&scene.world, "CODE#").await.len(), 1);
    everything_agrees(&scene.world).await;
    let records = audited(&scene.world, "invitation.expire").await;
    let own: Vec<_> = records.iter().filter(|record| record["team_id"] == scene.team_id.to_string()).collect();
    assert_eq!(own.len(), 3);
    for record in own {
        assert_eq!((&record["actor"], &record["address"]), (&Value::Null, &Value::Null));
        assert_eq!((&record["before"]["status"], &record["after"]["status"]), (&json!("live"), &json!("expired")));
    }
    let before = scene.world.dump().await.len();
    for _ in 0..3 {
        assert_eq!(run(&scene.world).await["invitations_expired"], 0, "twice is once");
        scene.world.clock.advance(Duration::from_secs(15));
    }
    assert_eq!(scene.world.dump().await.len(), before, "nothing further is written");
    for code in &codes {
        redeem(&scene.world.redeemer(&format!("q{code}")).await, code).await.is_problem(Code::InvitationInvalid);
    }
    redeem(&scene.world.redeemer("early").await, &fresh).await.is(200);
    assert_eq!(scene.statuses().await, ["redeemed", "expired", "expired", "expired"]);
    everything_agrees(&scene.world).await;
}

/// L9, L10: late by as much as the database may be, and by a clock that steps back and forth.
#[rstest::rstest]
#[case::at_once(Duration::ZERO)]
#[case::days_late(Duration::from_hours(47))]
#[case::as_late_as_the_history(Duration::from_secs(30 * 24 * 60 * 60 - 1))]
#[tokio::test]
async fn however_late_the_first_run_is_it_finds_all(#[case] late: Duration) {
    let scene = Scene::new().await;
    scene.world.admin().await;
    for hour in 0..5 {
        scene.world.clock.advance(Duration::from_mins(59));
        let owner = scene.world.signed_in(&scene.owner).await;
        let body = json!({"role_id": "developer"});
        owner.post(&format!("{}/invitations", scene.team), &body).await.is(201);
        assert_eq!(items(&scene.world, "CODE#").await.len(), hour + 2);
    }
    scene.world.clock.advance(DAY + late);
    assert_eq!(run(&scene.world).await["invitations_expired"], 6);
    assert_eq!(audited(&scene.world, "invitation.expire").await.len(), 6);
    everything_agrees(&scene.world).await;
    assert_eq!(expired(&scene.world).await, 0);
}

#[tokio::test]
async fn a_clock_that_steps_neither_revives_an_invitation_nor_loses_one() {
    let mut scene = Scene::new().await;
    scene.world.admin().await;
    let first = scene.code().await;
    scene.world.clock.advance(Duration::from_mins(3));
    let second = scene.code().await;
    // Five minutes fast: both ran out for this run, and stay so when the clock steps back.
    scene.world.clock.advance(DAY + Duration::from_mins(1));
    assert_eq!(expired(&scene.world).await, 3);
    scene.world.clock.retreat(Duration::from_mins(5));
    scene.wake_up().await;
    for (login, code) in [("mina", &first), ("jisoo", &second)] {
        redeem(&scene.world.redeemer(login).await, code).await.is_problem(Code::InvitationInvalid);
    }
    assert_eq!((expired(&scene.world).await, scene.statuses().await), (0, vec!["expired".to_owned(); 2]));
    // Five minutes slow: a run that sees nothing due leaves it to the next.
    let third = scene.code().await;
    scene.world.clock.advance(DAY);
    scene.world.clock.retreat(Duration::from_mins(5));
    assert_eq!(expired(&scene.world).await, 0);
    scene.world.clock.advance(Duration::from_mins(5));
    redeem(&scene.world.redeemer("dora").await, &third).await.is_problem(Code::InvitationInvalid);
    assert_eq!(expired(&scene.world).await, 1);
    everything_agrees(&scene.world).await;
}

/// K6: at the very moment at which an invitation runs out it is issued again, while two runs clean up.
#[tokio::test(start_paused = true)]
async fn what_is_reissued_while_the_cleanup_runs_survives() {
    for round in 0..12 {
        let mut scene = Scene::new().await;
        let issued = scene.issue(&json!({"role_id": "developer"})).await;
        scene.world.clock.advance(DAY);
        scene.wake_up().await;
        scene.world.faults.conflicts_like_dynamodb(round % 2 == 0);
        let cleaning: Vec<_> = (0..2)
            .map(|_| tokio::spawn(cleanup::run(scene.world.context.clone(), cleanup::CleanupEvent::default())))
            .collect();
        let reissued = scene.reissue(&issued).await;
        let reports = join_all(cleaning).await;
        assert!(reports.into_iter().all(|report| report.unwrap().is_ok()));
        let fresh = code_of(&reissued.is(201).body);
        expired(&scene.world).await;
        everything_agrees(&scene.world).await;
        assert_eq!(scene.statuses().await, ["live", "expired"]);
        let id = &issued["invitation"]["invitation_id"];
        let records = audited(&scene.world, "invitation.expire").await;
        assert_eq!(records.iter().filter(|record| record["target"]["id"] == *id).count(), 1, "told once");
        redeem(&scene.world.redeemer("late").await, &code_of(&issued)).await.is_problem(Code::InvitationInvalid);
        redeem(&scene.world.redeemer("mina").await, &fresh).await.is(200);
        everything_agrees(&scene.world).await;
    }
}

/// K6, step by step: one of the two is held up between its reading and its writing, and the other is quicker.
#[tokio::test(start_paused = true)]
async fn whoever_of_reissue_and_cleanup_is_slower_decides_anew() {
    for cleanup_is_slower in [false, true] {
        let mut scene = Scene::new().await;
        scene.world.clock.advance(MILLISECOND);
        let issued = scene.issue(&json!({"role_id": "developer"})).await;
        scene.world.clock.advance(DAY);
        scene.wake_up().await;
        scene.world.faults.arm_transactions(Fault::Hang, usize::from(cleanup_is_slower), 1);
        let (reissued, report) = if cleanup_is_slower {
            // The first of its transactions ends the invitation elsewhere; the second hangs.
            let later = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                scene.reissue(&issued).await
            };
            tokio::join!(later, run(&scene.world))
        } else {
            let later = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                run(&scene.world).await
            };
            tokio::join!(scene.reissue(&issued), later)
        };
        assert_eq!(report["invitations_expired"], if cleanup_is_slower { 1 } else { 2 });
        assert_eq!(scene.statuses().await, ["live", "expired"]);
        assert_eq!(audited(&scene.world, "invitation.expire").await.len(), 2);
        everything_agrees(&scene.world).await;
        redeem(&scene.world.redeemer("mina").await, &code_of(&reissued.is(201).body)).await.is(200);
        everything_agrees(&scene.world).await;
    }
}

/// What changes under the cleanup's hands is not left behind: the role of an invitation is edited between its reading
/// and its writing, and hours later nothing is live that ran out.
#[tokio::test(start_paused = true)]
async fn an_invitation_whose_role_changes_meanwhile_is_not_left_behind() {
    let mut scene = Scene::new().await;
    scene.world.admin().await;
    let role = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = scene.inviter.post(&format!("{}/roles", scene.team), &role).await.is(201).body["role_id"].clone();
    let path = format!("{}/roles/{}", scene.team, role.as_str().unwrap());
    scene.world.clock.advance(MILLISECOND);
    scene.issue(&json!({"role_id": role})).await;
    // Late enough for the run to leave that hour behind.
    scene.world.clock.advance(DAY + Duration::from_mins(90));
    scene.wake_up().await;
    run_with_the_second_transaction_late(&scene.world, async {
        scene.inviter.patch(&path, &json!({"permissions": ["team.read", "audit.read"]})).await.is(200);
    })
    .await;
    scene.world.clock.advance(Duration::from_hours(3));
    run(&scene.world).await;
    run(&scene.world).await;
    scene.wake_up().await;
    everything_agrees(&scene.world).await;
    assert_eq!(audited(&scene.world, "invitation.expire").await.len(), 2);
    scene.inviter.delete(&path).await.is(204);
    assert!(items(&scene.world, "CODE#").await.is_empty());
}

/// Runs the cleanup, whose second transaction is held up until this is done.
async fn run_with_the_second_transaction_late(world: &World, done: impl Future<Output = ()>) {
    world.faults.arm_transactions(Fault::Hang, 1, 1);
    let midway = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        done.await;
    };
    tokio::join!(run(world), midway);
}

/// K8: of two at once one does the work, and what they report adds up to it.
#[tokio::test(start_paused = true)]
async fn of_two_runs_at_once_one_does_the_work() {
    for round in 0..6 {
        let scene = Scene::new().await;
        for _ in 0..20 {
            scene.code().await;
        }
        scene.world.clock.advance(DAY);
        scene.world.faults.conflicts_like_dynamodb(round % 2 == 0);
        let runs: Vec<_> = (0..2)
            .map(|_| tokio::spawn(cleanup::run(scene.world.context.clone(), cleanup::CleanupEvent::default())))
            .collect();
        let reports: Vec<_> = join_all(runs).await.into_iter().map(|report| report.unwrap().unwrap()).collect();
        assert_eq!(reports.iter().map(|report| report.invitations_expired).sum::<usize>(), 21);
        assert!(reports.iter().any(|report| report.invitations_expired == 0), "{reports:?}");
        assert_eq!(audited(&scene.world, "invitation.expire").await.len(), 21);
        everything_agrees(&scene.world).await;
    }
}

/// What somebody joined by, or took back, does not run out.
#[tokio::test]
async fn what_has_ended_stays_as_it_ended() {
    let mut scene = Scene::new().await;
    let redeemed = scene.code().await;
    redeem(&scene.world.redeemer("mina").await, &redeemed).await.is(200);
    scene.world.clock.advance(MILLISECOND);
    let revoked = scene.issue(&json!({"role_id": "developer"})).await;
    let id = revoked["invitation"]["invitation_id"].as_str().unwrap();
    scene.inviter.delete(&format!("{}/invitations/{id}", scene.team)).await.is(204);
    scene.world.clock.advance(DAY);
    assert_eq!(expired(&scene.world).await, 1, "the one elsewhere");
    scene.wake_up().await;
    assert_eq!(scene.statuses().await, ["revoked", "redeemed"]);
    // The history is over 30 days after the end, to the second, though the items are there.
    scene.world.clock.advance(Duration::from_secs(30 * 24 * 60 * 60 - 1));
    scene.wake_up().await;
    assert_eq!(scene.statuses().await, ["revoked", "redeemed"]);
    scene.world.clock.advance(Duration::from_secs(1));
    scene.wake_up().await;
    assert_eq!(scene.statuses().await, [] as [String; 0]);
    let (_, admin) = scene.world.user("boss", UserType::PlatformAdmin, []).await;
    admin.post(&format!("{}/invitations/{id}/reissue", scene.team), &Value::Null).await.is_problem(Code::NotFound);
    everything_agrees(&scene.world).await;
}
