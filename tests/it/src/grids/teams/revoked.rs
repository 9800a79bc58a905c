//! A revoked permission is refused from the very next request on, on every kind of route.

use rstest::rstest;

use super::*;

/// A way in which a member loses their permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Nothing is lost, for comparison.
    Nothing,
    /// Their role loses permissions.
    Narrowed,
    /// They get another role.
    Demoted,
    Removed,
    Disabled,
    TeamDeleted,
}

/// A member whose custom role has all permissions.
pub struct RevokedMember {
    pub fixture: TeamFixture,
    pub caller: Caller,
    pub held: RoleId,
    /// A role that only allows reading the team.
    pub reader: RoleId,
}

impl RevokedMember {
    pub async fn new(world: &World, admin: &Client, number: usize, has_apps: bool) -> Self {
        let fixture = TeamFixture::new(world, admin, number, has_apps).await;
        let all: Vec<_> = rollcall_domain::permission::Permission::ALL.iter().map(|one| one.as_str()).collect();
        let held = world.role(fixture.team, "Everything", &all).await;
        let reader = world.role(fixture.team, "Reader", &["team.read"]).await;
        let caller = Caller::of(world, &format!("revoked{number}"), UserType::Member, vec![(fixture.team, held)]).await;
        Self { fixture, caller, held, reader }
    }

    pub fn user(&self) -> &User {
        self.caller.user.as_ref().unwrap()
    }

    /// Makes the revocation possible: a team can be deleted only without applications.
    pub async fn prepare(&self, admin: &Client, revocation: Revocation) {
        if revocation == Revocation::TeamDeleted && self.fixture.app != UNKNOWN_ID {
            for app in [&self.fixture.app, &self.fixture.spare] {
                admin.patch(&format!("/v1/apps/{app}"), &json!({"team_id": null})).await.is(200);
            }
        }
    }

    pub async fn revoke(&self, admin: &Client, revocation: Revocation) {
        let (team, user) = (self.fixture.team, self.user().user_id);
        let member = format!("/v1/teams/{team}/members/{user}");
        let reply = match revocation {
            Revocation::Nothing => return,
            Revocation::Narrowed => {
                let narrowed = json!({"permissions": ["team.read"]});
                admin.patch(&format!("/v1/teams/{team}/roles/{}", self.held), &narrowed).await
            }
            Revocation::Demoted => admin.patch(&member, &json!({"role_id": self.reader})).await,
            Revocation::Removed => admin.delete(&member).await,
            Revocation::Disabled => admin.patch(&format!("/v1/users/{user}"), &json!({"status": "disabled"})).await,
            Revocation::TeamDeleted => admin.delete(&format!("/v1/teams/{team}")).await,
        };
        assert!(reply.status < 300, "{revocation:?}: {reply:?}");
    }
}

/// The expected reply after the revocation.
fn expected(revocation: Revocation, action: &Action) -> String {
    match revocation {
        // A role with all permissions is not the role `admin`, which alone manages webhooks.
        Revocation::Nothing if action.path.starts_with("/v1/webhooks") => action.expected("reader"),
        Revocation::Nothing => action.expected("admin"),
        Revocation::Narrowed | Revocation::Demoted => action.expected("reader"),
        Revocation::TeamDeleted if action.name == "redeem an invitation" => "422 invitation_invalid".to_owned(),
        Revocation::Removed | Revocation::TeamDeleted => action.expected("teamless"),
        Revocation::Disabled => action.expected("stranger"),
    }
}

#[rstest]
#[tokio::test]
async fn a_revoked_permission_is_refused_from_the_next_request_on(
    #[values(
        Revocation::Nothing,
        Revocation::Narrowed,
        Revocation::Demoted,
        Revocation::Removed,
        Revocation::Disabled,
        Revocation::TeamDeleted
    )]
    revocation: Revocation,
) {
    for has_apps in [false, true] {
        let world = World::new().await;
        let admin = world.admin().await;
        let member = RevokedMember::new(&world, &admin, 0, has_apps).await;
        let (team, client) = (member.fixture.team, &member.caller.client);
        client.get(&format!("/v1/teams/{team}")).await.is(200);
        client.get("/v1/audit").await.is(200);
        if has_apps {
            client.get(&format!("/v1/apps/{}/accounts", member.fixture.app)).await.is(200);
        }
        member.prepare(&admin, revocation).await;
        member.revoke(&admin, revocation).await;
        let after = world.snapshot().await;
        for action in ACTIONS.iter().filter(|action| action.needs_apps() == has_apps) {
            world.rewind(&after).await;
            assert_refused(&world, &member, revocation, action).await;
        }
    }
}

/// Sends a request after the revocation and compares the reply with the table.
async fn assert_refused(world: &World, member: &RevokedMember, revocation: Revocation, action: &Action) {
    let team = member.fixture.team;
    let before = everything(world).await;
    let reply = member.caller.send(&member.fixture, action).await;
    assert_eq!(outcome(&reply), expected(revocation, action), "{} after {revocation:?}", action.name);
    if reply.status >= 400 {
        assert_eq!(
            everything(world).await,
            before,
            "{} after {revocation:?} was refused, but changed something",
            action.name
        );
    }
    let text = String::from_utf8_lossy(&reply.bytes);
    let may_see_team = matches!(revocation, Revocation::Nothing | Revocation::Narrowed | Revocation::Demoted)
        || (action.name == "redeem an invitation" && reply.status == 200);
    assert!(may_see_team || !text.contains(&team.to_string()), "{} after {revocation:?}: {text}", action.name);
    let may_see_apps = revocation == Revocation::Nothing || !action.needs_apps();
    assert!(may_see_apps || !text.contains(&member.fixture.app), "{} after {revocation:?}: {text}", action.name);
}
