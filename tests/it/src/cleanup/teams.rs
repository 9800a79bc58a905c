//! The items of deleted teams are removed in steps.

use rollcall_domain::{
    id::TeamId,
    limits::TEAM_CLEANUP_STEPS,
    permission::{Preset, UserType},
};
use serde_json::Value;

use super::*;
use crate::{
    invitations::{InvitationFixture, audited, code_of, redeem},
    support::{consistency::assert_consistent, faults::Fault, mailed_codes::items},
};

impl InvitationFixture {
    /// Adds members to the team, written without the API.
    async fn add_members(&self, members: usize) {
        for number in 0..members {
            let teams = [(self.team_id, Preset::Reviewer.into())].into_iter().collect();
            self.world.user_as(&format!("member{number}"), UserType::Member, |user| user.teams = teams).await;
        }
    }

    /// Adds custom roles and invitations: live, redeemed, revoked and expired ones, bound and unbound.
    async fn add_roles_and_invitations(&mut self) -> Vec<String> {
        let mut codes = Vec::new();
        for name in ["Helpers", "Readers"] {
            let body = json!({"name": name, "permissions": ["team.read"]});
            let created = self.inviter.post(&format!("{}/roles", self.team), &body).await;
            let role = created.is(201).body["role_id"].clone();
            codes.push(code_of(&self.issue(&json!({"role_id": role})).await));
        }
        self.world.clock.advance(Duration::from_hours(24));
        self.sign_in_again().await;
        codes.push(code_of(&self.issue(&json!({"role_id": "operator", "login": "mina"})).await));
        for number in 0..120 {
            let issued = self.issue(&json!({"role_id": "developer"})).await;
            let id = issued["invitation"]["invitation_id"].as_str().unwrap();
            match number % 3 {
                0 => drop(self.inviter.delete(&format!("{}/invitations/{id}", self.team)).await.is(204)),
                _ => codes.push(code_of(&issued)),
            }
        }
        redeem(&self.world.redeemer("joined").await, codes.last().unwrap()).await.is(200);
        codes
    }

    async fn remaining_items(&self) -> Vec<Value> {
        items(&self.world, &format!("TEAM#{}", self.team_id)).await
    }

    async fn remaining_members(&self) -> usize {
        let team_id = self.team_id.to_string();
        items(&self.world, "USER#").await.iter().filter(|user| user["teams"].get(&team_id).is_some()).count()
    }
}

#[tokio::test]
async fn the_last_item_of_a_deleted_team_is_removed() {
    let mut fixture = InvitationFixture::new().await;
    fixture.add_members(250).await;
    let codes = fixture.add_roles_and_invitations().await;
    assert_consistent(&fixture.world).await;
    let admin = fixture.world.admin().await;
    admin.delete(&fixture.team).await.is(204);
    fixture.inviter.get(&fixture.team).await.is_problem(Code::NotFound);
    assert_eq!(
        fixture.inviter.get("/v1/me").await.is(200).body["teams"],
        json!([]),
        "the team disappears for everyone at once"
    );
    redeem(&fixture.world.redeemer("mina").await, &codes[2]).await.is_problem(Code::InvitationInvalid);
    let again = json!({"name": "Northwind"});
    admin.post("/v1/teams", &again).await.is(201);
    assert_eq!(fixture.remaining_members().await, 252);

    let report = run(&fixture.world).await;
    // The owner, 250 members and the one who redeemed. The expired invitation is the other team's.
    assert_eq!((&report["members_removed"], &report["teams_deleted"]), (&json!(252), &json!(1)));
    assert_eq!((&report["invitations_expired"], &report["more"]), (&json!(1), &json!(false)));
    assert_eq!(fixture.remaining_items().await, [] as [Value; 0]);
    assert_eq!(items(&fixture.world, "CODE#").await, [] as [Value; 0]);
    assert_eq!(fixture.remaining_members().await, 0);
    assert_eq!(fixture.world.store().breaker().await.unwrap().live, 0);
    assert_consistent(&fixture.world).await;
    let report = run(&fixture.world).await;
    assert_eq!(
        (&report["members_removed"], &report["teams_deleted"]),
        (&json!(0), &json!(0)),
        "the cleanup is idempotent"
    );
    for (number, code) in codes.iter().take(10).enumerate() {
        let late = fixture.world.redeemer(&format!("late{number}")).await.at(&format!("10.0.0.{number}"));
        redeem(&late, code).await.is_problem(Code::InvitationInvalid);
    }
    let names = admin.get("/v1/teams").await;
    assert_eq!(
        names.is(200).body["items"].as_array().unwrap().len(),
        2,
        "the other team, and the new one of the same name"
    );
}

/// The team has more items than one run removes.
#[rstest::rstest]
#[case::at_once(Duration::ZERO)]
#[case::after_days(Duration::from_hours(50))]
#[tokio::test]
async fn a_run_removes_a_part_of_a_large_team_and_the_next_continues(#[case] late: Duration) {
    let fixture = InvitationFixture::new().await;
    let admin = fixture.world.admin().await;
    fixture.add_members(TEAM_CLEANUP_STEPS - 1).await;
    for name in ["Helpers", "Readers"] {
        let body = json!({"name": name, "permissions": ["team.read"]});
        fixture.inviter.post(&format!("{}/roles", fixture.team), &body).await.is(201);
    }
    fixture.code().await;
    admin.delete(&fixture.team).await.is(204);
    fixture.world.clock.advance(late);
    let first = run(&fixture.world).await;
    assert_eq!((&first["members_removed"], &first["teams_deleted"]), (&json!(TEAM_CLEANUP_STEPS), &json!(0)));
    assert_eq!(first["more"], true);
    assert_eq!(fixture.remaining_members().await, 0);
    assert_consistent(&fixture.world).await;
    let second = run(&fixture.world).await;
    assert_eq!((&second["members_removed"], &second["teams_deleted"]), (&json!(0), &json!(1)));
    assert_eq!(second["more"], false);
    assert_eq!(fixture.remaining_items().await, [] as [Value; 0]);
    assert_consistent(&fixture.world).await;
    let third = run(&fixture.world).await;
    assert_eq!((&third["teams_deleted"], &third["more"]), (&json!(0), &json!(false)));
}

/// Users are edited and deleted while the cleanup removes their memberships.
#[tokio::test(start_paused = true)]
async fn changes_of_users_during_the_cleanup_are_kept() {
    for round in 0..4 {
        let fixture = InvitationFixture::new().await;
        let admin = fixture.world.admin().await;
        fixture.add_members(40).await;
        let users = items(&fixture.world, "USER#").await;
        let id_of = |login: &str| users.iter().find(|user| user["login"] == login).unwrap()["user_id"].clone();
        admin.delete(&fixture.team).await.is(204);
        fixture.world.faults.conflicts_like_dynamodb(round % 2 == 0);
        let cleaning = tokio::spawn(cleanup::run(fixture.world.context.clone(), cleanup::CleanupEvent::default()));
        let mut sent = Vec::new();
        for number in 0..40 {
            let (client, path) =
                (admin.clone(), format!("/v1/users/{}", id_of(&format!("member{number}")).as_str().unwrap()));
            sent.push(tokio::spawn(async move {
                loop {
                    let reply = match number % 4 {
                        0 => client.delete(&path).await,
                        1 => client.patch(&path, &json!({"type": "platform_admin"})).await,
                        _ => client.patch(&path, &json!({"username": format!("renamed{number}")})).await,
                    };
                    // All of them check the same admin, so some keep losing against the others.
                    if !matches!(reply.status, 409 | 503) {
                        return reply;
                    }
                }
            }));
        }
        for reply in futures_util::future::join_all(sent).await {
            let reply = reply.unwrap();
            assert!(matches!(reply.status, 200 | 204), "{reply:?}");
        }
        cleaning.await.unwrap().unwrap();
        assert_consistent(&fixture.world).await;
        run(&fixture.world).await;
        assert_eq!((fixture.remaining_members().await, fixture.remaining_items().await), (0, vec![]));
        assert_consistent(&fixture.world).await;
        let users = items(&fixture.world, "USER#").await;
        let renamed = users.iter().filter(|user| user["username"].as_str().unwrap().starts_with("renamed")).count();
        assert_eq!(renamed, 20);
        assert!(!users.iter().any(|user| user["login"] == "member0"), "a deleted user is not restored");
        assert_eq!(users.iter().filter(|user| user["type"] == "platform_admin").count(), 10);
    }
}

/// The user is deleted after the cleanup has read them.
#[tokio::test(start_paused = true)]
async fn a_member_deleted_during_the_cleanup_is_not_restored() {
    let fixture = InvitationFixture::new().await;
    let admin = fixture.world.admin().await;
    admin.delete(&fixture.team).await.is(204);
    fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let interference = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        admin.delete(&format!("/v1/users/{}", fixture.owner.user_id)).await.is(204);
    };
    let (report, ()) = tokio::join!(run(&fixture.world), interference);
    assert_eq!((&report["members_removed"], &report["teams_deleted"]), (&json!(0), &json!(1)));
    assert_eq!(fixture.remaining_items().await, [] as [Value; 0]);
    assert_consistent(&fixture.world).await;
}

/// The deletion of the application is reverted after its team was deleted.
#[tokio::test]
async fn an_application_restored_after_its_team_was_deleted_belongs_to_no_team() {
    for is_team_removed in [false, true] {
        let fixture = InvitationFixture::new().await;
        let admin = fixture.world.admin().await;
        let body = json!({"name": "App", "team_id": fixture.team_id});
        let created = fixture.inviter.post("/v1/apps", &body).await;
        let app_id = created.is(201).body["app_id"].as_str().unwrap().to_owned();
        let path = format!("/v1/apps/{app_id}");
        admin.delete(&fixture.team).await.is_problem(Code::TeamNotEmpty);
        fixture.inviter.delete(&path).await.is(204);
        create_late_account(&fixture.world, &path).await;
        admin.delete(&fixture.team).await.is(204);
        if is_team_removed {
            assert_eq!(run(&fixture.world).await["teams_deleted"], 1);
        }
        fixture.world.clock.advance(Duration::from_mins(1));
        assert_eq!(run(&fixture.world).await["apps_restored"], 1);
        assert_eq!(admin.get(&path).await.is(200).body["team_id"], Value::Null);
        assert_eq!(admin.get("/v1/apps").await.is(200).body["items"][0]["app_id"], app_id);
        fixture.inviter.get(&path).await.is_problem(Code::NotFound);
        admin.get(&format!("{path}/accounts/late")).await.is(200);
        assert_eq!(audited(&fixture.world, "app.restore").await.len(), 1);
        assert_eq!(fixture.remaining_items().await, [] as [Value; 0]);
        assert_consistent(&fixture.world).await;
    }
}

/// The team then has an application again and cannot be deleted.
#[tokio::test]
async fn a_restored_application_counts_for_its_team_again() {
    let fixture = InvitationFixture::new().await;
    let admin = fixture.world.admin().await;
    let created = fixture.inviter.post("/v1/apps", &json!({"name": "App", "team_id": fixture.team_id})).await;
    let app_id = created.is(201).body["app_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/apps/{app_id}");
    fixture.inviter.delete(&path).await.is(204);
    create_late_account(&fixture.world, &path).await;
    fixture.world.clock.advance(Duration::from_mins(1));
    assert_eq!(run(&fixture.world).await["apps_restored"], 1);
    let restored = fixture.inviter.get(&path).await;
    assert_eq!(restored.is(200).body["team_id"], fixture.team_id.to_string());
    assert_consistent(&fixture.world).await;
    admin.delete(&fixture.team).await.is_problem(Code::TeamNotEmpty);
}

/// The tombstone is written into an hour that the cleanup has already closed.
#[tokio::test]
async fn a_team_deleted_by_a_slow_clock_is_found() {
    let fixture = InvitationFixture::new().await;
    fixture.world.admin().await;
    fixture.world.clock.advance(Duration::from_mins(64));
    run(&fixture.world).await;
    fixture.world.clock.retreat(Duration::from_mins(5));
    let (_, admin) = fixture.world.user("late.admin", UserType::PlatformAdmin, []).await;
    admin.delete(&fixture.team).await.is(204);
    fixture.world.clock.advance(Duration::from_mins(6));
    assert_eq!(run(&fixture.world).await["teams_deleted"], 1);
    assert_eq!(fixture.remaining_items().await, [] as [Value; 0]);
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn members_keep_their_other_teams() {
    let fixture = InvitationFixture::new().await;
    let admin = fixture.world.admin().await;
    let other: TeamId = fixture.world.team("Other").await;
    let (both, client) =
        fixture.world.user("both", UserType::Member, [(fixture.team_id, "developer"), (other, "admin")]).await;
    admin.delete(&fixture.team).await.is(204);
    assert_eq!(run(&fixture.world).await["members_removed"], 2);
    let teams = client.get("/v1/me").await.is(200).body["teams"].clone();
    assert_eq!((teams.as_array().unwrap().len(), &teams[0]["name"]), (1, &json!("Other")));
    assert_eq!(fixture.world.store().user(both.user_id).await.unwrap().unwrap().teams.stored().count(), 1);
    assert_consistent(&fixture.world).await;
}
