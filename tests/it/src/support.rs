//! What every test needs: an installation of its own with a table in memory, all routes and signed-in users.

mod client;
mod conformance;
pub mod consistency;
pub mod faults;
pub mod jobs;
pub mod mailed_codes;
pub mod receiver;
mod seed;
mod table;

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{Router, http::HeaderMap};
use chrono::DateTime;
use rollcall::{Data, Mailbox, MailboxEntry, TABLE, TestClock};
use rollcall_api::{Context, config::Config, token};
use rollcall_domain::{
    Fields, Timestamp,
    api_key::{ApiKey, ApiKeyToken, NewApiKey, StoredSecret},
    credential::{Credential, PasswordHash},
    email::Email,
    held_role::HeldRole,
    id::{ApiKeyId, CustomRoleId, FlowId, SessionId, TeamId, UserId},
    new_user::NewUser,
    password::Password,
    permission::UserType,
    role::Role,
    role_id::RoleId,
    session::{Secret, Session, SessionToken},
    team::{Member, Team},
    text::{Login, TeamName, Username},
    user::{Status, User},
    verification::{FlowPurpose, Verification},
};
use rollcall_objects::Objects;
use rollcall_store::{
    Commit, Connection, Secrets, Store, Writer,
    credential::{CredentialChange, SecondFactorChange},
    flow::FlowRef,
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

pub use client::{Client, Reply};
use faults::Faults;
use table::{Item, Table};

/// The time at which every world starts.
pub const START: &str = "2026-11-20T12:00:00.000Z";

/// A password that satisfies every rule.
pub const PASSWORD: &str = "correct horse battery";

/// The public origin of every world.
pub const ORIGIN: &str = "https://console.example.com";

/// A well-formed id of nothing that exists.
pub const UNKNOWN_ID: &str = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";

/// One installation. It starts empty, and its clock is frozen until a test moves it.
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

/// The items of a world's table and its time, to return to.
pub struct Snapshot {
    items: Vec<Item>,
    now: Timestamp,
}

/// The routes of every function, built once per process: building them also builds the whole API document, which takes
/// longer than most requests.
static ROUTES: LazyLock<Router<Context>> = LazyLock::new(|| rollcall_api::router(rollcall::routes()));

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

    /// The context of functions that start now on the same table, clock and faults, with these environment variables.
    pub fn restarted(&self, variables: &[(&str, &str)]) -> Context {
        let connection =
            Connection { http_client: self.faults.client(self.data.database.http_client()), ..self.data.in_process() };
        Self::context(connection, &self.data, &self.clock, variables)
    }

    /// The file of the master key, for rotating it.
    pub fn key_file(&self) -> &std::path::Path {
        &self.data.key_file
    }

    async fn of(data: Data, variables: &[(&str, &str)]) -> Self {
        let faults = Faults::default();
        let clock = TestClock::frozen_at(START.parse::<DateTime<_>>().unwrap());
        let connection = Connection { http_client: faults.client(data.database.http_client()), ..data.in_process() };
        rollcall::create_if_missing(&connection).await.unwrap();
        let context = Self::context(connection, &data, &clock, variables);
        let service = rollcall::service(ROUTES.clone(), context.clone(), &data);
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
            "WEBHOOK_LOOPBACK" => set("WEBHOOK_LOOPBACK").or_else(|| Some("on".to_owned())),
            name => set(name),
        });
        let store = Store::new(&connection, TABLE.to_owned());
        Context::new(store, Secrets::new(connection), config.unwrap(), clock.to_clock())
    }

    /// A client, not signed in, of functions with this context.
    pub fn stranger_to(&self, context: &Context) -> Client {
        let service = rollcall::service(ROUTES.clone(), context.clone(), &self.data);
        Client { service, ..self.stranger() }
    }

    /// The objects of this installation.
    pub fn objects(&self) -> Objects {
        self.data.objects(ORIGIN)
    }

    /// A connection to the S3 of this installation.
    pub fn s3_connection(&self) -> Connection {
        self.data.s3_connection(ORIGIN)
    }

    /// A stored flow.
    pub async fn flow(&self, flow_id: &str, purpose: FlowPurpose) -> Option<Verification> {
        let flow = FlowRef { flow_id: FlowId::parse(flow_id).unwrap(), purpose };
        self.store().verification_and_throttles(flow, &[]).await.unwrap().0
    }

    /// The newest code of a flow, computed as the mailer does.
    pub async fn code(&self, flow_id: &str, purpose: FlowPurpose) -> String {
        let flow = self.flow(flow_id, purpose).await.unwrap();
        rollcall_api::mailed_code::digits(&self.context, &flow.code).await.unwrap()
    }

    /// Sets a user's password to [`PASSWORD`] without ending their sessions.
    pub async fn with_password(&self, user: &User) {
        let hash = Box::pin(rollcall_api::password::hash(&self.context, Password::new(PASSWORD)));
        let hash = self.password_hash.get_or_init(async || hash.await.unwrap()).await;
        let commit =
            rollcall_store::user::change(user, user, CredentialChange::Password(hash, SecondFactorChange::Kept))
                .unwrap();
        self.writer().commit(commit).await.unwrap();
    }

    /// Delivers what is due, without faults, and returns the mails to an address, newest first.
    pub async fn mails(&self, to: &str) -> Vec<MailboxEntry> {
        let context = Self::context(self.data.in_process(), &self.data, &self.clock, &[]);
        mailer::deliver_due(&context, &self.mailbox.sender(&context)).await.unwrap();
        self.mailbox.mails(Some(to))
    }

    /// Gives a user a verified address.
    pub async fn with_email(&self, user: &User, address: &str) {
        let after = user.clone().with_verified_email(Email::parse(address).unwrap(), self.now());
        let commit = rollcall_store::user::change(user, &after, CredentialChange::Kept).unwrap();
        self.writer().commit(commit).await.unwrap();
    }

    /// The store, without the faults.
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Writes to the table, without the faults.
    pub fn writer(&self) -> Writer {
        Writer::new(self.store())
    }

    /// The user who verified an address.
    pub async fn owner_of(&self, email: &str) -> Option<UserId> {
        self.store().address_state(email, "unknown-address", None, &[]).await.unwrap().owner
    }

    /// All items of the table, read without the API and the faults.
    pub async fn dump(&self) -> Vec<Value> {
        self.table.items().await.into_iter().map(|item| serde_dynamo::from_item(item).unwrap()).collect()
    }

    /// The present state, for [`rewind`](Self::rewind).
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot { items: self.table.items().await, now: self.now() }
    }

    /// Returns to a snapshot and disarms the faults. Clients that were signed in then are signed in again.
    pub async fn rewind(&self, to: &Snapshot) {
        self.faults.disarm();
        self.table.restore(&to.items).await;
        self.clock.retreat(self.now().since(to.now));
        self.clock.advance(to.now.since(self.now()));
    }

    /// Makes the level of an account a text.
    pub async fn corrupt(&self, user_id: &str) {
        let mut items = self.table.items().await;
        for item in &mut items {
            if item["sk"] == AttributeValue::S(format!("ACCOUNT#{user_id}")) {
                item.insert("level".to_owned(), AttributeValue::S("high".to_owned()));
            }
        }
        self.table.restore(&items).await;
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

    /// A client that is not signed in.
    pub fn stranger(&self) -> Client {
        let address = [127, 0, 0, 1].into();
        Client { service: self.service.clone(), headers: HeaderMap::new(), address }
    }
}

/// Counts the password hashes of this process. Each test has a process of its own.
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

/// All items but the attempt counters, which change whether or not a request succeeds.
pub async fn everything(world: &World) -> Vec<Value> {
    let mut items = world.dump().await;
    items.retain(|item| item["sk"] != "LANE" && item["sk"] != "BREAKER");
    items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
    items
}
