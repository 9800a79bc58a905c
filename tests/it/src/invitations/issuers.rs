//! A code is valid only while its issuer may still grant its role.

use futures_util::future::BoxFuture;

use super::*;

/// A team where somebody may invite by a custom role, and a custom role that is given.
struct Chain {
    fixture: InvitationFixture,
    admin: Client,
    issuer: User,
    client: Client,
    inviters: String,
    helpers: String,
}

impl Chain {
    async fn new() -> Self {
        let fixture = InvitationFixture::new().await;
        let role = async |name: &str, permissions: Value| {
            let body = json!({"name": name, "permissions": permissions});
            let made = fixture.inviter.post(&format!("{}/roles", fixture.team), &body).await;
            made.is(201).body["role_id"].as_str().unwrap().to_owned()
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

/// Something that happens between issue and redemption.
type Event = fn(&Chain) -> BoxFuture<'_, Reply>;

const DEMOTED: Event =
    |c| Box::pin(async { c.fixture.inviter.patch(&c.member(), &json!({"role_id": "developer"})).await });
const REMOVED: Event = |c| Box::pin(async { c.fixture.inviter.delete(&c.member()).await });
const LEFT: Event = |c| Box::pin(async { c.client.delete(&c.member()).await });
const DISABLED: Event = |c| Box::pin(async { c.admin.patch(&c.user(), &json!({"status": "disabled"})).await });
const DELETED: Event = |c| Box::pin(async { c.admin.delete(&c.user()).await });
/// The issuer's own role no longer lets it invite.
const ISSUERS_ROLE_NARROWED: Event = |c| {
    let narrower = json!({"permissions": ["team.read"]});
    Box::pin(async move { c.fixture.inviter.patch(&c.role(&c.inviters), &narrower).await })
};
/// The role that is given has grown beyond what the issuer may grant.
const ROLE_BEYOND_ISSUER: Event = |c| {
    let wider = json!({"permissions": ["team.read", "apps.manage", "audit.read"]});
    Box::pin(async move { c.fixture.inviter.patch(&c.role(&c.helpers), &wider).await })
};
const TEAM_DELETED: Event = |c| Box::pin(async { c.admin.delete(&c.fixture.team).await });
const RENAMED: Event =
    |c| Box::pin(async { c.fixture.inviter.patch(&c.fixture.team, &json!({"name": "Southwind"})).await });
const ROLE_NARROWED: Event = |c| {
    let narrower = json!({"permissions": ["team.read"]});
    Box::pin(async move { c.fixture.inviter.patch(&c.role(&c.helpers), &narrower).await })
};
const PROMOTED_IN_THE_TEAM: Event =
    |c| Box::pin(async { c.fixture.inviter.patch(&c.member(), &json!({"role_id": "admin"})).await });
/// An admin of the platform may grant anything anywhere.
const PROMOTED_TO_THE_PLATFORM: Event =
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
async fn a_code_whose_issuer_may_grant_no_more_is_refused_like_one_that_nobody_drew(#[case] event: Event) {
    let chain = Chain::new().await;
    let code = chain.code().await;
    let world = &chain.fixture.world;
    let wrong = redeem(&world.redeemer("guesser").await, &other(&code)).await;
    assert!(event(&chain).await.status < 300);
    let refused = redeem(&world.redeemer("mina").await, &code).await;
    refused.is_problem(Code::InvitationInvalid);
    are_alike(&refused, &wrong);
    assert_eq!(audited(world, "invitation.redeem").await, [] as [Value; 0]);
    assert!(!chain.fixture.members().await.contains(&"mina".to_owned()));
    assert_consistent(world).await;
}

#[rstest]
#[case::team_renamed(RENAMED)]
#[case::role_narrowed(ROLE_NARROWED)]
#[case::promoted_in_the_team(PROMOTED_IN_THE_TEAM)]
#[case::promoted_to_the_platform(PROMOTED_TO_THE_PLATFORM)]
#[tokio::test]
async fn a_code_whose_issuer_may_still_grant_gives_the_role_as_it_is(#[case] event: Event) {
    let chain = Chain::new().await;
    let code = chain.code().await;
    assert!(event(&chain).await.status < 300);
    let mina = chain.fixture.world.redeemer("mina").await;
    let joined = redeem(&mina, &code).await;
    let role = chain.fixture.inviter.get(&chain.role(&chain.helpers)).await;
    assert_eq!(joined.is(200).body["role"], role.is(200).body);
    assert_eq!(mina.get("/v1/me").await.is(200).body["teams"][0]["role"], role.body);
    assert_consistent(&chain.fixture.world).await;
}

/// A role that is given by a live invitation stays.
#[tokio::test]
async fn a_role_is_not_deleted_under_a_live_invitation() {
    let chain = Chain::new().await;
    let code = chain.code().await;
    let delete = async || chain.fixture.inviter.delete(&chain.role(&chain.helpers)).await;
    delete().await.is_problem(Code::RoleInUse);
    let listed = chain.fixture.inviter.get(&format!("{}/invitations", chain.fixture.team)).await;
    let invitation = listed.is(200).body["items"][0]["invitation_id"].as_str().unwrap().to_owned();
    chain.fixture.inviter.delete(&format!("{}/invitations/{invitation}", chain.fixture.team)).await.is(204);
    delete().await.is(204);
    redeem(&chain.fixture.world.redeemer("mina").await, &code).await.is_problem(Code::InvitationInvalid);
    assert_consistent(&chain.fixture.world).await;
}

/// A change between the read and the write counts too. The transaction's first attempt is lost, and the change happens
/// while it waits for the retry.
#[rstest]
#[case::demoted(DEMOTED)]
#[case::removed(REMOVED)]
#[case::disabled(DISABLED)]
#[case::deleted(DELETED)]
#[case::issuers_role_narrowed(ISSUERS_ROLE_NARROWED)]
#[case::role_beyond_issuer(ROLE_BEYOND_ISSUER)]
#[case::team_deleted(TEAM_DELETED)]
#[tokio::test(start_paused = true)]
async fn an_issuer_who_loses_the_right_midway_brings_nobody_in(#[case] event: Event) {
    let chain = Chain::new().await;
    let code = chain.code().await;
    let mina = chain.fixture.world.redeemer("mina").await;
    chain.fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let midway = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(event(&chain).await.status < 300);
    };
    let (refused, ()) = tokio::join!(redeem(&mina, &code), midway);
    refused.is_problem(Code::InvitationInvalid);
    assert_eq!(audited(&chain.fixture.world, "invitation.redeem").await, [] as [Value; 0]);
    assert!(!chain.fixture.members().await.contains(&"mina".to_owned()));
    assert_consistent(&chain.fixture.world).await;
}

/// What happens midway without a bearing on the right is taken up, and the code works.
#[rstest]
#[case::team_renamed(RENAMED)]
#[case::role_narrowed(ROLE_NARROWED)]
#[case::promoted_in_the_team(PROMOTED_IN_THE_TEAM)]
#[case::promoted_to_the_platform(PROMOTED_TO_THE_PLATFORM)]
#[tokio::test(start_paused = true)]
async fn what_changes_midway_is_what_is_joined(#[case] event: Event) {
    let chain = Chain::new().await;
    let code = chain.code().await;
    let mina = chain.fixture.world.redeemer("mina").await;
    chain.fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let midway = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(event(&chain).await.status < 300);
    };
    let (joined, ()) = tokio::join!(redeem(&mina, &code), midway);
    let role = chain.fixture.inviter.get(&chain.role(&chain.helpers)).await;
    assert_eq!(joined.is(200).body["role"], role.is(200).body);
    assert_consistent(&chain.fixture.world).await;
}

/// A redeemer who is disabled, or becomes an admin of the platform, midway joins nothing.
#[rstest]
#[case::disabled(json!({"status": "disabled"}), Code::Unauthenticated)]
#[case::promoted(json!({"type": "platform_admin"}), Code::Unauthenticated)]
#[tokio::test(start_paused = true)]
async fn a_redeemer_who_is_somebody_else_midway_joins_nothing(#[case] edit: Value, #[case] code: Code) {
    let fixture = InvitationFixture::new().await;
    let invitation = fixture.code().await;
    let admin = fixture.world.admin().await;
    let mina = person(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let midway = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        admin.patch(&format!("/v1/users/{}", mina.user_id), &edit).await.is(200);
    };
    let (refused, ()) = tokio::join!(redeem(&client, &invitation), midway);
    refused.is_problem(code);
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
}

/// An address that is unbound midway proves nobody any more.
#[tokio::test(start_paused = true)]
async fn a_redeemer_whose_address_goes_midway_joins_nothing() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = person(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    let admin = fixture.world.admin().await;
    fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let midway = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        admin.delete(&format!("/v1/users/{}/email", mina.user_id)).await.is(204);
    };
    let (refused, ()) = tokio::join!(redeem(&client, &code), midway);
    refused.is_problem(Code::EmailNotVerified);
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
}
