//! A code is valid only while its issuer may still grant its role.

use futures_util::future::BoxFuture;

use super::*;

/// A member who may invite by a custom role, and another custom role that their invitations grant.
struct IssuerFixture {
    fixture: InvitationFixture,
    admin: Client,
    issuer: User,
    client: Client,
    inviters: String,
    helpers: String,
}

impl IssuerFixture {
    async fn new() -> Self {
        let fixture = InvitationFixture::new().await;
        let role = async |name: &str, permissions: Value| {
            let body = json!({"name": name, "permissions": permissions});
            let created = fixture.inviter.post(&format!("{}/roles", fixture.team), &body).await;
            created.is(201).body["role_id"].as_str().unwrap().to_owned()
        };
        let inviters = role("Inviters", json!(["team.read", "members.manage"])).await;
        let helpers = role("Helpers", json!(["team.read", "accounts.read", "accounts.write"])).await;
        let (issuer, client) =
            fixture.world.user("issuer", UserType::Member, [(fixture.team_id, inviters.as_str())]).await;
        let admin = fixture.world.admin().await;
        Self { fixture, admin, issuer, client, inviters, helpers }
    }

    async fn code(&self) -> String {
        let path = format!("{}/invitations", self.fixture.team);
        code_of(&self.client.post(&path, &json!({"role_id": self.helpers})).await.is(201).body)
    }

    fn member(&self) -> String {
        format!("{}/members/{}", self.fixture.team, self.issuer.user_id)
    }

    fn user(&self) -> String {
        format!("/v1/users/{}", self.issuer.user_id)
    }

    fn role(&self, role_id: &str) -> String {
        format!("{}/roles/{role_id}", self.fixture.team)
    }
}

/// A change between issue and redemption.
type Interference = fn(&IssuerFixture) -> BoxFuture<'_, Reply>;

const DEMOTED: Interference =
    |c| Box::pin(async { c.fixture.inviter.patch(&c.member(), &json!({"role_id": "developer"})).await });
const REMOVED: Interference = |c| Box::pin(async { c.fixture.inviter.delete(&c.member()).await });
const LEFT: Interference = |c| Box::pin(async { c.client.delete(&c.member()).await });
const DISABLED: Interference = |c| Box::pin(async { c.admin.patch(&c.user(), &json!({"status": "disabled"})).await });
const DELETED: Interference = |c| Box::pin(async { c.admin.delete(&c.user()).await });
/// The issuer's own role loses the permission to invite.
const ISSUERS_ROLE_NARROWED: Interference = |c| {
    let narrower = json!({"permissions": ["team.read"]});
    Box::pin(async move { c.fixture.inviter.patch(&c.role(&c.inviters), &narrower).await })
};
/// The role that the invitation grants gets permissions that the issuer may not grant.
const ROLE_BEYOND_ISSUER: Interference = |c| {
    let wider = json!({"permissions": ["team.read", "apps.manage", "audit.read"]});
    Box::pin(async move { c.fixture.inviter.patch(&c.role(&c.helpers), &wider).await })
};
const TEAM_DELETED: Interference = |c| Box::pin(async { c.admin.delete(&c.fixture.team).await });
const RENAMED: Interference =
    |c| Box::pin(async { c.fixture.inviter.patch(&c.fixture.team, &json!({"name": "Southwind"})).await });
const ROLE_NARROWED: Interference = |c| {
    let narrower = json!({"permissions": ["team.read"]});
    Box::pin(async move { c.fixture.inviter.patch(&c.role(&c.helpers), &narrower).await })
};
const PROMOTED_IN_THE_TEAM: Interference =
    |c| Box::pin(async { c.fixture.inviter.patch(&c.member(), &json!({"role_id": "admin"})).await });
/// An admin of the platform may grant anything anywhere.
const PROMOTED_TO_THE_PLATFORM: Interference =
    |c| Box::pin(async { c.admin.patch(&c.user(), &json!({"type": "platform_admin"})).await });

#[rstest]
#[case::demoted(DEMOTED)]
#[case::removed(REMOVED)]
#[case::left(LEFT)]
#[case::disabled(DISABLED)]
#[case::deleted(DELETED)]
#[case::issuers_role_narrowed(ISSUERS_ROLE_NARROWED)]
#[case::role_beyond_issuer(ROLE_BEYOND_ISSUER)]
#[case::team_deleted(TEAM_DELETED)]
#[tokio::test]
async fn a_code_whose_issuer_may_no_longer_grant_its_role_is_refused_like_an_unknown_one(
    #[case] interference: Interference,
) {
    let setup = IssuerFixture::new().await;
    let code = setup.code().await;
    let world = &setup.fixture.world;
    let wrong = redeem(&world.redeemer("guesser").await, &other(&code)).await;
    assert!(interference(&setup).await.status < 300);
    let refused = redeem(&world.redeemer("mina").await, &code).await;
    refused.is_problem(Code::InvitationInvalid);
    are_alike(&refused, &wrong);
    assert_eq!(audited(world, "invitation.redeem").await, [] as [Value; 0]);
    assert!(!setup.fixture.members().await.contains(&"mina".to_owned()));
    assert_consistent(world).await;
}

#[rstest]
#[case::team_renamed(RENAMED)]
#[case::role_narrowed(ROLE_NARROWED)]
#[case::promoted_in_the_team(PROMOTED_IN_THE_TEAM)]
#[case::promoted_to_the_platform(PROMOTED_TO_THE_PLATFORM)]
#[tokio::test]
async fn a_code_whose_issuer_may_still_grant_its_role_gives_the_current_role(#[case] interference: Interference) {
    let setup = IssuerFixture::new().await;
    let code = setup.code().await;
    assert!(interference(&setup).await.status < 300);
    let mina = setup.fixture.world.redeemer("mina").await;
    let joined = redeem(&mina, &code).await;
    let role = setup.fixture.inviter.get(&setup.role(&setup.helpers)).await;
    assert_eq!(joined.is(200).body["role"], role.is(200).body);
    assert_eq!(mina.get("/v1/me").await.is(200).body["teams"][0]["role"], role.body);
    assert_consistent(&setup.fixture.world).await;
}

#[tokio::test]
async fn a_role_of_a_live_invitation_cannot_be_deleted() {
    let setup = IssuerFixture::new().await;
    let code = setup.code().await;
    let delete = async || setup.fixture.inviter.delete(&setup.role(&setup.helpers)).await;
    delete().await.is_problem(Code::RoleInUse);
    let listed = setup.fixture.inviter.get(&format!("{}/invitations", setup.fixture.team)).await;
    let invitation = listed.is(200).body["items"][0]["invitation_id"].as_str().unwrap().to_owned();
    setup.fixture.inviter.delete(&format!("{}/invitations/{invitation}", setup.fixture.team)).await.is(204);
    delete().await.is(204);
    redeem(&setup.fixture.world.redeemer("mina").await, &code).await.is_problem(Code::InvitationInvalid);
    assert_consistent(&setup.fixture.world).await;
}

/// The change happens between the read and the write: the transaction's first attempt is lost, and the change is made
/// before the retry.
#[rstest]
#[case::demoted(DEMOTED)]
#[case::removed(REMOVED)]
#[case::disabled(DISABLED)]
#[case::deleted(DELETED)]
#[case::issuers_role_narrowed(ISSUERS_ROLE_NARROWED)]
#[case::role_beyond_issuer(ROLE_BEYOND_ISSUER)]
#[case::team_deleted(TEAM_DELETED)]
#[tokio::test(start_paused = true)]
async fn a_code_is_refused_if_its_issuer_loses_the_right_during_the_request(#[case] interference: Interference) {
    let setup = IssuerFixture::new().await;
    let code = setup.code().await;
    let mina = setup.fixture.world.redeemer("mina").await;
    setup.fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let interference = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(interference(&setup).await.status < 300);
    };
    let (refused, ()) = tokio::join!(redeem(&mina, &code), interference);
    refused.is_problem(Code::InvitationInvalid);
    assert_eq!(audited(&setup.fixture.world, "invitation.redeem").await, [] as [Value; 0]);
    assert!(!setup.fixture.members().await.contains(&"mina".to_owned()));
    assert_consistent(&setup.fixture.world).await;
}

/// These changes leave the issuer's right as it is, so the code works.
#[rstest]
#[case::team_renamed(RENAMED)]
#[case::role_narrowed(ROLE_NARROWED)]
#[case::promoted_in_the_team(PROMOTED_IN_THE_TEAM)]
#[case::promoted_to_the_platform(PROMOTED_TO_THE_PLATFORM)]
#[tokio::test(start_paused = true)]
async fn a_change_during_the_request_shows_in_the_reply(#[case] interference: Interference) {
    let setup = IssuerFixture::new().await;
    let code = setup.code().await;
    let mina = setup.fixture.world.redeemer("mina").await;
    setup.fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let interference = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(interference(&setup).await.status < 300);
    };
    let (joined, ()) = tokio::join!(redeem(&mina, &code), interference);
    let role = setup.fixture.inviter.get(&setup.role(&setup.helpers)).await;
    assert_eq!(joined.is(200).body["role"], role.is(200).body);
    assert_consistent(&setup.fixture.world).await;
}

/// The first attempt of the transaction is lost, and the change is made before the retry.
#[rstest]
#[case::disabled(json!({"status": "disabled"}), Code::Unauthenticated)]
#[case::promoted(json!({"type": "platform_admin"}), Code::Unauthenticated)]
#[tokio::test(start_paused = true)]
async fn a_redeemer_disabled_or_promoted_during_the_request_joins_nothing(#[case] edit: Value, #[case] code: Code) {
    let fixture = InvitationFixture::new().await;
    let invitation = fixture.code().await;
    let admin = fixture.world.admin().await;
    let mina = user_with_email(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let interference = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        admin.patch(&format!("/v1/users/{}", mina.user_id), &edit).await.is(200);
    };
    let (refused, ()) = tokio::join!(redeem(&client, &invitation), interference);
    refused.is_problem(code);
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
}

#[tokio::test(start_paused = true)]
async fn a_redeemer_whose_address_is_removed_during_the_request_joins_nothing() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = user_with_email(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    let admin = fixture.world.admin().await;
    fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let interference = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        admin.delete(&format!("/v1/users/{}/email", mina.user_id)).await.is(204);
    };
    let (refused, ()) = tokio::join!(redeem(&client, &code), interference);
    refused.is_problem(Code::EmailNotVerified);
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
}
