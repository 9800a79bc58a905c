//! The model: many hands at users, teams, roles, invitations and applications, in rounds. In each round several people
//! do one thing each, over HTTP and at the same time; who they are and what they do is drawn, and so is how long each
//! call of the database takes, so that requests meet in every order.
//!
//! After each round the table is read past the API: it agrees with itself ([`crate::agreement`]), and both what it says
//! and every answer come of the operations one after the other in some order, by rules that are told here a second time
//! ([`rules`]). A round of one operation therefore has the one outcome of the model, and the one code.
//!
//! The clock is the runtime's and stands still but for waiting, so a failing case comes again nearly always, and
//! shrinks: rounds fall away, then operations, then numbers. Its history is printed as it was lived, the shortest last.
//!
//! The inner loop tries a few dozen rounds of one seed. The profile `ci` tries more; `PROPTEST_CASES` says how many
//! cases, `PROPTEST_RNG_SEED` another seed: `PROPTEST_CASES=500 PROPTEST_RNG_SEED=7 cargo nextest run -E
//! 'test(/model::/)'`.
//!
//! `users::races` has loops of its own for super admins (E4, K5), and `accounts::admins` for the ten admins of an
//! application (G10): they meet on threads, at full speed, where the model's requests meet by a paused clock. The model
//! covers both, among everything else that goes on; they tell sooner and more plainly what broke.

mod choice;
mod intent;
mod operation;
mod order;
mod rules;
mod state;

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
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

use crate::support::{Client, Reply, World, consistency::assert_consistent};
use choice::Made;
use intent::{CAST, Round};
use operation::Operation;
use order::{Answered, is_explained};
use rules::Actor;
use state::State;

/// The codes that one redeemer may try in a day.
const TRIES: usize = 10;

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn whatever_is_done_at_the_same_time_comes_of_doing_it_in_some_order(sequential 8..=16 => ModelRun);
}

fn config() -> Config {
    let is_set = |name| std::env::var_os(name).is_some();
    let is_full = std::env::var("NEXTEST_PROFILE").is_ok_and(|profile| profile == "ci");
    // Shrinking ends before nextest ends the test.
    let (max_shrink_iters, max_shrink_time) = (300, 30_000);
    let mut config = Config { failure_persistence: None, max_shrink_iters, max_shrink_time, ..Config::default() };
    if !is_set("PROPTEST_CASES") {
        config.cases = if is_full { 24 } else { 6 };
    }
    if !is_set("PROPTEST_RNG_SEED") {
        config.rng_seed = RngSeed::Fixed(2026);
    }
    config
}

/// What generation needs to know: which is nothing of what is there, for the numbers of an intent mean something
/// always.
struct Intents;

impl ReferenceStateMachine for Intents {
    /// Whether transactions conflict as the real database's do.
    type State = bool;
    type Transition = Round;

    fn init_state() -> BoxedStrategy<bool> {
        any::<bool>().boxed()
    }

    fn transitions(_: &bool) -> BoxedStrategy<Round> {
        intent::rounds()
    }

    fn apply(conflicts: bool, _: &Round) -> bool {
        conflicts
    }
}

/// A world, what is known of it, and what has come to pass.
struct ModelRun {
    runtime: Option<Runtime>,
    world: World,
    state: State,
    made: Made,
    /// Codes that were tried in vain, by login.
    tries: BTreeMap<&'static str, usize>,
    history: Vec<String>,
}

impl StateMachineTest for ModelRun {
    type SystemUnderTest = Self;
    type Reference = Intents;

    fn init_test(conflicts: &bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let mut run = runtime.block_on(Self::begin(*conflicts));
        run.runtime = Some(runtime);
        run
    }

    fn apply(mut run: Self, _: &bool, round: Round) -> Self {
        let runtime = run.runtime.take().unwrap();
        runtime.block_on(run.execute(&round));
        run.runtime = Some(runtime);
        run
    }

    /// What is left when everything is over: nothing that is on its way out.
    fn teardown(mut run: Self, _: bool) {
        let runtime = run.runtime.take().unwrap();
        runtime.block_on(async {
            run.world.clock.advance(Duration::from_hours(25));
            run.clean_up().await;
            let items = assert_consistent(&run.world).await;
            assert_eq!(items.living().count(), items.teams.len(), "tombstones of teams are over");
            assert!(items.apps.iter().all(|app| app.deleting_at.is_none()), "tombstones of applications are over");
            assert!(items.invitations.iter().all(|it| it.status == it.status_at(run.world.now())), "expired");
        });
    }
}

impl Drop for ModelRun {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nWhat came to pass:\n{}", self.history.join("\n"));
        }
    }
}

impl ModelRun {
    /// Two teams with people of every kind, one of whom holds a custom role, and an application that has nine admins.
    async fn begin(conflicts: bool) -> Self {
        let world = World::new().await;
        let (north, south) = (world.team("Northwind").await, world.team("Southwind").await);
        let boss = world.admin().await;
        let permissions = json!(["team.read", "members.manage", "roles.manage", "audit.read"]);
        let body = json!({"name": "Keeper", "permissions": permissions});
        let role = boss.post(&format!("/v1/teams/{north}/roles"), &body).await;
        let keeper = role.is(201).body["role_id"].as_str().unwrap().to_owned();
        for (login, user_type, teams) in [
            ("boss", UserType::SuperAdmin, vec![]),
            ("deputy", UserType::SuperAdmin, vec![]),
            ("platform", UserType::PlatformAdmin, vec![]),
            ("owner", UserType::Member, vec![(north, "admin")]),
            ("second", UserType::Member, vec![(north, "admin"), (south, "admin")]),
            ("manager", UserType::Member, vec![(north, "member_manager"), (south, "reviewer")]),
            ("keeper", UserType::Member, vec![(north, keeper.as_str())]),
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
        let app = boss.post("/v1/apps", &json!({"name": "App", "team_id": north})).await;
        for number in 0..9 {
            let body = json!({"user_id": format!("a{number}"), "type": "admin"});
            boss.post(&format!("{}/accounts", app.header("location")), &body).await.is(201);
        }
        let made = Made {
            roles: vec![(north, RoleId::parse(&keeper).unwrap())],
            apps: vec![AppId::parse(app.body["app_id"].as_str().unwrap()).unwrap()],
            ..Made::default()
        };
        world.faults.conflicts_like_dynamodb(conflicts);
        let state = State::read(&assert_consistent(&world).await, world.now());
        Self { runtime: None, world, state, made, tries: BTreeMap::new(), history: Vec::new() }
    }

    async fn execute(&mut self, round: &Round) {
        let mut acts = Vec::new();
        for intent in &round.intents {
            let (login, operation) = intent.operation(&self.state, &self.made);
            let (actor, client) = self.actor(login).await;
            acts.push((login, operation, actor, client, intent.delay));
        }
        self.world.faults.add_latency(Some(round.pace).filter(|_| acts.len() > 1));
        let replies =
            join_all(acts.iter().map(|(_, operation, _, client, delay)| self.act(*delay, operation, client))).await;
        self.world.faults.add_latency(None);
        self.history.push(format!("-- {}", self.state.now));
        let mut answers = Vec::new();
        for ((login, operation, actor, ..), reply) in acts.into_iter().zip(replies) {
            self.history.push(format!("{login} {operation:?}: {}", told(reply.as_ref())));
            answers.push(self.answered(login, actor, operation, reply));
        }
        let items = assert_consistent(&self.world).await;
        let found = State::read(&items, self.world.now());
        let is_explained = is_explained(&self.state, &found, &answers);
        assert!(is_explained, "no order explains {answers:?}\nbefore: {:?}\nafter: {found:?}", self.state);
        for it in answers.iter().filter(|it| it.operation.request().is_some()) {
            let records = items.records_of(&it.request_id);
            assert!(it.answer.is_ok() || records == 0, "a refusal left {records} records: {it:?}");
            assert!(it.status != 201 || records > 0, "nothing was recorded: {it:?}");
        }
        self.state = found;
        self.welcome().await;
    }

    /// The caller of an intent, newly signed in; an anonymous client if the user was deleted.
    async fn actor(&self, login: &str) -> (Actor, Client) {
        let now = self.state.now;
        let (user, client) = match self.state.named(login) {
            Some((user_id, _)) => {
                let user = self.world.store().user(user_id).await.unwrap().unwrap();
                (Some(user.clone()), self.world.signed_in(&user).await)
            }
            None => (None, self.world.stranger()),
        };
        let epoch = user.as_ref().map_or(0, |user| user.epoch);
        let actor = Actor { user: user.map(|user| user.user_id), epoch, since: now };
        // The codes that one network tries are counted as well.
        let network = CAST.iter().position(|cast| *cast == login).unwrap_or(CAST.len());
        (actor, client.at(&format!("10.0.0.{network}")))
    }

    /// Does it, after a while. What nobody does has no reply.
    async fn act(&self, delay: Duration, operation: &Operation, client: &Client) -> Option<Reply> {
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

    async fn clean_up(&self) {
        cleanup::run(self.world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    }

    /// What was answered, of which what was made is remembered.
    fn answered(&mut self, login: &'static str, actor: Actor, operation: Operation, reply: Option<Reply>) -> Answered {
        let mut answered = Answered {
            actor,
            operation,
            answer: Ok(String::new()),
            is_throttled: false,
            request_id: String::new(),
            status: 0,
        };
        let Some(reply) = reply else { return answered };
        let is_redeemed = matches!(answered.operation, Operation::Redeem { .. });
        answered.request_id = reply.header("x-request-id").to_owned();
        answered.status = reply.status;
        if reply.status >= 300 {
            let code = Code::ALL.iter().find(|code| reply.body["code"] == code.as_str());
            let code = code.unwrap_or_else(|| panic!("no code of ours: {reply:?}"));
            reply.is_problem(*code);
            answered.answer = Err(*code);
            let tries = self.tries.entry(login).or_default();
            *tries += usize::from(is_redeemed);
            answered.is_throttled = is_redeemed && *tries >= TRIES;
            return answered;
        }
        let made = answered.operation.made(&reply.body).unwrap_or_default();
        match &answered.operation {
            Operation::CreateRole { team, .. } => self.made_role(*team, &made),
            Operation::Issue { .. } | Operation::Reissue { .. } => {
                let invitation = InvitationId::parse(&made).unwrap();
                self.made.invitations.push(invitation);
                self.made.codes.insert(invitation, reply.body["code"].as_str().unwrap().to_owned());
            }
            Operation::CreateApp { .. } => self.made.apps.push(AppId::parse(&made).unwrap()),
            _ => {}
        }
        answered.answer = Ok(made);
        answered
    }

    fn made_role(&mut self, team: TeamId, made: &str) {
        self.made.roles.push((team, RoleId::Custom(CustomRoleId::parse(made).unwrap())));
    }

    /// Whoever is new proves an address and changes the password, past the API, and takes part from then on.
    async fn welcome(&mut self) {
        let store = self.world.store();
        for (user_id, person) in self.state.users.iter_mut().filter(|(_, person)| person.must_change_password) {
            let before = store.user(*user_id).await.unwrap().unwrap();
            let after = before.clone().with_verified_email(address(&person.login), self.world.now());
            let after = rollcall_domain::user::User { password_change_required: false, ..after };
            self.world.writer().commit(change(&before, &after, CredentialChange::Kept).unwrap()).await.unwrap();
            (person.must_change_password, person.is_proved) = (false, true);
        }
    }
}

fn address(login: &str) -> Email {
    Email::parse(&format!("{login}@example.com")).unwrap()
}

fn told(reply: Option<&Reply>) -> String {
    let Some(reply) = reply else { return "done".to_owned() };
    let detail = reply.body.get("code").or(reply.body.get("errors"));
    detail.map_or_else(|| reply.status.to_string(), |code| format!("{} {code}", reply.status))
}
