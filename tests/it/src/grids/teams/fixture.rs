//! A team with one of everything that a route can name, and the callers.

use super::*;

/// The callers, in the order of the columns: presets, custom roles, users without a role in the team, and users who
/// need none.
pub const CALLERS: [&str; 17] = [
    "admin",
    "member_manager",
    "senior_developer",
    "developer",
    "operator",
    "reviewer",
    "reader",
    "member_editor",
    "role_editor",
    "auditor",
    "app_editor",
    "no_team_read",
    "outsider",
    "teamless",
    "platform_admin",
    "super_admin",
    "stranger",
];

/// The permissions of the custom roles. The last one does not include reading the team.
pub const CUSTOM: [(&str, &[&str]); 6] = [
    ("reader", &["team.read"]),
    ("member_editor", &["team.read", "members.manage"]),
    ("role_editor", &["team.read", "roles.manage"]),
    ("auditor", &["team.read", "audit.read"]),
    ("app_editor", &["team.read", "apps.manage"]),
    ("no_team_read", &["members.manage", "roles.manage", "accounts.read", "accounts.write", "audit.read"]),
];

/// The URL of webhooks to which nothing is ever delivered: nothing listens there.
pub const WEBHOOK_URL: &str = "http://127.0.0.1:9/";

/// A team with an admin, a developer, a role that nobody has, a live invitation and a webhook. If it was built with
/// applications, it has one with accounts, jobs and the deletion lock off, and an empty one with the lock on.
pub struct TeamFixture {
    /// Its number in its world.
    pub number: usize,
    pub team: TeamId,
    pub member: User,
    /// A user in no team.
    pub non_member: User,
    pub role: RoleId,
    pub invitation: String,
    pub code: String,
    pub webhook: String,
    pub app: String,
    pub spare: String,
    pub jobs: Jobs,
    /// Another team.
    pub elsewhere: TeamId,
}

/// The ids of a queued export and deletion, and of an import whose file is uploaded.
pub struct Jobs {
    pub export: String,
    pub import: String,
    pub deletion: String,
}

impl Jobs {
    fn unknown() -> Self {
        let unknown = || UNKNOWN_ID.to_owned();
        Self { export: unknown(), import: unknown(), deletion: unknown() }
    }

    async fn of_app(world: &World, admin: &Client, app: &str) -> Self {
        let begin = async |body: Value| text(&admin.post(&format!("/v1/apps/{app}/jobs"), &body).await.body["job_id"]);
        let export = begin(json!({"kind": "export", "format": "csv"})).await;
        let import = begin(json!({"kind": "import"})).await;
        let deletion = begin(json!({"kind": "delete", "user_ids": ["mina"]})).await;
        world.objects().put(&format!("{app}/{import}/{}", transfer::UPLOAD), "user_id\nhaeun\n".into()).await.unwrap();
        Self { export, import, deletion }
    }
}

impl TeamFixture {
    pub async fn new(world: &World, admin: &Client, number: usize, has_apps: bool) -> Self {
        // Ids contain the time. Each item gets a time of its own, so that lists by id or by join time are in the order
        // of creation.
        let tick = || world.clock.advance(Duration::from_millis(1));
        tick();
        let team = world.team(&format!("Fixture {number}")).await;
        tick();
        let elsewhere = world.team(&format!("Elsewhere {number}")).await;
        world.user(&format!("admin{number}"), UserType::Member, [(team, "admin")]).await;
        tick();
        let (member, _) = world.user(&format!("member{number}"), UserType::Member, [(team, "developer")]).await;
        let (non_member, _) = world.user(&format!("guest{number}"), UserType::Member, []).await;
        let role = world.role(team, "Unused", &["team.read", "accounts.read"]).await;
        let issued = admin.post(&format!("/v1/teams/{team}/invitations"), &json!({"role_id": "reviewer"})).await;
        let (invitation, code) =
            (text(&issued.is(201).body["invitation"]["invitation_id"]), text(&issued.body["code"]));
        let webhook = json!({"url": WEBHOOK_URL, "team_id": team});
        let webhook = admin.post("/v1/webhooks", &webhook).await.is(201).body["webhook"]["webhook_id"].clone();
        let webhook = text(&webhook);
        let (mut app, mut spare, mut jobs) = (UNKNOWN_ID.to_owned(), UNKNOWN_ID.to_owned(), Jobs::unknown());
        if has_apps {
            app = create_app(admin, team, "Full").await;
            tick();
            spare = create_app(admin, team, "Empty").await;
            for (user_id, account_type) in [("mina", "general"), ("root", "admin")] {
                let account = json!({"user_id": user_id, "type": account_type});
                admin.post(&format!("/v1/apps/{app}/accounts"), &account).await.is(201);
            }
            let lift = json!({"locked": false, "risks_acknowledged": true});
            admin.put(&format!("/v1/apps/{app}/deletion-lock"), &lift).await.is(200);
            jobs = Jobs::of_app(world, admin, &app).await;
        }
        tick();
        Self { number, team, member, non_member, role, invitation, code, webhook, app, spare, jobs, elsewhere }
    }

    /// The path with this fixture's ids, and the caller's own.
    pub fn path_for(&self, path: &str, own: Option<&User>) -> String {
        let own = own.map_or_else(|| UNKNOWN_ID.to_owned(), |user| user.user_id.to_string());
        path.replace("{team}", &self.team.to_string())
            .replace("{member}", &self.member.user_id.to_string())
            .replace("{own}", &own)
            .replace("{role}", &self.role.to_string())
            .replace("{invitation}", &self.invitation)
            .replace("{webhook}", &self.webhook)
            .replace("{app}", &self.app)
            .replace("{spare}", &self.spare)
            .replace("{export}", &self.jobs.export)
            .replace("{import}", &self.jobs.import)
            .replace("{deletion}", &self.jobs.deletion)
    }
}

/// Creates an application of the team.
async fn create_app(admin: &Client, team: TeamId, name: &str) -> String {
    text(&admin.post("/v1/apps", &json!({"name": name, "team_id": team})).await.is(201).body["app_id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A user or stranger who sends requests to a fixture.
pub struct Caller {
    pub user: Option<User>,
    pub client: Client,
}

impl Caller {
    /// One of [`CALLERS`], with a verified address.
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

    /// A user with these roles and a verified address.
    pub async fn of(world: &World, login: &str, user_type: UserType, teams: Vec<(TeamId, RoleId)>) -> Self {
        let email = Email::parse(&format!("{login}@example.com")).unwrap();
        let change = |user: &mut User| {
            user.teams = teams.into_iter().collect();
            (user.email, user.email_verified) = (Some(email), true);
        };
        let user = world.user_as(login, user_type, change).await;
        let client = world.signed_in(&user).await;
        Self { user: Some(user), client }
    }

    /// Sends the request of an action.
    pub async fn send(&self, fixture: &TeamFixture, action: &Action) -> Reply {
        let body = Some((action.body)(fixture)).filter(|body| !body.is_null()).map(|body| body.to_string());
        self.client.send(action.method.clone(), &fixture.path_for(action.path, self.user.as_ref()), body).await
    }
}
