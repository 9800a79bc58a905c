//! What every handler is handed: the store, the clock, the keys and the configuration.

use std::{ops::Deref, sync::Arc};

use rollcall_domain::{
    Code, Timestamp,
    audit::{self, Change},
    id::AuditId,
};
use rollcall_store::{Commit, CommitError, Refused, Secrets, Store};
use uuid::Uuid;

use crate::{
    Call, Problem, Reply,
    clock::Clock,
    config::Config,
    idempotency::Follows,
    keyring::{Keyring, LazyKeyring},
};

/// Why a part of a request was not committed: a failed guard the request can react to, or its end.
#[derive(Debug)]
pub enum NotCommitted {
    /// Guards did not hold.
    Refused(Refused),
    /// The request is over.
    Problem(Problem),
}

impl From<Problem> for NotCommitted {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<CommitError> for NotCommitted {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(refused) => Self::Refused(refused),
            CommitError::Fault(fault) => Self::Problem(fault.into()),
        }
    }
}

impl From<NotCommitted> for Problem {
    fn from(error: NotCommitted) -> Self {
        match error {
            NotCommitted::Refused(refused) => refused.code().into(),
            NotCommitted::Problem(problem) => problem,
        }
    }
}

/// The surroundings of a request. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Context(Arc<Surroundings>);

/// The parts of a [`Context`].
#[derive(Debug)]
pub struct Surroundings {
    /// The table.
    pub store: Store,
    /// The configuration.
    pub config: Config,
    clock: Clock,
    secrets: Secrets,
    keyring: LazyKeyring,
}

impl Deref for Context {
    type Target = Surroundings;

    fn deref(&self) -> &Surroundings {
        &self.0
    }
}

impl Context {
    /// Puts the surroundings together. Nothing is read yet.
    pub fn new(store: Store, secrets: Secrets, config: Config, clock: Clock) -> Self {
        let keyring = LazyKeyring::new(config.key_source.clone());
        Self(Arc::new(Surroundings { store, config, clock, secrets, keyring }))
    }

    /// The moment it is.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new UUID v7.
    pub fn uuid(&self) -> Result<Uuid, Problem> {
        Ok(self.clock.uuid()?)
    }

    /// The keys derived from the master key.
    pub async fn keyring(&self) -> Result<&Keyring, Problem> {
        self.keyring.get(&self.secrets).await
    }

    /// Writes a change of `call` with its audit record and, where it carries an `Idempotency-Key`, its reply, all in
    /// one transaction; then answers with the reply.
    pub async fn commit(&self, call: &Call, commit: Commit, change: Change, reply: Reply) -> Result<Reply, Problem> {
        Ok(self.commit_part(call, commit, change, reply, Follows::Nothing).await?)
    }

    /// [`Context::commit`] for a request of several transactions: `reply` is the reply if no more of them succeeded.
    pub async fn commit_part(
        &self,
        call: &Call,
        commit: Commit,
        change: Change,
        reply: Reply,
        follows: Follows,
    ) -> Result<Reply, NotCommitted> {
        let audited = commit.and(self.audited(Some(call), change)?);
        self.remember(call, audited, reply, follows).await
    }

    /// Answers a request that turned out to change nothing (any more).
    pub async fn unchanged(&self, call: &Call, reply: Reply) -> Result<Reply, Problem> {
        Ok(self.remember(call, Commit::default(), reply, Follows::Nothing).await?)
    }

    async fn remember(
        &self,
        call: &Call,
        mut commit: Commit,
        reply: Reply,
        follows: Follows,
    ) -> Result<Reply, NotCommitted> {
        let Some(ticket) = &call.ticket else {
            self.store.commit(commit).await?;
            return Ok(reply);
        };
        let (write, sealed_reply) = ticket.remember(self, &reply, follows, call.now()).await?;
        commit.extend([write]);
        match self.store.commit(commit).await {
            Ok(()) => {
                ticket.wrote(sealed_reply);
                Ok(reply)
            }
            // The same request was quicker: its reply is the reply.
            Err(CommitError::Refused(refused)) if refused.is(Code::IdempotencyInProgress) => {
                ticket.replay(self, call.now()).await?;
                Err(Problem::from(Code::IdempotencyInProgress).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The write that records a change: of a call, or of the system itself.
    pub fn audited(&self, call: Option<&Call>, change: Change) -> Result<rollcall_store::Write, Problem> {
        let audit_id = AuditId::new(self.uuid()?);
        let record = audit::Record {
            audit_id,
            at: call.map_or_else(|| self.now(), Call::now),
            actor: call.map(|call| call.actor.to_audit()),
            address: call.and_then(|call| call.request.address),
            action: change.action,
            target: change.target,
            team_id: change.team_id,
            before: change.before,
            after: change.after,
            request_id: call.map_or_else(|| audit_id.to_string(), |call| call.request.request_id.clone()),
        };
        Ok(rollcall_store::audit::record(&record, self.config.audit_retention)?)
    }
}
