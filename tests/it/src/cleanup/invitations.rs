//! Expired invitations. The time-to-live of the database never deletes anything here.

use futures_util::future::join_all;
use rollcall_domain::permission::UserType;
use serde_json::Value;

use super::*;
use crate::{
    invitations::{InvitationFixture, audited, code_of, redeem},
    support::{
        consistency::assert_consistent,
        faults::Fault,
        mailed_codes::{MILLISECOND, items},
    },
};

const DAY: Duration = Duration::from_hours(24);

impl InvitationFixture {
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
async fn an_expired_invitation_is_shown_as_such_at_once_and_cleaned_up_once() {
    let mut fixture = InvitationFixture::new().await;
    let role = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = fixture.inviter.post(&format!("{}/roles", fixture.team), &role).await.is(201).body["role_id"].clone();
    let mut codes = Vec::new();
    for body in
        [json!({"role_id": "developer"}), json!({"role_id": role}), json!({"role_id": "operator", "login": "mina"})]
    {
        codes.push(code_of(&fixture.issue(&body).await));
    }
    fixture.world.clock.advance(Duration::from_mins(1));
    let fresh = fixture.code().await;
    fixture.world.clock.advance(Duration::from_mins(24 * 60 - 1));
    fixture.sign_in_again().await;
    assert_eq!(fixture.statuses().await, ["live", "expired", "expired", "expired"]);
    assert_eq!(items(&fixture.world, "CODE#").await.len(), 5, "nothing is written yet, and the code items still exist");
    for code in &codes {
        redeem(&fixture.world.redeemer(&format!("p{code}")).await, code).await.is_problem(Code::InvitationInvalid);
    }
    // The invitation of the other team has expired as well.
    assert_eq!(run(&fixture.world).await["invitations_expired"], 4);
    assert_eq!(items(&fixture.world, "CODE#").await.len(), 1);
    assert_consistent(&fixture.world).await;
    let records = audited(&fixture.world, "invitation.expire").await;
    let own: Vec<_> = records.iter().filter(|record| record["team_id"] == fixture.team_id.to_string()).collect();
    assert_eq!(own.len(), 3);
    for record in own {
        assert_eq!((&record["actor"], &record["address"]), (&Value::Null, &Value::Null));
        assert_eq!((&record["before"]["status"], &record["after"]["status"]), (&json!("live"), &json!("expired")));
    }
    let before = fixture.world.dump().await.len();
    for _ in 0..3 {
        assert_eq!(run(&fixture.world).await["invitations_expired"], 0, "the cleanup is idempotent");
        fixture.world.clock.advance(Duration::from_secs(15));
    }
    assert_eq!(fixture.world.dump().await.len(), before, "nothing more is written");
    for code in &codes {
        redeem(&fixture.world.redeemer(&format!("q{code}")).await, code).await.is_problem(Code::InvitationInvalid);
    }
    redeem(&fixture.world.redeemer("early").await, &fresh).await.is(200);
    assert_eq!(fixture.statuses().await, ["redeemed", "expired", "expired", "expired"]);
    assert_consistent(&fixture.world).await;
}

#[rstest::rstest]
#[case::at_once(Duration::ZERO)]
#[case::days_late(Duration::from_hours(47))]
#[case::as_late_as_the_history(Duration::from_secs(30 * 24 * 60 * 60 - 1))]
#[tokio::test]
async fn a_late_first_run_finds_everything(#[case] late: Duration) {
    let fixture = InvitationFixture::new().await;
    fixture.world.admin().await;
    for hour in 0..5 {
        fixture.world.clock.advance(Duration::from_mins(59));
        let owner = fixture.world.signed_in(&fixture.owner).await;
        let body = json!({"role_id": "developer"});
        owner.post(&format!("{}/invitations", fixture.team), &body).await.is(201);
        assert_eq!(items(&fixture.world, "CODE#").await.len(), hour + 2);
    }
    fixture.world.clock.advance(DAY + late);
    assert_eq!(run(&fixture.world).await["invitations_expired"], 6);
    assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 6);
    assert_consistent(&fixture.world).await;
    assert_eq!(expired(&fixture.world).await, 0);
}

#[tokio::test]
async fn clock_steps_neither_revive_nor_lose_an_invitation() {
    let mut fixture = InvitationFixture::new().await;
    fixture.world.admin().await;
    let first = fixture.code().await;
    fixture.world.clock.advance(Duration::from_mins(3));
    let second = fixture.code().await;
    // Five minutes fast: both expire in this run, and stay expired when the clock steps back.
    fixture.world.clock.advance(DAY + Duration::from_mins(1));
    assert_eq!(expired(&fixture.world).await, 3);
    fixture.world.clock.retreat(Duration::from_mins(5));
    fixture.sign_in_again().await;
    for (login, code) in [("mina", &first), ("jisoo", &second)] {
        redeem(&fixture.world.redeemer(login).await, code).await.is_problem(Code::InvitationInvalid);
    }
    assert_eq!((expired(&fixture.world).await, fixture.statuses().await), (0, vec!["expired".to_owned(); 2]));
    // Five minutes slow: nothing is due for this run, and the next one does the work.
    let third = fixture.code().await;
    fixture.world.clock.advance(DAY);
    fixture.world.clock.retreat(Duration::from_mins(5));
    assert_eq!(expired(&fixture.world).await, 0);
    fixture.world.clock.advance(Duration::from_mins(5));
    redeem(&fixture.world.redeemer("dora").await, &third).await.is_problem(Code::InvitationInvalid);
    assert_eq!(expired(&fixture.world).await, 1);
    assert_consistent(&fixture.world).await;
}

/// The invitation is reissued at the moment it expires, during two runs.
#[tokio::test(start_paused = true)]
async fn an_invitation_reissued_during_the_cleanup_survives() {
    for round in 0..12 {
        let mut fixture = InvitationFixture::new().await;
        let issued = fixture.issue(&json!({"role_id": "developer"})).await;
        fixture.world.clock.advance(DAY);
        fixture.sign_in_again().await;
        fixture.world.faults.conflicts_like_dynamodb(round % 2 == 0);
        let cleaning: Vec<_> = (0..2)
            .map(|_| tokio::spawn(cleanup::run(fixture.world.context.clone(), cleanup::CleanupEvent::default())))
            .collect();
        let reissued = fixture.reissue(&issued).await;
        let reports = join_all(cleaning).await;
        assert!(reports.into_iter().all(|report| report.unwrap().is_ok()));
        let fresh = code_of(&reissued.is(201).body);
        expired(&fixture.world).await;
        assert_consistent(&fixture.world).await;
        assert_eq!(fixture.statuses().await, ["live", "expired"]);
        let id = &issued["invitation"]["invitation_id"];
        let records = audited(&fixture.world, "invitation.expire").await;
        assert_eq!(records.iter().filter(|record| record["target"]["id"] == *id).count(), 1, "recorded once");
        redeem(&fixture.world.redeemer("late").await, &code_of(&issued)).await.is_problem(Code::InvitationInvalid);
        redeem(&fixture.world.redeemer("mina").await, &fresh).await.is(200);
        assert_consistent(&fixture.world).await;
    }
}

/// One of the two is delayed between its read and its write, and the other one finishes first.
#[tokio::test(start_paused = true)]
async fn the_slower_of_reissue_and_cleanup_decides_again() {
    for cleanup_is_slower in [false, true] {
        let mut fixture = InvitationFixture::new().await;
        fixture.world.clock.advance(MILLISECOND);
        let issued = fixture.issue(&json!({"role_id": "developer"})).await;
        fixture.world.clock.advance(DAY);
        fixture.sign_in_again().await;
        fixture.world.faults.arm_transactions(Fault::Hang, usize::from(cleanup_is_slower), 1);
        let (reissued, report) = if cleanup_is_slower {
            // Its first transaction expires the invitation of the other team; the second hangs.
            let later = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                fixture.reissue(&issued).await
            };
            tokio::join!(later, run(&fixture.world))
        } else {
            let later = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                run(&fixture.world).await
            };
            tokio::join!(fixture.reissue(&issued), later)
        };
        assert_eq!(report["invitations_expired"], if cleanup_is_slower { 1 } else { 2 });
        assert_eq!(fixture.statuses().await, ["live", "expired"]);
        assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 2);
        assert_consistent(&fixture.world).await;
        redeem(&fixture.world.redeemer("mina").await, &code_of(&reissued.is(201).body)).await.is(200);
        assert_consistent(&fixture.world).await;
    }
}

/// The role of an invitation is edited between the read and the write of the cleanup.
#[tokio::test(start_paused = true)]
async fn an_invitation_whose_role_changes_meanwhile_still_expires() {
    let mut fixture = InvitationFixture::new().await;
    fixture.world.admin().await;
    let role = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = fixture.inviter.post(&format!("{}/roles", fixture.team), &role).await.is(201).body["role_id"].clone();
    let path = format!("{}/roles/{}", fixture.team, role.as_str().unwrap());
    fixture.world.clock.advance(MILLISECOND);
    fixture.issue(&json!({"role_id": role})).await;
    // Late enough for the run to close that hour.
    fixture.world.clock.advance(DAY + Duration::from_mins(90));
    fixture.sign_in_again().await;
    run_with_the_second_transaction_late(&fixture.world, async {
        fixture.inviter.patch(&path, &json!({"permissions": ["team.read", "audit.read"]})).await.is(200);
    })
    .await;
    fixture.world.clock.advance(Duration::from_hours(3));
    run(&fixture.world).await;
    run(&fixture.world).await;
    fixture.sign_in_again().await;
    assert_consistent(&fixture.world).await;
    assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 2);
    fixture.inviter.delete(&path).await.is(204);
    assert!(items(&fixture.world, "CODE#").await.is_empty());
}

/// Runs the cleanup and delays its second transaction until `change` has finished.
async fn run_with_the_second_transaction_late(world: &World, change: impl Future<Output = ()>) {
    world.faults.arm_transactions(Fault::Hang, 1, 1);
    let interference = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        change.await;
    };
    tokio::join!(run(world), interference);
}

/// The other one is skipped, and the reports add up to the work.
#[tokio::test(start_paused = true)]
async fn of_two_concurrent_runs_one_does_the_work() {
    for round in 0..6 {
        let fixture = InvitationFixture::new().await;
        for _ in 0..20 {
            fixture.code().await;
        }
        fixture.world.clock.advance(DAY);
        fixture.world.faults.conflicts_like_dynamodb(round % 2 == 0);
        let runs: Vec<_> = (0..2)
            .map(|_| tokio::spawn(cleanup::run(fixture.world.context.clone(), cleanup::CleanupEvent::default())))
            .collect();
        let reports: Vec<_> = join_all(runs).await.into_iter().map(|report| report.unwrap().unwrap()).collect();
        assert_eq!(reports.iter().map(|report| report.invitations_expired).sum::<usize>(), 21);
        assert!(reports.iter().any(|report| report.invitations_expired == 0), "{reports:?}");
        assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 21);
        assert_consistent(&fixture.world).await;
    }
}

#[tokio::test]
async fn redeemed_and_revoked_invitations_do_not_expire() {
    let mut fixture = InvitationFixture::new().await;
    let redeemed = fixture.code().await;
    redeem(&fixture.world.redeemer("mina").await, &redeemed).await.is(200);
    fixture.world.clock.advance(MILLISECOND);
    let revoked = fixture.issue(&json!({"role_id": "developer"})).await;
    let id = revoked["invitation"]["invitation_id"].as_str().unwrap();
    fixture.inviter.delete(&format!("{}/invitations/{id}", fixture.team)).await.is(204);
    fixture.world.clock.advance(DAY);
    assert_eq!(expired(&fixture.world).await, 1, "the invitation of the other team");
    fixture.sign_in_again().await;
    assert_eq!(fixture.statuses().await, ["revoked", "redeemed"]);
    // The history is hidden 30 days after the end, to the second, although the items still exist.
    fixture.world.clock.advance(Duration::from_secs(30 * 24 * 60 * 60 - 1));
    fixture.sign_in_again().await;
    assert_eq!(fixture.statuses().await, ["revoked", "redeemed"]);
    fixture.world.clock.advance(Duration::from_secs(1));
    fixture.sign_in_again().await;
    assert_eq!(fixture.statuses().await, [] as [String; 0]);
    let (_, admin) = fixture.world.user("boss", UserType::PlatformAdmin, []).await;
    admin.post(&format!("{}/invitations/{id}/reissue", fixture.team), &Value::Null).await.is_problem(Code::NotFound);
    assert_consistent(&fixture.world).await;
}
