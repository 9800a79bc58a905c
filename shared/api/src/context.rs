//! What every handler gets: the store, the clock, the keys and the configuration.

use std::sync::Arc;

use rollcall_domain::{
    Timestamp,
    email::Email,
    id::MailId,
    mail::{Language, Mail, Message},
};
use rollcall_store::{Bookkeeping, CommitError, Secrets, Store, Writer};
use uuid::Uuid;

use crate::{clock::Clock, config::Config, key_source::CachedKeyring, keyring::Keyring, problem::Problem};

/// The environment of a request. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Context {
    /// Reads from the table. Changes of resources are committed as a [`Plan`](crate::Plan).
    pub store: Store,
    /// The configuration.
    pub config: Arc<Config>,
    pub(crate) writer: Writer,
    clock: Clock,
    keys: Arc<Keys>,
}

/// Where the keyring comes from, and the keyring that was read.
#[derive(Debug)]
struct Keys {
    secrets: Secrets,
    keyring: CachedKeyring,
}

impl Context {
    /// Puts the parts together. Nothing is read yet.
    pub fn new(store: Store, secrets: Secrets, config: Config, clock: Clock) -> Self {
        let keyring = CachedKeyring::new(config.key_source.clone());
        Self {
            writer: Writer::new(store.clone()),
            store,
            config: Arc::new(config),
            clock,
            keys: Arc::new(Keys { secrets, keyring }),
        }
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new UUID v7.
    pub fn uuid(&self) -> Result<Uuid, Problem> {
        Ok(self.clock.uuid()?)
    }

    /// The master keys, for new data.
    pub async fn keyring(&self) -> Result<Arc<Keyring>, Problem> {
        self.keys.keyring.get(&self.keys.secrets, None, self.now()).await
    }

    /// The master keys, for data that names its key: `named` is the key's id, or begins with it and a dot. Data of a key
    /// that another function was given a moment ago is read, too.
    pub async fn keyring_of(&self, named: &str) -> Result<Arc<Keyring>, Problem> {
        let id = named.split_once('.').map_or(named, |(id, _)| id);
        self.keys.keyring.get(&self.keys.secrets, Some(id), self.now()).await
    }

    /// Writes bookkeeping on its own, all of it or nothing: a counted attempt, a step of a flow, a session.
    pub async fn record(&self, writes: impl IntoIterator<Item = Bookkeeping>) -> Result<(), CommitError> {
        self.writer.record(writes).await
    }

    /// A mail about something that happens now. Without an address nothing is sent; the item is the same, so that an
    /// unknown address costs what a known one does.
    pub(crate) fn mail(
        &self,
        to: Option<Email>,
        language: Language,
        message: Message,
        now: Timestamp,
    ) -> Result<Mail, Problem> {
        Ok(Mail::new(MailId::new(self.uuid()?), to, language, message, now))
    }
}
