//! Who may set which end, and the last admin.

use super::*;
use crate::support::mailed_codes::just_before;

impl TeamFixture {
    /// A person who manages members until the end of a day.
    async fn manager(&self, role: &str) -> Client {
        self.world.member_for("manager", (self.team_id, role), DAY).await.1
    }
}

#[tokio::test]
async fn nobody_adds_or_changes_a_member_beyond_their_own_end() {
    for role in ["admin", "member_manager"] {
        let fixture = TeamFixture::new().await;
        let (owner, manager) = (fixture.owner().await, fixture.manager(role).await);
        let mina = fixture.world.user_as("mina", UserType::Member, |_| {}).await;
        for end in [Value::Null, fixture.later(DAY + MILLISECOND)] {
            fixture.add(&manager, &mina, "reviewer", &end).await.is_problem(Code::Forbidden);
        }
        let added = manager.post(&fixture.path("members"), &json!({"login": "mina", "role_id": "reviewer"})).await;
        added.is_problem(Code::Forbidden);
        let new = json!({"username": "New", "login": "new", "generate_password": true});
        let new = json!({"new_user": new, "role_id": "reviewer"});
        manager.post(&fixture.path("members"), &new).await.is_problem(Code::Forbidden);
        fixture.add(&manager, &mina, "reviewer", &fixture.later(DAY)).await.is(201);
        let path = fixture.path(&format!("members/{}", mina.user_id));
        for body in [json!({"expires_at": null}), json!({"expires_at": fixture.later(DAY + MILLISECOND)})] {
            manager.patch(&path, &body).await.is_problem(Code::Forbidden);
        }
        manager.patch(&path, &json!({"role_id": "developer"})).await.is(200);
        // Of a membership that lasts longer, neither the role nor an end beyond their own can be given.
        owner.patch(&path, &json!({"expires_at": null})).await.is(200);
        manager.patch(&path, &json!({"role_id": "operator"})).await.is_problem(Code::Forbidden);
        manager.patch(&path, &json!({"role_id": "operator", "expires_at": fixture.later(DAY)})).await.is(200);
        manager.delete(&path).await.is(204);
        assert_consistent(&fixture.world).await;
    }
}

#[tokio::test]
async fn nobody_changes_their_own_end() {
    let fixture = TeamFixture::new().await;
    let (mina, client) = fixture.world.member_for("mina", (fixture.team_id, "admin"), DAY).await;
    let path = fixture.path(&format!("members/{}", mina.user_id));
    for end in [Value::Null, fixture.later(DAY / 2), fixture.later(2 * DAY)] {
        client.patch(&path, &json!({"expires_at": end})).await.is_problem(Code::Forbidden);
    }
    // No invitation leads beyond it either, even after leaving.
    let invitations = fixture.path("invitations");
    let body = json!({"role_id": "admin", "login": "mina", "membership_days": 2});
    client.post(&invitations, &body).await.is_problem(Code::Forbidden);
}

#[tokio::test]
async fn an_invitation_grants_no_membership_beyond_that_of_its_issuer() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let (manager, _) = world.member_for("manager", (fixture.team_id, "member_manager"), 10 * DAY).await;
    let client = world.signed_in(&manager).await;
    let invitations = fixture.path("invitations");
    for days in [json!(null), json!(11)] {
        let body = json!({"role_id": "reviewer", "membership_days": days});
        client.post(&invitations, &body).await.is_problem(Code::Forbidden);
    }
    let issue = async |days: u32| {
        let issued = client.post(&invitations, &json!({"role_id": "reviewer", "membership_days": days})).await;
        issued.is(201).body.clone()
    };
    let (nine, ten) = (issue(9).await, issue(10).await);
    let redeem = async |login: &str, issued: &Value| {
        world.redeemer(login).await.post("/v1/invitations/redeem", &json!({"code": issued["code"]})).await
    };
    world.clock.advance(MILLISECOND);
    redeem("mina", &ten).await.is_problem(Code::InvitationInvalid);
    redeem("mina2", &nine).await.is(200);
    let path = format!("{invitations}/{}/reissue", ten["invitation"]["invitation_id"].as_str().unwrap());
    client.post(&path, &Value::Null).await.is_problem(Code::Forbidden);
    let owner = fixture.owner().await;
    let again = owner.post(&path, &Value::Null).await;
    assert_eq!(again.is(201).body["invitation"]["membership_days"], 10, "kept by a reissue");
    redeem("mina3", &again.body).await.is(200);
    let listed = owner.get(&fixture.path("members")).await;
    let end = |login: &str| {
        let items = listed.body["items"].as_array().unwrap();
        items.iter().find(|member| member["login"] == login).unwrap()["expires_at"].clone()
    };
    assert_eq!((end("mina2"), end("mina3")), (fixture.later(9 * DAY), fixture.later(10 * DAY)));
    // An issuer who was removed grants nothing any more.
    let short = issue(1).await;
    owner.delete(&fixture.path(&format!("members/{}", manager.user_id))).await.is(204);
    redeem("mina4", &short).await.is_problem(Code::InvitationInvalid);
    assert_consistent(world).await;
}

#[tokio::test]
async fn an_invitation_of_an_issuer_whose_membership_has_ended_is_invalid() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let minute = Duration::from_mins(1);
    let (_, client) = world.member_for("manager", (fixture.team_id, "member_manager"), DAY + minute).await;
    world.clock.advance(minute / 2);
    let body = json!({"role_id": "reviewer", "membership_days": 1});
    let code = client.post(&fixture.path("invitations"), &body).await.is(201).body["code"].clone();
    world.clock.advance(just_before(DAY.saturating_sub(minute / 2)));
    let redeem = json!({"code": code});
    // The membership would end after that of the issuer.
    world.redeemer("mina").await.post("/v1/invitations/redeem", &redeem).await.is_problem(Code::InvitationInvalid);
}

#[tokio::test]
async fn the_last_admin_whose_membership_lasts_is_given_no_end() {
    let fixture = TeamFixture::new().await;
    let admin = fixture.admin().await;
    let end = fixture.later(DAY);
    let owner = fixture.path(&format!("members/{}", fixture.owner.user_id));
    admin.patch(&owner, &json!({"expires_at": end})).await.is_problem(Code::LastTeamAdmin);
    // An admin whose membership ends does not count.
    let (ending, manager) = fixture.world.member_for("ending", (fixture.team_id, "admin"), DAY).await;
    admin.patch(&owner, &json!({"expires_at": end})).await.is_problem(Code::LastTeamAdmin);
    fixture.owner().await.delete(&owner).await.is_problem(Code::LastTeamAdmin);
    let demotion = json!({"role_id": "reviewer", "expires_at": end});
    manager.patch(&owner, &demotion).await.is_problem(Code::LastTeamAdmin);
    manager.delete(&owner).await.is_problem(Code::LastTeamAdmin);
    // The one whose membership ends may leave, and nobody minds.
    manager.delete(&fixture.path(&format!("members/{}", ending.user_id))).await.is(204);
    let second = fixture.world.user_as("second", UserType::Member, |_| {}).await;
    fixture.add(&admin, &second, "admin", &Value::Null).await.is(201);
    assert_eq!(admin.patch(&owner, &json!({"expires_at": end})).await.is(200).body["expires_at"], end);
    let path = fixture.path(&format!("members/{}", second.user_id));
    admin.patch(&path, &json!({"expires_at": end})).await.is_problem(Code::LastTeamAdmin);
    // Taking the end off makes them count again.
    admin.patch(&owner, &json!({"expires_at": null})).await.is(200);
    admin.patch(&path, &json!({"expires_at": end})).await.is(200);
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_length_of_membership_is_between_one_and_3650_days() {
    let fixture = TeamFixture::new().await;
    let owner = fixture.owner().await;
    let issue = async |days: Value| {
        let body = json!({"role_id": "reviewer", "membership_days": days});
        owner.post(&fixture.path("invitations"), &body).await
    };
    for (days, code) in [(json!(0), "out_of_range"), (json!(3651), "out_of_range"), (json!(1.5), "wrong_type")] {
        assert_eq!(issue(days).await.is(422).violations(), [json!(["/membership_days", code])]);
    }
    for days in [json!(1), json!(3650), Value::Null] {
        assert_eq!(issue(days.clone()).await.is(201).body["invitation"]["membership_days"], days);
    }
    let plain = owner.post(&fixture.path("invitations"), &json!({"role_id": "reviewer"})).await;
    assert_eq!(plain.is(201).body["invitation"]["membership_days"], Value::Null);
}
