//! Joining where a membership has ended but is still stored.

use rollcall_domain::{limits::MAX_MEMBERS_PER_TEAM, permission::Preset};

use super::*;
use crate::invitations::{Applicant, redeem};

#[tokio::test]
async fn a_member_is_added_again_at_once_after_the_end() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let role = world.role(fixture.team_id, "Readers", &["team.read"]).await;
    for held in ["admin".to_owned(), role.to_string()] {
        let login = format!("mina-{}", &held[..5]);
        let (mina, _) = world.member_for(&login, (fixture.team_id, &held), DAY).await;
        fixture.add(&fixture.owner().await, &mina, "reviewer", &Value::Null).await.is_problem(Code::AlreadyMember);
        world.clock.advance(DAY);
        let back = fixture.add(&fixture.owner().await, &mina, "reviewer", &Value::Null).await;
        assert_eq!(
            (&back.is(201).body["member"]["version"], &back.body["member"]["expires_at"]),
            (&json!(1), &Value::Null)
        );
        let records = fixture.owner().await.get("/v1/audit?action=member.expire").await;
        let record = &records.is(200).body["items"][0];
        assert_eq!((&record["actor"], &record["target"]["id"]), (&Value::Null, &json!(mina.user_id)));
        assert_consistent(world).await;
    }
}

#[tokio::test]
async fn a_former_member_redeems_an_invitation_at_once() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let (mina, _) = world.member_for("mina", (fixture.team_id, "developer"), DAY).await;
    let invitations = fixture.path("invitations");
    let bound = json!({"role_id": "reviewer", "login": "mina", "membership_days": 7});
    let refused = fixture.owner().await.post(&invitations, &bound).await;
    assert_eq!(refused.is(422).violations(), [json!(["/login", "not_allowed"])]);
    world.clock.advance(DAY);
    let code = fixture.owner().await.post(&invitations, &bound).await.is(201).body["code"].clone();
    let stored = world.store().user(mina.user_id).await.unwrap().unwrap();
    assert!(stored.teams.stored().next().is_none(), "an invitation needs a place");
    let mina = world.signed_in(&stored).await;
    redeem(&mina, code.as_str().unwrap()).await.is(200);
    let listed = fixture.owner().await.get(&fixture.path("members")).await;
    assert_eq!(listed.body["items"][1]["expires_at"], fixture.later(7 * DAY));
    let records = fixture.owner().await.get("/v1/audit?action=invitation.redeem").await;
    assert_eq!(records.body["items"][0]["after"]["membership_expires_at"], fixture.later(7 * DAY));
    assert_consistent(world).await;
}

#[tokio::test]
async fn somebody_who_registers_with_a_code_gets_the_length_of_membership() {
    let fixture = TeamFixture::new().await;
    let body = json!({"role_id": "reviewer", "membership_days": 30});
    let issued = fixture.owner().await.post(&fixture.path("invitations"), &body).await;
    let code = issued.is(201).body["code"].as_str().unwrap().to_owned();
    Applicant::new(&fixture.world, "mina", "10.0.0.1").await.complete(Some(&code)).await.is(201);
    let listed = fixture.owner().await.get(&fixture.path("members")).await;
    assert_eq!(listed.body["items"][1]["expires_at"], fixture.later(30 * DAY));
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn an_ended_membership_takes_no_place_among_the_teams_of_a_user() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let (mina, _) = world.member_for("mina", (fixture.team_id, "developer"), DAY).await;
    let admin = fixture.admin().await;
    for number in 0..19 {
        let team = world.team(&format!("Team {number}")).await;
        let body = json!({"user_id": mina.user_id, "role_id": "reviewer"});
        admin.post(&format!("/v1/teams/{team}/members"), &body).await.is(201);
    }
    let body = json!({"name": "Twenty-first", "admin_user_id": mina.user_id});
    admin.post("/v1/teams", &body).await.is_problem(Code::TooManyTeams);
    world.clock.advance(DAY);
    fixture.admin().await.post("/v1/teams", &body).await.is(201);
    assert_consistent(world).await;
}

#[tokio::test]
async fn an_ended_membership_takes_no_place_among_the_members_of_a_team() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    world.member_for("mina", (fixture.team_id, "developer"), DAY).await;
    for number in 2..MAX_MEMBERS_PER_TEAM {
        let teams = [(fixture.team_id, Preset::Reviewer.into())].into_iter().collect();
        world.user_as(&format!("member{number}"), UserType::Member, |user| user.teams = teams).await;
    }
    let jisoo = world.user_as("jisoo", UserType::Member, |_| {}).await;
    fixture.add(&fixture.owner().await, &jisoo, "reviewer", &Value::Null).await.is_problem(Code::TooManyMembers);
    world.clock.advance(DAY);
    fixture.add(&fixture.owner().await, &jisoo, "reviewer", &Value::Null).await.is(201);
    let another = world.user_as("another", UserType::Member, |_| {}).await;
    fixture.add(&fixture.owner().await, &another, "reviewer", &Value::Null).await.is_problem(Code::TooManyMembers);
    assert_consistent(world).await;
}

#[tokio::test]
async fn a_role_that_only_an_ended_membership_has_can_be_deleted() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let role = world.role(fixture.team_id, "Readers", &["team.read"]).await;
    world.member_for("mina", (fixture.team_id, &role.to_string()), DAY).await;
    let path = fixture.path(&format!("roles/{role}"));
    fixture.owner().await.delete(&path).await.is_problem(Code::RoleInUse);
    world.clock.advance(DAY);
    fixture.owner().await.delete(&path).await.is(204);
    assert_consistent(world).await;
}

#[tokio::test]
async fn a_user_with_an_ended_membership_is_deleted_and_promoted() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let mut users = Vec::new();
    for login in ["mina", "jisoo"] {
        users.push(world.member_for(login, (fixture.team_id, "admin"), DAY).await.0);
    }
    world.clock.advance(DAY);
    let admin = fixture.admin().await;
    admin.delete(&format!("/v1/users/{}", users[0].user_id)).await.is(204);
    let promotion = json!({"type": "platform_admin"});
    admin.patch(&format!("/v1/users/{}", users[1].user_id), &promotion).await.is(200);
    assert_consistent(world).await;
    let records = admin.get("/v1/audit?action=member.expire").await;
    assert_eq!(records.is(200).body["items"].as_array().unwrap().len(), 2);
    assert_eq!(admin.get("/v1/audit?action=member.remove").await.body["items"], json!([]));
}
