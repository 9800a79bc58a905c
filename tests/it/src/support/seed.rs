//! Users, sessions, teams, roles and applications for tests.

use super::*;

impl World {
    /// A signed-in super admin.
    pub async fn admin(&self) -> Client {
        self.user("admin", UserType::SuperAdmin, []).await.1
    }

    /// A signed-in member with these roles in these teams.
    pub async fn member<const TEAMS: usize>(&self, login: &str, teams: [(TeamId, &str); TEAMS]) -> Client {
        self.user(login, UserType::Member, teams).await.1
    }

    /// A user, written without the API, and a client signed in as them. No password matches theirs.
    pub async fn user<const TEAMS: usize>(
        &self,
        login: &str,
        user_type: UserType,
        teams: [(TeamId, &str); TEAMS],
    ) -> (User, Client) {
        let teams = teams.into_iter().map(|(team, role)| (team, RoleId::parse(role).unwrap())).collect();
        let user = self.user_as(login, user_type, |user| user.teams = teams).await;
        let client = self.signed_in(&user).await;
        (user, client)
    }

    /// A user with a verified address whose membership in a team ends after this time, and a client signed in as them.
    pub async fn member_for(&self, login: &str, (team_id, role): (TeamId, &str), time: Duration) -> (User, Client) {
        let held = HeldRole { role_id: RoleId::parse(role).unwrap(), expires_at: Some(self.now() + time) };
        let email = Email::parse(&format!("{login}@example.com")).unwrap();
        let change = |user: &mut User| {
            user.teams.insert(team_id, held);
            (user.email, user.email_verified) = (Some(email), true);
        };
        let user = self.user_as(login, UserType::Member, change).await;
        let client = self.signed_in(&user).await;
        (user, client)
    }

    /// A signed-in member of no team with a verified address, who may therefore redeem invitations.
    pub async fn redeemer(&self, login: &str) -> Client {
        let email = Email::parse(&format!("{login}@example.com")).unwrap();
        let verify = |user: &mut User| (user.email, user.email_verified) = (Some(email), true);
        let user = self.user_as(login, UserType::Member, verify).await;
        self.signed_in(&user).await
    }

    /// A user changed by `change` and written without the API. No password matches theirs.
    pub async fn user_as(&self, login: &str, user_type: UserType, change: impl FnOnce(&mut User)) -> User {
        let new = NewUser::named(Username::parse(login).unwrap(), Login::parse(login).unwrap(), user_type);
        let mut user = new.create(UserId::new(self.context.uuid().unwrap()), self.now());
        change(&mut user);
        let password = PasswordHash { phc: String::new(), pepper: String::new() };
        let enabled = user.status == Status::Enabled;
        let credential = Credential { enabled, epoch: user.epoch, ..Credential::new(user.user_id, Some(password)) };
        let mut commit = rollcall_store::user::create(&user, &credential).unwrap();
        for (team_id, role) in self.store().roles_of(&user).await.unwrap() {
            let held = user.teams.stored_in(team_id).unwrap();
            let member = Member::join(user.user_id, held, self.now());
            commit.extend(rollcall_store::member::join(team_id, (&user, &member), &role).unwrap());
        }
        self.writer().commit(commit).await.unwrap();
        user
    }

    /// A client with a new session of `user`.
    pub async fn signed_in(&self, user: &User) -> Client {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mut random = [7; 32];
        random[..4].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let secret = Secret::new(random);
        let session = Session {
            session_id: SessionId::new(self.context.uuid().unwrap()),
            user_id: user.user_id,
            secret_hash: token::hash(&secret),
            epoch: user.epoch,
            created_at: self.now(),
            last_seen_at: self.now(),
            address: None,
            user_agent: None,
            device_id: None,
        };
        let write = rollcall_store::session::create(&session, self.context.config.sessions.of(user)).unwrap();
        self.writer().commit(Commit::new([write])).await.unwrap();
        let token = SessionToken { user_id: user.user_id, session_id: session.session_id, secret };
        self.stranger().with("authorization", &format!("Bearer {}", token::encode(&token)))
    }

    /// A service account of a team with this role, written without the API.
    pub async fn service(&self, login: &str, team_id: TeamId, role: &str) -> User {
        let role_id = RoleId::parse(role).unwrap();
        let belong = |user: &mut User| {
            (user.home_team_id, user.teams) = (Some(team_id), [(team_id, role_id)].into_iter().collect());
        };
        self.user_as(login, UserType::Service, belong).await
    }

    /// An API key of `owner` that lives for 30 days, written without the API, and a client that uses it.
    pub async fn api_key(&self, owner: &User, scopes: &[&str]) -> (ApiKey, Client) {
        self.api_key_as(owner, scopes, |_| {}).await
    }

    /// [`World::api_key`], changed by `change`.
    pub async fn api_key_as(
        &self,
        owner: &User,
        scopes: &[&str],
        change: impl FnOnce(&mut ApiKey),
    ) -> (ApiKey, Client) {
        let key_id = ApiKeyId::new(self.context.uuid().unwrap());
        let token = ApiKeyToken { user_id: owner.user_id, key_id, secret: Secret::new([3; 32]) };
        let body = json!({"name": "Key", "scopes": scopes, "expires_in_days": 30, "current_password": "x"});
        let new = Fields::of(body).parse(NewApiKey::read).unwrap();
        let secret = StoredSecret { hash: token::hash(&token.secret), hint: token.hint() };
        let mut key = new.create(key_id, (owner, owner), secret, self.now());
        change(&mut key);
        let before = self.store().key_holder(owner.user_id, None).await.unwrap().unwrap().register;
        let after = before.clone().with(&key, owner, self.now()).unwrap();
        let commit = rollcall_store::api_key::create(&key, (&before, &after), key.remind_at(self.now())).unwrap();
        self.writer().commit(commit).await.unwrap();
        (key, self.stranger().with("authorization", &format!("Bearer {}", token.expose())))
    }

    /// A team of this name, written without the API.
    pub async fn team(&self, name: &str) -> TeamId {
        let team_id = TeamId::new(self.context.uuid().unwrap());
        let team = Team::create(team_id, TeamName::parse(name).unwrap(), self.now());
        self.writer().commit(rollcall_store::team::create(&team, None).unwrap()).await.unwrap();
        team_id
    }

    /// A custom role of a team, written without the API.
    pub async fn role(&self, team_id: TeamId, name: &str, permissions: &[&str]) -> RoleId {
        let role_id = CustomRoleId::new(self.context.uuid().unwrap());
        let role = Role::read(role_id, Fields::of(json!({"name": name, "permissions": permissions}))).unwrap();
        let commit = rollcall_store::role::create_role(team_id, role_id, &role).unwrap();
        self.writer().commit(commit).await.unwrap();
        role.role_id
    }

    /// An application that belongs to no team.
    pub async fn app(&self, client: &Client, name: &str) -> String {
        let app = client.post("/v1/apps", &json!({"name": name})).await;
        assert_eq!(app.status, 201, "{app:?}");
        app.body["app_id"].as_str().unwrap().to_owned()
    }
}
