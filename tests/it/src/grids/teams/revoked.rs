//! A permission that is taken away stops the very next request, on every kind of route.

use rstest::rstest;

use super::*;

/// One way in which somebody loses what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It loses nothing, for comparison.
    Nothing,
    /// Its role allows less.
    Narrowed,
    /// It is given another role.
    Moved,
    Removed,
    Disabled,
    TeamDeleted,
}

/// Somebody whose custom role allows everything in a team.
pub struct Victim {
    pub fixture: TeamFixture,
    pub caller: Caller,
    pub held: RoleId,
    /// A role that allows but reading the team.
    pub less: RoleId,
}

impl Victim {
    pub async fn new(world: &World, boss: &Client, number: usize, has_apps: bool) -> Self {
        let fixture = TeamFixture::new(world, boss, number, has_apps).await;
        let all: Vec<_> = rollcall_domain::permission::Permission::ALL.iter().map(|one| one.as_str()).collect();
        let held = world.role(fixture.team, "Everything", &all).await;
        let less = world.role(fixture.team, "Less", &["team.read"]).await;
        let caller = Caller::of(world, &format!("victim{number}"), UserType::Member, vec![(fixture.team, held)]).await;
        Self { fixture, caller, held, less }
    }

    pub fn user(&self) -> &User {
        self.caller.user.as_ref().unwrap()
    }

    /// What has to be done before, so that the taking can be: a team is deleted only without applications.
    pub async fn prepare(&self, boss: &Client, taking: Taking) {
        if taking == Taking::TeamDeleted && self.fixture.app != UNKNOWN_ID {
            for app in [&self.fixture.app, &self.fixture.spare] {
                boss.patch(&format!("/v1/apps/{app}"), &json!({"team_id": null})).await.is(200);
            }
        }
    }

    pub async fn lose(&self, boss: &Client, taking: Taking) {
        let (team, user) = (self.fixture.team, self.user().user_id);
        let member = format!("/v1/teams/{team}/members/{user}");
        let reply = match taking {
            Taking::Nothing => return,
            Taking::Narrowed => {
                let narrowed = json!({"permissions": ["team.read"]});
                boss.patch(&format!("/v1/teams/{team}/roles/{}", self.held), &narrowed).await
            }
            Taking::Moved => boss.patch(&member, &json!({"role_id": self.less})).await,
            Taking::Removed => boss.delete(&member).await,
            Taking::Disabled => boss.patch(&format!("/v1/users/{user}"), &json!({"status": "disabled"})).await,
            Taking::TeamDeleted => boss.delete(&format!("/v1/teams/{team}")).await,
        };
        assert!(reply.status < 300, "{taking:?}: {reply:?}");
    }
}

/// What somebody is answered then, by the table.
fn expected(taking: Taking, action: &Action) -> String {
    match taking {
        Taking::Nothing => action.expected("admin"),
        Taking::Narrowed | Taking::Moved => action.expected("reader"),
        Taking::TeamDeleted if action.name == "redeem an invitation" => "422 invitation_invalid".to_owned(),
        Taking::Removed | Taking::TeamDeleted => action.expected("teamless"),
        Taking::Disabled => action.expected("stranger"),
    }
}

#[rstest]
#[tokio::test]
async fn what_is_taken_away_stops_the_very_next_request(
    #[values(Taking::Nothing, Taking::Narrowed, Taking::Moved, Taking::Removed, Taking::Disabled, Taking::TeamDeleted)]
    taking: Taking,
) {
    for has_apps in [false, true] {
        let world = World::new().await;
        let boss = world.admin().await;
        let victim = Victim::new(&world, &boss, 0, has_apps).await;
        let (team, client) = (victim.fixture.team, &victim.caller.client);
        client.get(&format!("/v1/teams/{team}")).await.is(200);
        client.get("/v1/audit").await.is(200);
        if has_apps {
            client.get(&format!("/v1/apps/{}/accounts", victim.fixture.app)).await.is(200);
        }
        victim.prepare(&boss, taking).await;
        victim.lose(&boss, taking).await;
        let lost = world.snapshot().await;
        for action in ACTIONS.iter().filter(|action| action.needs_apps() == has_apps) {
            world.rewind(&lost).await;
            is_refused(&world, &victim, taking, action).await;
        }
    }
}

/// Does something after the loss, and compares what is answered with the table.
async fn is_refused(world: &World, victim: &Victim, taking: Taking, action: &Action) {
    let team = victim.fixture.team;
    let before = everything(world).await;
    let reply = victim.caller.act(&victim.fixture, action).await;
    assert_eq!(outcome(&reply), expected(taking, action), "{} after {taking:?}", action.name);
    if reply.status >= 400 {
        assert_eq!(everything(world).await, before, "{} after {taking:?} was refused and done", action.name);
    }
    let told = String::from_utf8_lossy(&reply.bytes);
    let may_see_team = matches!(taking, Taking::Nothing | Taking::Narrowed | Taking::Moved)
        || (action.name == "redeem an invitation" && reply.status == 200);
    assert!(may_see_team || !told.contains(&team.to_string()), "{} after {taking:?}: {told}", action.name);
    let may_see_apps = taking == Taking::Nothing || !action.needs_apps();
    assert!(may_see_apps || !told.contains(&victim.fixture.app), "{} after {taking:?}: {told}", action.name);
}
