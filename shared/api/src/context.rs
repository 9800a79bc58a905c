//! What every handler is handed: the store, the clock, the keys and the configuration.

use std::{ops::Deref, sync::Arc};

use rollcall_domain::{
    Code, Timestamp,
    audit::{self, Change},
    email::Email,
    id::{AuditId, MailId},
    mail::{Language, Mail, Message},
    user::User,
};
use rollcall_store::{Commit, CommitError, FailedGuards, Secrets, Store, Write};
use uuid::Uuid;

use crate::{
    Call, IdempotentRequest, Problem, PublicRequest, Reply,
    clock::Clock,
    config::Config,
    idempotency::{Follows, IdempotencyKey},
    keyring::{Keyring, LazyKeyring},
};

/// Why a part of a request was not committed: a failed guard the request can react to, or its end.
#[derive(Debug)]
pub enum NotCommitted {
    /// Guards did not hold.
    Refused(FailedGuards),
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

/// By whom a change is made, for its audit record, and under which key its reply is remembered.
pub struct By<'a> {
    request: Option<&'a PublicRequest>,
    actor: Option<audit::AuditActor>,
    ticket: Option<&'a IdempotencyKey>,
}

impl<'a> By<'a> {
    /// The system itself.
    pub fn system() -> Self {
        Self { request: None, actor: None, ticket: None }
    }

    /// Somebody who is not signed in, and whom the request shows to be this user.
    pub fn shown(call: &'a IdempotentRequest, user: &User) -> Self {
        let actor = audit::AuditActor { user_id: user.user_id, login: user.login.clone() };
        Self { request: Some(&call.request), actor: Some(actor), ticket: call.ticket.as_deref() }
    }
}

impl By<'_> {
    /// Whether the same request was answered by now: a twin of it was quicker.
    pub(crate) async fn is_answered(&self, context: &Context) -> bool {
        match self.ticket {
            Some(ticket) => ticket.is_answered(context).await,
            None => false,
        }
    }
}

impl<'a> From<&'a Call> for By<'a> {
    fn from(call: &'a Call) -> Self {
        Self { request: Some(&call.request), actor: Some(call.actor.to_audit()), ticket: call.ticket.as_deref() }
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

    /// Writes a change with its audit record and, where the request carries an `Idempotency-Key`, its reply, all in one
    /// transaction; then answers with the reply.
    pub async fn commit<'a>(
        &self,
        by: impl Into<By<'a>>,
        commit: Commit,
        change: Change,
        reply: Reply,
    ) -> Result<Reply, Problem> {
        Ok(self.commit_part(by, commit, change, reply, Follows::Nothing).await?)
    }

    /// [`Context::commit`] for a request of several transactions: `reply` is the reply if no more of them succeeded.
    pub async fn commit_part<'a>(
        &self,
        by: impl Into<By<'a>>,
        commit: Commit,
        change: Change,
        reply: Reply,
        follows: Follows,
    ) -> Result<Reply, NotCommitted> {
        let by = by.into();
        let audited = commit.and(self.audited(&by, change)?);
        self.remember(&by, audited, reply, follows).await
    }

    /// Writes what changes nothing that is audited, such as a step of a flow, and answers like [`Context::commit`].
    pub async fn answer<'a>(&self, by: impl Into<By<'a>>, commit: Commit, reply: Reply) -> Result<Reply, Problem> {
        Ok(self.remember(&by.into(), commit, reply, Follows::Nothing).await?)
    }

    async fn remember(
        &self,
        by: &By<'_>,
        mut commit: Commit,
        reply: Reply,
        follows: Follows,
    ) -> Result<Reply, NotCommitted> {
        let Some(ticket) = by.ticket else {
            self.store.commit(commit).await?;
            return Ok(reply);
        };
        let now = self.moment_of(by);
        let (write, sealed_reply) = ticket.remember(self, &reply, follows, now).await?;
        commit.extend([write]);
        match self.store.commit(commit).await {
            Ok(()) => {
                ticket.wrote(sealed_reply);
                Ok(reply)
            }
            // The same request was quicker: its reply is the reply.
            Err(CommitError::Refused(refused)) if refused.is(Code::IdempotencyInProgress) => {
                ticket.replay(self, now).await?;
                Err(Problem::from(Code::IdempotencyInProgress).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The write that records a change.
    pub fn audited(&self, by: &By<'_>, change: Change) -> Result<Write, Problem> {
        // Of the moment it tells: the order of the ids is the log's.
        let at = self.moment_of(by);
        let audit_id = AuditId::new(Clock::uuid_of(at)?);
        let record = audit::AuditRecord {
            audit_id,
            at,
            actor: by.actor.clone(),
            address: by.request.and_then(|request| request.address),
            action: change.action,
            target: change.target,
            team_id: change.team_id,
            before: change.before,
            after: change.after,
            request_id: by.request.map_or_else(|| audit_id.to_string(), |request| request.request_id.clone()),
        };
        Ok(rollcall_store::audit::record(&record, self.config.audit_retention)?)
    }

    /// The write that leaves a mail to whoever holds a user's proved address; none where it has none.
    pub fn tell(&self, user: &User, message: Message, now: Timestamp) -> Result<Option<Write>, Problem> {
        let write = |email: &Email| self.mail(Some(email.clone()), user.language, message, now);
        user.verified_email().map(write).transpose()
    }

    /// The write that leaves a mail to be sent.
    pub fn mail(
        &self,
        to: Option<Email>,
        language: Language,
        message: Message,
        now: Timestamp,
    ) -> Result<Write, Problem> {
        let mail = Mail::new(MailId::new(self.uuid()?), to, language, message, now);
        Ok(rollcall_store::outbox::put(&mail)?)
    }

    fn moment_of(&self, by: &By<'_>) -> Timestamp {
        by.request.map_or_else(|| self.now(), |request| request.now)
    }
}
