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

use crate::{clock::Clock, config::Config, key_source::LazyKeyring, keyring::Keyring, problem::Problem};

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

/// Where the keyring comes from, and the keyring once it was read.
#[derive(Debug)]
struct Keys {
    secrets: Secrets,
    keyring: LazyKeyring,
}

impl Context {
    /// Puts the parts together. Nothing is read yet.
    pub fn new(store: Store, secrets: Secrets, config: Config, clock: Clock) -> Self {
        let keyring = LazyKeyring::new(config.key_source.clone());
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

    /// The keys derived from the master key.
    pub async fn keyring(&self) -> Result<&Keyring, Problem> {
        self.keys.keyring.get(&self.keys.secrets).await
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
