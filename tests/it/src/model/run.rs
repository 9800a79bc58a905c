//! One run of the model: sets up the users, executes rounds and checks what comes back.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use rollcall_domain::{
    Code,
    email::Email,
    id::{AppId, CustomRoleId, InvitationId, TeamId},
    permission::UserType,
    role_id::RoleId,
};
use rollcall_store::{credential::CredentialChange, user::change};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{
    choice::Created,
    intent::{LOGINS, Round},
    operation::Operation,
    order::{Completed, is_explained},
    rules::CallerSession,
    state::State,
};
use crate::support::{Client, Reply, World, consistency::assert_consistent};

/// How many wrong invitation codes one user may try in a day.
const MAX_WRONG_CODES: usize = 10;

/// A world, the state that the model expects, and the history.
pub struct ModelRun {
    pub runtime: Option<Runtime>,
    pub world: World,
    state: State,
    created: Created,
    /// The wrong codes that each login has tried.
    wrong_codes: BTreeMap<&'static str, usize>,
    history: Vec<String>,
}

impl Drop for ModelRun {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nHistory:\n{}", self.history.join("\n"));
        }
    }
}

impl ModelRun {
    /// Two teams with users of every kind, a custom role that a member holds, and an application with nine admins.
    pub async fn begin(conflicts: bool) -> Self {
        let world = World::new().await;
        let (north, south) = (world.team("Northwind").await, world.team("Southwind").await);
        let admin = world.admin().await;
        let permissions = json!(["team.read", "members.manage", "roles.manage", "audit.read"]);
        let body = json!({"name": "Custom", "permissions": permissions});
        let role = admin.post(&format!("/v1/teams/{north}/roles"), &body).await;
        let custom = role.is(201).body["role_id"].as_str().unwrap().to_owned();
        for (login, user_type, teams) in [
            ("boss", UserType::SuperAdmin, vec![]),
            ("deputy", UserType::SuperAdmin, vec![]),
            ("platform", UserType::PlatformAdmin, vec![]),
            ("owner", UserType::Member, vec![(north, "admin")]),
            ("second", UserType::Member, vec![(north, "admin"), (south, "admin")]),
            ("manager", UserType::Member, vec![(north, "member_manager"), (south, "reviewer")]),
            ("custom", UserType::Member, vec![(north, custom.as_str())]),
            ("senior", UserType::Member, vec![(north, "senior_developer")]),
            ("mina", UserType::Member, vec![]),
            ("jisoo", UserType::Member, vec![]),
        ] {
            let user = |user: &mut rollcall_domain::user::User| {
                user.teams = teams.into_iter().map(|(team, role)| (team, RoleId::parse(role).unwrap())).collect();
                (user.email, user.email_verified) = (Some(address(login)), true);
            };
            world.user_as(login, user_type, user).await;
        }
        let app = admin.post("/v1/apps", &json!({"name": "App", "team_id": north})).await;
        for number in 0..9 {
            let body = json!({"user_id": format!("a{number}"), "type": "admin"});
            admin.post(&format!("{}/accounts", app.header("location")), &body).await.is(201);
        }
        let created = Created {
            roles: vec![(north, RoleId::parse(&custom).unwrap())],
            apps: vec![AppId::parse(app.body["app_id"].as_str().unwrap()).unwrap()],
            ..Created::default()
        };
        world.faults.conflicts_like_dynamodb(conflicts);
        let state = State::read(&assert_consistent(&world).await, world.now());
        Self { runtime: None, world, state, created, wrong_codes: BTreeMap::new(), history: Vec::new() }
    }

    /// Runs the operations of a round concurrently and checks the table and the responses.
    pub async fn execute(&mut self, round: &Round) {
        let mut calls = Vec::new();
        for intent in &round.intents {
            let (login, operation) = intent.operation(&self.state, &self.created);
            let (caller, client) = self.caller(login).await;
            calls.push((login, operation, caller, client, intent.delay));
        }
        self.world.faults.add_latency(Some(round.latency_seed).filter(|_| calls.len() > 1));
        let replies =
            join_all(calls.iter().map(|(_, operation, _, client, delay)| self.run(*delay, operation, client))).await;
        self.world.faults.add_latency(None);
        self.history.push(format!("-- {}", self.state.now));
        let mut completed = Vec::new();
        for ((login, operation, caller, ..), reply) in calls.into_iter().zip(replies) {
            self.history.push(format!("{login} {operation:?}: {}", summary(reply.as_ref())));
            completed.push(self.complete(login, caller, operation, reply));
        }
        let items = assert_consistent(&self.world).await;
        let found = State::read(&items, self.world.now());
        let is_explained = is_explained(&self.state, &found, &completed);
        assert!(is_explained, "no order explains {completed:?}\nbefore: {:?}\nafter: {found:?}", self.state);
        for it in completed.iter().filter(|it| it.operation.request().is_some()) {
            let records = items.records_of(&it.request_id);
            assert!(it.result.is_ok() || records == 0, "a refusal left {records} records: {it:?}");
            assert!(it.status != 201 || records > 0, "no audit record: {it:?}");
        }
        self.state = found;
        self.prepare_new_users().await;
    }

    /// The caller of an intent, newly signed in; an anonymous client if the user does not exist.
    async fn caller(&self, login: &str) -> (CallerSession, Client) {
        let now = self.state.now;
        let (user, client) = match self.state.named(login) {
            Some((user_id, _)) => {
                let user = self.world.store().user(user_id).await.unwrap().unwrap();
                (Some(user.clone()), self.world.signed_in(&user).await)
            }
            None => (None, self.world.stranger()),
        };
        let epoch = user.as_ref().map_or(0, |user| user.epoch);
        let caller = CallerSession { user: user.map(|user| user.user_id), epoch, signed_in_at: now };
        // Wrong codes are also counted per network, so each login has its own.
        let network = LOGINS.iter().position(|candidate| *candidate == login).unwrap_or(LOGINS.len());
        (caller, client.at(&format!("10.0.0.{network}")))
    }

    /// Runs the operation after its delay. There is a reply only if it is a user's.
    async fn run(&self, delay: Duration, operation: &Operation, client: &Client) -> Option<Reply> {
        tokio::time::sleep(delay).await;
        match (operation, operation.request()) {
            (Operation::Wait { by }, _) => self.world.clock.advance(*by),
            (_, None) => self.clean_up().await,
            (_, Some((method, path, body))) => {
                let body = (!body.is_null()).then(|| body.to_string());
                return Some(client.send(method, &path, body).await);
            }
        }
        None
    }

    pub async fn clean_up(&self) {
        cleanup::run(self.world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    }

    /// The completed operation. What it created is remembered for later operations.
    fn complete(
        &mut self,
        login: &'static str,
        caller: CallerSession,
        operation: Operation,
        reply: Option<Reply>,
    ) -> Completed {
        let mut completed = Completed {
            caller,
            operation,
            result: Ok(String::new()),
            is_throttled: false,
            request_id: String::new(),
            status: 0,
        };
        let Some(reply) = reply else { return completed };
        let is_redeemed = matches!(completed.operation, Operation::Redeem { .. });
        completed.request_id = reply.header("x-request-id").to_owned();
        completed.status = reply.status;
        if reply.status >= 300 {
            let code = Code::ALL.iter().find(|code| reply.body["code"] == code.as_str());
            let code = code.unwrap_or_else(|| panic!("unknown error code: {reply:?}"));
            reply.is_problem(*code);
            completed.result = Err(*code);
            let wrong_codes = self.wrong_codes.entry(login).or_default();
            *wrong_codes += usize::from(is_redeemed);
            completed.is_throttled = is_redeemed && *wrong_codes >= MAX_WRONG_CODES;
            return completed;
        }
        let created = completed.operation.created_id(&reply.body).unwrap_or_default();
        match &completed.operation {
            Operation::CreateRole { team, .. } => self.add_role(*team, &created),
            Operation::Issue { .. } | Operation::Reissue { .. } => {
                let invitation = InvitationId::parse(&created).unwrap();
                self.created.invitations.push(invitation);
                self.created.codes.insert(invitation, reply.body["code"].as_str().unwrap().to_owned());
            }
            Operation::CreateApp { .. } => self.created.apps.push(AppId::parse(&created).unwrap()),
            _ => {}
        }
        completed.result = Ok(created);
        completed
    }

    fn add_role(&mut self, team: TeamId, created: &str) {
        self.created.roles.push((team, RoleId::Custom(CustomRoleId::parse(created).unwrap())));
    }

    /// Gives new users a verified address and a password of their own, without the API, so that they can act.
    async fn prepare_new_users(&mut self) {
        let store = self.world.store();
        for (user_id, user) in self.state.users.iter_mut().filter(|(_, user)| user.must_change_password) {
            let before = store.user(*user_id).await.unwrap().unwrap();
            let after = before.clone().with_verified_email(address(&user.login), self.world.now());
            let after = rollcall_domain::user::User { password_change_required: false, ..after };
            self.world.writer().commit(change(&before, &after, CredentialChange::Kept).unwrap()).await.unwrap();
            (user.must_change_password, user.has_verified_email) = (false, true);
        }
    }
}

fn address(login: &str) -> Email {
    Email::parse(&format!("{login}@example.com")).unwrap()
}

fn summary(reply: Option<&Reply>) -> String {
    let Some(reply) = reply else { return "done".to_owned() };
    let detail = reply.body.get("code").or(reply.body.get("errors"));
    detail.map_or_else(|| reply.status.to_string(), |code| format!("{} {code}", reply.status))
}
