//! Invitations that are bound to a login: refused where the login could not redeem them, ended where it joined
//! otherwise.

use axum::http::Method;

use super::*;

async fn issue(fixture: &InvitationFixture, login: &str) -> Reply {
    let body = json!({"role_id": "reviewer", "login": login});
    fixture.inviter.post(&format!("{}/invitations", fixture.team), &body).await
}

/// The status of each invitation of the team by the login it is bound to, oldest first.
async fn statuses(fixture: &InvitationFixture) -> Vec<Value> {
    let listed = fixture.inviter.get(&format!("{}/invitations", fixture.team)).await;
    let items = listed.is(200).body["items"].as_array().unwrap();
    items.iter().rev().map(|invitation| json!([invitation["login"], invitation["status"]])).collect()
}

#[tokio::test]
async fn an_invitation_is_not_bound_to_somebody_who_could_not_redeem_it() {
    let fixture = InvitationFixture::new().await;
    fixture.world.user("inside", UserType::Member, [(fixture.team_id, "developer")]).await;
    fixture.world.user("root", UserType::PlatformAdmin, []).await;
    for login in ["inside", "INSIDE", "root"] {
        let refused = issue(&fixture, login).await;
        refused.is_problem(Code::ValidationFailed);
        assert_eq!(refused.violations(), [json!(["/login", "not_allowed"])], "{login}");
    }
    // Reported together with the other violations.
    let body = json!({"role_id": "owner", "login": "inside"});
    let refused = fixture.inviter.post(&format!("{}/invitations", fixture.team), &body).await;
    assert_eq!(refused.is(422).violations().len(), 2);
    fixture.world.user("outside", UserType::Member, []).await;
    issue(&fixture, "outside").await.is(201);
    issue(&fixture, "not.registered").await.is(201);
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_bound_invitation_is_not_reissued_to_a_new_admin_of_the_platform() {
    let fixture = InvitationFixture::new().await;
    let (mina, _) = fixture.world.user("mina", UserType::Member, []).await;
    let issued = issue(&fixture, "mina").await;
    let id = issued.is(201).body["invitation"]["invitation_id"].as_str().unwrap();
    let admin = fixture.world.admin().await;
    admin.patch(&format!("/v1/users/{}", mina.user_id), &json!({"type": "platform_admin"})).await.is(200);
    let path = format!("{}/invitations/{id}/reissue", fixture.team);
    fixture.inviter.send(Method::POST, &path, None).await.is_problem(Code::NotAMember);
}

#[tokio::test]
async fn an_expired_bound_invitation_is_not_reissued_once_its_login_has_joined() {
    let mut fixture = InvitationFixture::new().await;
    let (mina, _) = fixture.world.user("mina", UserType::Member, []).await;
    let issued = issue(&fixture, "mina").await;
    let id = issued.is(201).body["invitation"]["invitation_id"].as_str().unwrap();
    let path = format!("{}/invitations/{id}/reissue", fixture.team);
    fixture.world.clock.advance(DAY);
    fixture.sign_in_again().await;
    let by_id = json!({"user_id": mina.user_id, "role_id": "developer"});
    fixture.inviter.post(&format!("{}/members", fixture.team), &by_id).await.is(201);
    fixture.inviter.send(Method::POST, &path, None).await.is_problem(Code::AlreadyMember);
}

#[tokio::test]
async fn a_bound_invitation_ends_when_its_login_joins_another_way() {
    let fixture = InvitationFixture::new().await;
    let (team, inviter) = (&fixture.team, &fixture.inviter);
    let (added, _) = fixture.world.user("added", UserType::Member, []).await;
    let redeemer = fixture.world.redeemer("redeemer").await;
    for login in ["Added", "created", "redeemer", "redeemer", "other"] {
        issue(&fixture, login).await.is(201);
        fixture.world.clock.advance(Duration::from_millis(1));
    }
    let by_id = json!({"user_id": added.user_id, "role_id": "developer"});
    inviter.post(&format!("{team}/members"), &by_id).await.is(201);
    let new_user = json!({"username": "New", "login": "created", "generate_password": true});
    inviter.post(&format!("{team}/members"), &json!({"new_user": new_user, "role_id": "developer"})).await.is(201);
    let unbound = inviter.post(&format!("{team}/invitations"), &json!({"role_id": "reviewer"})).await;
    redeem(&redeemer, &code_of(&unbound.is(201).body)).await.is(200);
    assert_eq!(
        statuses(&fixture).await,
        [
            json!(["Added", "revoked"]),
            json!(["created", "revoked"]),
            json!(["redeemer", "revoked"]),
            json!(["redeemer", "revoked"]),
            json!(["other", "live"]),
            json!([null, "redeemed"]),
        ]
    );
    let ended = audited(&fixture.world, "invitation.revoke").await;
    assert_eq!(ended.len(), 4);
    assert!(ended.iter().all(|record| record["actor"].is_null()), "by the system");
    assert_consistent(&fixture.world).await;
}

/// What was redeemed itself is not ended once more.
#[tokio::test]
async fn a_bound_invitation_that_is_redeemed_ends_the_others_of_its_login() {
    let fixture = InvitationFixture::new().await;
    let mina = fixture.world.redeemer("mina").await;
    issue(&fixture, "mina").await.is(201);
    fixture.world.clock.advance(Duration::from_millis(1));
    let second = issue(&fixture, "mina").await;
    redeem(&mina, &code_of(&second.is(201).body)).await.is(200);
    assert_eq!(statuses(&fixture).await, [json!(["mina", "revoked"]), json!(["mina", "redeemed"])]);
    assert_consistent(&fixture.world).await;
}

/// How a user gets out of the reach of an invitation that is bound to their login.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Obstacle {
    Added,
    Redeemed,
    Promoted,
}

/// A user, who can redeem an invitation that is bound to no login.
struct Invitee {
    fixture: InvitationFixture,
    user: User,
    client: Client,
    code: String,
    admin: Client,
}

impl Invitee {
    async fn new() -> Self {
        let fixture = InvitationFixture::new().await;
        let user = user_with_email(&fixture.world, "mina").await;
        let client = fixture.world.signed_in(&user).await;
        let (code, admin) = (fixture.code().await, fixture.world.admin().await);
        Self { fixture, user, client, code, admin }
    }

    async fn meets(&self, obstacle: Obstacle) -> Reply {
        let user_id = self.user.user_id;
        match obstacle {
            Obstacle::Added => {
                let member = json!({"user_id": user_id, "role_id": "developer"});
                self.fixture.inviter.post(&format!("{}/members", self.fixture.team), &member).await
            }
            Obstacle::Redeemed => redeem(&self.client, &self.code).await,
            Obstacle::Promoted => {
                self.admin.patch(&format!("/v1/users/{user_id}"), &json!({"type": "platform_admin"})).await
            }
        }
    }
}

/// Before whichever of its calls to the database the other request runs.
#[rstest]
#[tokio::test]
async fn an_invitation_is_not_bound_to_somebody_who_meets_an_obstacle_meanwhile(
    #[values(Obstacle::Added, Obstacle::Redeemed, Obstacle::Promoted)] obstacle: Obstacle,
) {
    let invitee = Invitee::new().await;
    let world = &invitee.fixture.world;
    let start = world.snapshot().await;
    for at in 0.. {
        world.rewind(&start).await;
        let pause = world.faults.pause(at);
        let (issued, met) = pause.run(issue(&invitee.fixture, "mina"), invitee.meets(obstacle)).await;
        let Some(met) = met else { break };
        assert!(met.status < 300, "{met:?}");
        assert_eq!(issued.is(422).violations(), [json!(["/login", "not_allowed"])], "{at}");
        assert_consistent(world).await;
    }
}

#[rstest]
#[tokio::test]
async fn an_invitation_that_is_bound_to_a_login_while_it_joins_ends(
    #[values(Obstacle::Added, Obstacle::Redeemed)] obstacle: Obstacle,
) {
    let invitee = Invitee::new().await;
    let world = &invitee.fixture.world;
    let start = world.snapshot().await;
    for at in 0.. {
        world.rewind(&start).await;
        let pause = world.faults.pause(at);
        // Once the login has joined, none can be bound to it.
        let (joined, issued) = pause.run(invitee.meets(obstacle), issue(&invitee.fixture, "mina")).await;
        let Some(issued) = issued else { break };
        assert!(joined.status < 300, "{joined:?}");
        assert!(matches!(issued.status, 201 | 422), "{issued:?}");
        assert!(!statuses(&invitee.fixture).await.contains(&json!(["mina", "live"])), "{at}");
        assert_consistent(world).await;
    }
}
