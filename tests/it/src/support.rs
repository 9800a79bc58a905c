//! A world of one's own for each test: a table in memory, all routes, people who are signed in.

pub mod consistency;
pub mod faults;
pub mod mailed_codes;
mod table;

use std::{
    net::IpAddr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, header},
};
use chrono::DateTime;
use http_body_util::BodyExt;
use rollcall::{Data, Mailbox, MailboxEntry, TABLE, TestClock};
use rollcall_api::{ClientAddress, Context, config::Config, token};
use rollcall_domain::{
    Code, Fields, Timestamp,
    credential::{Credential, PasswordHash},
    email::Email,
    id::{CustomRoleId, FlowId, SessionId, TeamId, UserId},
    new_user::NewUser,
    password::Password,
    permission::UserType,
    role::Role,
    role_id::RoleId,
    session::{Secret, Session, SessionToken},
    team::{Member, Team},
    text::{Login, TeamName, Username},
    user::{Status, User},
    verification::FlowPurpose,
};
use rollcall_store::{Commit, Connection, Secrets, Store, Writer, credential::CredentialChange};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tower::ServiceExt;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::support::{
    faults::Faults,
    table::{Item, Table},
};

/// The moment at which every world begins.
pub const DAWN: &str = "2026-11-20T12:00:00.000Z";

/// A password that every rule takes.
pub const PASSWORD: &str = "correct horse battery";

/// The origin the worlds are served under.
pub const ORIGIN: &str = "https://console.example.com";

/// An id that names nothing.
pub const NOBODY: &str = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";

/// One installation, empty but for its first super admin.
pub struct World {
    pub faults: Faults,
    pub clock: TestClock,
    pub context: Context,
    mailbox: Mailbox,
    service: Router,
    store: Store,
    table: Table,
    password_hash: OnceCell<PasswordHash>,
    data: Data,
}

/// What a world's table holds at one moment, and the moment.
pub struct Snapshot {
    items: Vec<Item>,
    now: Timestamp,
}

/// Every function's routes. Building them builds the API document too, which takes longer than most requests.
static ROUTES: LazyLock<Router<Context>> = LazyLock::new(|| rollcall::routes().split_for_parts().0);

impl World {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A world whose master key cannot be read.
    pub async fn without_key() -> Self {
        let data = Data::temporary().unwrap();
        std::fs::remove_file(&data.key_file).unwrap();
        Self::of(data, &[]).await
    }

    /// A world with these environment variables.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::of(Data::temporary().unwrap(), variables).await
    }

    /// The same table, clock and faults, seen by functions that start now, with these environment variables.
    pub fn restarted(&self, variables: &[(&str, &str)]) -> Context {
        let connection =
            Connection { http_client: self.faults.client(self.data.database.http_client()), ..self.data.in_process() };
        Self::context(connection, &self.data, &self.clock, variables)
    }

    /// The file of the master key, for turning it.
    pub fn key_file(&self) -> &std::path::Path {
        &self.data.key_file
    }

    async fn of(data: Data, variables: &[(&str, &str)]) -> Self {
        let faults = Faults::default();
        let clock = TestClock::frozen_at(DAWN.parse::<DateTime<_>>().unwrap());
        let connection = Connection { http_client: faults.client(data.database.http_client()), ..data.in_process() };
        rollcall::create_if_missing(&connection).await.unwrap();
        let context = Self::context(connection, &data, &clock, variables);
        let service = rollcall_api::service(ROUTES.clone(), context.clone());
        let store = Store::new(&data.in_process(), TABLE.to_owned());
        let table = Table::new(data.in_process());
        let (mailbox, password_hash) = (Mailbox::default(), OnceCell::new());
        Self { faults, clock, context, mailbox, service, store, table, password_hash, data }
    }

    fn context(connection: Connection, data: &Data, clock: &TestClock, variables: &[(&str, &str)]) -> Context {
        let set = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let config = Config::read(&|name: &str| match name {
            "PUBLIC_ORIGIN" => Some(ORIGIN.to_owned()),
            "MASTER_KEY_FILE" => Some(data.key_file.display().to_string()),
            name => set(name),
        });
        let store = Store::new(&connection, TABLE.to_owned());
        Context::new(store, Secrets::new(connection), config.unwrap(), clock.to_clock())
    }

    /// A client of functions with this context.
    pub fn stranger_to(&self, context: &Context) -> Client {
        let service = rollcall_api::service(ROUTES.clone(), context.clone());
        Client { service, ..self.stranger() }
    }

    /// The code that was mailed last for a flow: what stands in the mail, computed as the mailer does.
    pub async fn code(&self, flow_id: &str, purpose: FlowPurpose) -> String {
        let flow = self.unfaulted().verification(FlowId::parse(flow_id).unwrap(), purpose).await.unwrap().unwrap();
        rollcall_api::mailed_code::digits(&self.context, &flow.code).await.unwrap()
    }

    /// Gives a user the password [`PASSWORD`], past the API.
    pub async fn with_password(&self, user: &User) {
        let hash = Box::pin(rollcall_api::password::hash(&self.context, Password::new(PASSWORD)));
        let hash = self.password_hash.get_or_init(async || hash.await.unwrap()).await;
        let commit = rollcall_store::user::change(user, user, CredentialChange::Password(hash)).unwrap();
        self.writer().commit(commit).await.unwrap();
    }

    /// The mails to an address, newest first, delivered past the faults.
    pub async fn mails(&self, to: &str) -> Vec<MailboxEntry> {
        let context = Self::context(self.data.in_process(), &self.data, &self.clock, &[]);
        mailer::deliver_due(&context, &self.mailbox.sender(&context)).await.unwrap();
        self.mailbox.mails(Some(to))
    }

    /// Gives a user an address, as if it had proved it.
    pub async fn with_email(&self, user: &User, address: &str) {
        let after = user.clone().with_verified_email(Email::parse(address).unwrap(), self.now());
        let commit = rollcall_store::user::change(user, &after, CredentialChange::Kept).unwrap();
        self.writer().commit(commit).await.unwrap();
    }

    /// The store, past the faults.
    pub fn unfaulted(&self) -> Store {
        self.store.clone()
    }

    /// Writes to the table, past the faults.
    pub fn writer(&self) -> Writer {
        Writer::new(self.unfaulted())
    }

    /// Who proved an address.
    pub async fn owner_of(&self, email: &str) -> Option<UserId> {
        self.unfaulted().address_state(email, "nobody's", "nowhere's").await.unwrap().owner
    }

    /// Every item of the table, past the API and the faults.
    pub async fn dump(&self) -> Vec<Value> {
        self.table.items().await.into_iter().map(|item| serde_dynamo::from_item(item).unwrap()).collect()
    }

    /// Remembers what the table holds and what time it is, to return to it by [`rewind`](Self::rewind).
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot { items: self.table.items().await, now: self.now() }
    }

    /// Returns to a snapshot and ends the faults. Sessions, codes and ids of that moment are valid again.
    pub async fn rewind(&self, to: &Snapshot) {
        self.faults.disarm();
        self.table.restore(&to.items).await;
        self.clock.retreat(self.now().since(to.now));
        self.clock.advance(to.now.since(self.now()));
    }

    /// Every audit record.
    pub async fn audit(&self) -> Vec<Value> {
        let mut items = self.dump().await;
        items.retain(|item| item["pk"].as_str().unwrap().starts_with("AUDIT#"));
        items
    }

    pub fn now(&self) -> Timestamp {
        self.context.now()
    }

    /// Nobody.
    pub fn stranger(&self) -> Client {
        let address = [127, 0, 0, 1].into();
        Client { service: self.service.clone(), headers: HeaderMap::new(), address }
    }

    /// A signed-in super admin.
    pub async fn admin(&self) -> Client {
        self.user("admin", UserType::SuperAdmin, []).await.1
    }

    /// A signed-in member with these roles in these teams.
    pub async fn member<const TEAMS: usize>(&self, login: &str, teams: [(TeamId, &str); TEAMS]) -> Client {
        self.user(login, UserType::Member, teams).await.1
    }

    /// A user, written past the API, and a client signed in as it. Its password is no password.
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

    /// A signed-in member of no team, who proved an address and so may redeem invitations.
    pub async fn redeemer(&self, login: &str) -> Client {
        let email = Email::parse(&format!("{login}@example.com")).unwrap();
        let proved = |user: &mut User| (user.email, user.email_verified) = (Some(email), true);
        let user = self.user_as(login, UserType::Member, proved).await;
        self.signed_in(&user).await
    }

    /// A user in a state of one's own making, written past the API. Its password is no password.
    pub async fn user_as(&self, login: &str, user_type: UserType, shape: impl FnOnce(&mut User)) -> User {
        let new = NewUser::named(Username::parse(login).unwrap(), Login::parse(login).unwrap(), user_type);
        let mut user = new.create(UserId::new(self.context.uuid().unwrap()), self.now());
        shape(&mut user);
        let password = PasswordHash { phc: String::new(), pepper: String::new() };
        let enabled = user.status == Status::Enabled;
        let credential =
            Credential { enabled, epoch: user.epoch, ..Credential::new(user.user_id, password, self.now()) };
        let mut commit = rollcall_store::user::create(&user, &credential).unwrap();
        for (team_id, role) in self.unfaulted().roles_of(&user).await.unwrap() {
            let member = Member::join(user.user_id, role.role_id, self.now());
            commit.extend(rollcall_store::member::join(team_id, &member, &role).unwrap());
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
        };
        let write = rollcall_store::session::create(&session, self.context.config.sessions.of(user)).unwrap();
        self.writer().commit(Commit::new([write])).await.unwrap();
        let token = SessionToken { user_id: user.user_id, session_id: session.session_id, secret };
        self.stranger().with("authorization", &format!("Bearer {}", token::encode(&token)))
    }

    /// A team of this name, written past the API.
    pub async fn team(&self, name: &str) -> TeamId {
        let team_id = TeamId::new(self.context.uuid().unwrap());
        let team = Team::create(team_id, TeamName::parse(name).unwrap(), self.now());
        self.writer().commit(rollcall_store::team::create(&team, None).unwrap()).await.unwrap();
        team_id
    }

    /// A custom role of a team, written past the API.
    pub async fn role(&self, team_id: TeamId, name: &str, permissions: &[&str]) -> RoleId {
        let role_id = CustomRoleId::new(self.context.uuid().unwrap());
        let role = Role::read(role_id, Fields::of(json!({"name": name, "permissions": permissions}))).unwrap();
        let commit = rollcall_store::role::create_role(team_id, role_id, &role).unwrap();
        self.writer().commit(commit).await.unwrap();
        role.role_id
    }

    /// An application of the platform.
    pub async fn app(&self, client: &Client, name: &str) -> String {
        let app = client.post("/v1/apps", &json!({"name": name})).await;
        assert_eq!(app.status, 201, "{app:?}");
        app.body["app_id"].as_str().unwrap().to_owned()
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Client {
    service: Router,
    pub headers: HeaderMap,
    pub address: IpAddr,
}

impl Client {
    /// Signs in with [`PASSWORD`] and goes on as whoever that is.
    pub async fn sign_in(&self, login: &str) -> Self {
        let signed_in = self.post("/v1/login", &json!({"login": login, "password": PASSWORD})).await;
        self.bearing(&signed_in)
    }

    /// The same client with the token of this reply.
    #[track_caller]
    pub fn bearing(&self, signed_in: &Reply) -> Self {
        let token = signed_in.is(200).body["token"].as_str().unwrap();
        self.with_only("authorization", &format!("Bearer {token}"))
    }

    /// The same client at another address.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self.clone() }
    }

    /// The same client with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.append(header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        client
    }

    /// The same client with this header and no other of its name.
    pub fn with_only(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.remove(name);
        client.with(name, value)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// [`Client::send`] with a body, as a future of its own.
    pub fn send_owned(&self, method: Method, path: &str, body: String) -> impl Future<Output = Reply> + use<> {
        let (client, path) = (self.clone(), path.to_owned());
        async move { client.send(method, &path, Some(body)).await }
    }

    /// Sends a request with a body exactly as given, as JSON unless the client says otherwise.
    pub async fn send(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        *request.headers_mut().unwrap() = self.headers.clone();
        if body.is_some() && !self.headers.contains_key("content-type") {
            request = request.header("content-type", "application/json");
        }
        let mut request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        request.extensions_mut().insert(ClientAddress(self.address));
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: parts.status.as_u16(), headers: parts.headers, body, bytes: bytes.to_vec() }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body as JSON; null where it is none.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// A header, empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts that this is the problem of this code, with its status and its form.
    #[track_caller]
    pub fn is_problem(&self, code: Code) -> &Self {
        assert_eq!(self.body["code"], code.as_str(), "{self:?}");
        assert_eq!(self.status, code.status());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["type"], format!("urn:problem:{}", code.as_str()));
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        self
    }

    /// Asserts success with this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The violations, as `[place, code]`.
    pub fn violations(&self) -> Vec<Value> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let place = |error: &Value| error.get("pointer").or(error.get("parameter")).cloned();
        errors.iter().map(|error| json!([place(error), error["code"]])).collect()
    }
}

/// Everything that is stored but for the counts of tries, which are counted whatever comes of them.
pub async fn everything(world: &World) -> Vec<Value> {
    let mut items = world.dump().await;
    items.retain(|item| item["sk"] != "LANE" && item["sk"] != "BREAKER");
    items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
    items
}

/// Counts what the hashing logs, in this process, which is this test's own.
pub fn count_hashes() -> Arc<AtomicUsize> {
    struct Counter(Arc<AtomicUsize>);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counter {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            if event.metadata().target() == "rollcall::password" {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    let count = Arc::new(AtomicUsize::new(0));
    tracing_subscriber::registry().with(Counter(Arc::clone(&count))).init();
    count
}
