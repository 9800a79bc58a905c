//! A team with one of everything that a route can name, and those who come to it.

use super::*;

/// The callers, in the order of the columns: the presets, custom roles, those without a role in the team, and those who
/// need none.
pub const CALLERS: [&str; 17] = [
    "admin",
    "member_manager",
    "senior_developer",
    "developer",
    "operator",
    "reviewer",
    "reader",
    "staffer",
    "shaper",
    "auditor",
    "keeper",
    "blind",
    "outsider",
    "teamless",
    "platform_admin",
    "super_admin",
    "stranger",
];

/// What the custom roles allow. Who holds the last one may not even read the team.
pub const CUSTOM: [(&str, &[&str]); 6] = [
    ("reader", &["team.read"]),
    ("staffer", &["team.read", "members.manage"]),
    ("shaper", &["team.read", "roles.manage"]),
    ("auditor", &["team.read", "audit.read"]),
    ("keeper", &["team.read", "apps.manage"]),
    ("blind", &["members.manage", "roles.manage", "accounts.read", "accounts.write", "audit.read"]),
];

/// A team that has an admin, a developer, a role that nobody holds and a live invitation, and whose applications, if it
/// was built with them, are one with accounts and a lifted lock, and one that is empty and locked.
pub struct TeamFixture {
    /// Which of its world it is.
    pub number: usize,
    pub team: TeamId,
    pub member: User,
    /// A user in no team.
    pub guest: User,
    pub role: RoleId,
    pub invitation: String,
    pub code: String,
    pub app: String,
    pub spare: String,
    /// Another team.
    pub elsewhere: TeamId,
}

impl TeamFixture {
    pub async fn new(world: &World, boss: &Client, number: usize, has_apps: bool) -> Self {
        // What stands by its id or by its joining stands in the order of its making.
        let tick = || world.clock.advance(Duration::from_millis(1));
        tick();
        let team = world.team(&format!("Fixture {number}")).await;
        tick();
        let elsewhere = world.team(&format!("Elsewhere {number}")).await;
        world.user(&format!("chief{number}"), UserType::Member, [(team, "admin")]).await;
        tick();
        let (member, _) = world.user(&format!("member{number}"), UserType::Member, [(team, "developer")]).await;
        let (guest, _) = world.user(&format!("guest{number}"), UserType::Member, []).await;
        let role = world.role(team, "Unused", &["team.read", "accounts.read"]).await;
        let issued = boss.post(&format!("/v1/teams/{team}/invitations"), &json!({"role_id": "reviewer"})).await;
        let (invitation, code) =
            (text(&issued.is(201).body["invitation"]["invitation_id"]), text(&issued.body["code"]));
        let (mut app, mut spare) = (UNKNOWN_ID.to_owned(), UNKNOWN_ID.to_owned());
        if has_apps {
            app = of_team(boss, team, "Full").await;
            tick();
            spare = of_team(boss, team, "Empty").await;
            for (user_id, account_type) in [("mina", "general"), ("root", "admin")] {
                let account = json!({"user_id": user_id, "type": account_type});
                boss.post(&format!("/v1/apps/{app}/accounts"), &account).await.is(201);
            }
            let lift = json!({"locked": false, "risks_acknowledged": true});
            boss.put(&format!("/v1/apps/{app}/deletion-lock"), &lift).await.is(200);
        }
        tick();
        Self { number, team, member, guest, role, invitation, code, app, spare, elsewhere }
    }

    /// A path with this fixture's ids, and that of who sends it.
    pub fn fill(&self, path: &str, own: Option<&User>) -> String {
        let own = own.map_or_else(|| UNKNOWN_ID.to_owned(), |user| user.user_id.to_string());
        path.replace("{team}", &self.team.to_string())
            .replace("{member}", &self.member.user_id.to_string())
            .replace("{own}", &own)
            .replace("{role}", &self.role.to_string())
            .replace("{invitation}", &self.invitation)
            .replace("{app}", &self.app)
            .replace("{spare}", &self.spare)
    }
}

/// An application of a team.
async fn of_team(boss: &Client, team: TeamId, name: &str) -> String {
    text(&boss.post("/v1/apps", &json!({"name": name, "team_id": team})).await.is(201).body["app_id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Somebody who comes to a fixture.
pub struct Caller {
    pub user: Option<User>,
    pub client: Client,
}

impl Caller {
    /// One of [`CALLERS`], with an address of its own that it proved.
    pub async fn new(world: &World, fixture: &TeamFixture, kind: &str, login: &str) -> Self {
        let custom = CUSTOM.iter().find(|(name, _)| *name == kind);
        let (user_type, teams) = match kind {
            "stranger" => return Self { user: None, client: world.stranger() },
            "super_admin" => (UserType::SuperAdmin, vec![]),
            "platform_admin" => (UserType::PlatformAdmin, vec![]),
            "teamless" => (UserType::Member, vec![]),
            "outsider" => (UserType::Member, vec![(fixture.elsewhere, RoleId::parse("admin").unwrap())]),
            _ => match custom {
                Some((_, permissions)) => {
                    (UserType::Member, vec![(fixture.team, world.role(fixture.team, kind, permissions).await)])
                }
                None => (UserType::Member, vec![(fixture.team, RoleId::parse(kind).unwrap())]),
            },
        };
        Self::of(world, login, user_type, teams).await
    }

    /// Somebody with these roles, and an address of its own that it proved.
    pub async fn of(world: &World, login: &str, user_type: UserType, teams: Vec<(TeamId, RoleId)>) -> Self {
        let email = Email::parse(&format!("{login}@example.com")).unwrap();
        let shape = |user: &mut User| {
            user.teams = teams.into_iter().collect();
            (user.email, user.email_verified) = (Some(email), true);
        };
        let user = world.user_as(login, user_type, shape).await;
        let client = world.signed_in(&user).await;
        Self { user: Some(user), client }
    }

    /// Does something at a fixture.
    pub async fn act(&self, fixture: &TeamFixture, action: &Action) -> Reply {
        let body = Some((action.body)(fixture)).filter(|body| !body.is_null()).map(|body| body.to_string());
        self.client.send(action.method.clone(), &fixture.fill(action.path, self.user.as_ref()), body).await
    }
}
