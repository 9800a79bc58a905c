//! Two requests about the same things of a team: in both sequential orders, then concurrently with many interleavings.
//! Whichever is first, no dangling reference is left.
//!
//! The rounds of a test share a world, so that it always contains unrelated data.

mod admins;
mod deletion;
mod roles;
mod users;

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use rollcall_domain::{
    Code, Fields,
    email::Email,
    id::{CustomRoleId, TeamId, UserId},
    permission::{Permission, UserType},
    role::Role,
    role_id::RoleId,
    user::User,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Client, Reply, World, consistency::assert_consistent};

/// Both sequential orders, then fifty concurrent rounds.
const ROUNDS: u64 = 52;

/// A request of a round. The value is the body of a redemption, and ignored by other requests.
type TeamRequest = fn(&RaceFixture, Value) -> BoxFuture<'_, Reply>;

/// Runs both futures in the order of this round.
async fn interleave<One, Other>(
    world: &World,
    round: u64,
    one: impl Future<Output = One>,
    other: impl Future<Output = Other>,
) -> (One, Other) {
    world.faults.conflicts_like_dynamodb(round.is_multiple_of(2));
    match round {
        0 => {
            let one = one.await;
            (one, other.await)
        }
        1 => {
            let other = other.await;
            (one.await, other)
        }
        seed => {
            world.faults.add_latency(Some(seed));
            let both = tokio::join!(one, other);
            world.faults.add_latency(None);
            both
        }
    }
}

/// Whether the invariants are checked after this round. A dangling reference stays, so not every round needs it.
fn is_checked(round: u64) -> bool {
    round < 2 || (round + 1).is_multiple_of(13)
}

/// The users and items of one round.
struct RaceFixture {
    admin: Client,
    deputy: Client,
    team: TeamId,
    /// The team's admin.
    owner: Client,
    /// A custom role of the team that nobody has.
    role: RoleId,
    /// A member of the team whose custom role manages members, roles and applications.
    manager: User,
    manager_client: Client,
    /// A user in no team with a verified address.
    stranger: User,
    stranger_client: Client,
    round: u64,
}

impl RaceFixture {
    async fn new(world: &World, (admin, deputy): &(Client, Client), round: u64) -> Self {
        use Permission::{AppsManage, AuditRead, MembersManage, RolesManage, TeamRead};
        let (admin, deputy) = (admin.clone(), deputy.clone());
        let team = world.team(&format!("Team {round}")).await;
        let manager_role = role(world, team, "Manager", &[TeamRead, MembersManage, RolesManage, AppsManage]).await;
        let role = role(world, team, "Some role", &[TeamRead, AuditRead]).await;
        let (_, owner) = world.user(&format!("owner{round}"), UserType::Member, [(team, "admin")]).await;
        let manager_role = manager_role.to_string();
        let (manager, manager_client) =
            world.user(&format!("manager{round}"), UserType::Member, [(team, &*manager_role)]).await;
        let email = Email::parse(&format!("stranger{round}@example.com")).unwrap();
        let proved = |user: &mut User| (user.email, user.email_verified) = (Some(email), true);
        let stranger = world.user_as(&format!("stranger{round}"), UserType::Member, proved).await;
        let stranger_client = world.signed_in(&stranger).await.at(&format!("10.0.0.{round}"));
        Self { admin, deputy, team, owner, role, manager, manager_client, stranger, stranger_client, round }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/teams/{}{rest}", self.team)
    }

    fn member(&self, user: &User) -> String {
        self.path(&format!("/members/{}", user.user_id))
    }

    /// The body that redeems a new invitation into the team.
    async fn code(&self) -> Value {
        let issued = self.owner.post(&self.path("/invitations"), &json!({"role_id": self.role})).await;
        json!({"code": issued.is(201).body["code"]})
    }
}

/// A custom role, written without the API.
async fn role(world: &World, team: TeamId, name: &str, permissions: &[Permission]) -> RoleId {
    let role_id = CustomRoleId::new(world.context.uuid().unwrap());
    let body = json!({"name": name, "permissions": permissions});
    let role = Role::read(role_id, Fields::of(body)).unwrap();
    let commit = rollcall_store::role::create_role(team, role_id, &role).unwrap();
    world.writer().commit(commit).await.unwrap();
    role.role_id
}

/// Two super admins.
async fn admins(world: &World) -> (Client, Client) {
    (world.admin().await, world.user("deputy", UserType::SuperAdmin, []).await.1)
}

/// Asserts that the request succeeded or was refused with one of these codes.
#[track_caller]
fn assert_success_or(reply: &Reply, codes: &[Code], place: &str) {
    let code = Code::ALL.iter().find(|code| reply.body["code"] == code.as_str());
    assert!(reply.status < 300 || code.is_some_and(|code| codes.contains(code)), "{place}: {reply:?}");
}

/// Asserts the invariants of the table, and that these ids appear only in audit records, sessions and ended
/// invitations.
async fn assert_deleted(world: &World, deleted: &[String], place: &str) {
    for item in assert_consistent(world).await.stored {
        let pk = item["pk"].as_str().unwrap();
        let is_past = ["AUDIT#", "SESSIONS#"].iter().any(|past| pk.starts_with(past))
            || item["sk"].as_str().unwrap().starts_with("INVITATION#")
            || pk.starts_with("CODE#");
        let text = item.to_string();
        let left = deleted.iter().find(|deleted| text.contains(deleted.as_str()));
        assert!(is_past || left.is_none(), "{place}: {left:?} is left in {item}");
    }
}

async fn clean_up(world: &World) {
    cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
}

/// The admins of a team.
async fn admins_of(world: &World, team: TeamId) -> BTreeSet<UserId> {
    world.store().team(team).await.unwrap().map(|team| team.admins).unwrap_or_default()
}
