//! A plan: everything that one change writes, and the right it is made by, committed as one transaction.

use rollcall_domain::{
    Code, Timestamp,
    audit::{AuditActor, AuditRecord, Change, RequestOrigin},
    email::Email,
    id::{AuditId, TeamId},
    limits::REQUEST_DEADLINE,
    mail::{Language, Message},
    role::Rights,
    user::User,
};
use rollcall_store::{
    Commit, CommitError, FailedGuards, Fault, Write, api_key::still_active, member::still_authorised,
};

use crate::{
    actor::{self, JobActor},
    call::Call,
    clock::Clock,
    context::Context,
    idempotency::{Follows, IdempotencyKey},
    problem::Problem,
    reply::Reply,
    request::{IdempotentRequest, PublicRequest},
    security_log,
};

/// The right by which a change is made. It decides what the transaction checks again and who the audit log names.
#[derive(Clone, Copy)]
pub enum Authority<'a> {
    /// The caller's type: a platform admin. Checked again: the caller is enabled and has lost no right since the
    /// request began.
    Platform(&'a Call),
    /// The caller's role in this team, or their type if they have no role there. Checked again: as for
    /// [`Authority::Platform`], and the caller still has the role, the role still is what it was, and the membership
    /// has not ended.
    TeamRole(&'a Call, TeamId),
    /// The caller changes their own account, as this user was read, usually again in this request. Checked again: the
    /// user is enabled and has lost no right since that read.
    OwnAccount(&'a Call, &'a User),
    /// The caller's rights as they were when the request began, over what belongs to a team or, without one, to the
    /// platform. Checked again, without a read: the caller's membership in the team has not ended. For changes whose
    /// rate must not contend on the caller's item: accounts of an application, and a caller's own sessions.
    AsRead(&'a Call, Option<TeamId>),
    /// A job works in the name of a user on what belongs to a team or, without one, to the platform. Checked again: as
    /// for [`Authority::TeamRole`], since the user was read, and the API key that began the job is still active.
    Job(&'a JobActor, Option<TeamId>),
    /// A public request that has proved in this request to come from this user, by a mailed code. Checked again: the
    /// conditions of the flow's own writes.
    Proven(&'a IdempotentRequest, &'a User),
    /// The user has just signed in by this public request. Checked again: the conditions of the session's own writes.
    SignIn(&'a PublicRequest, &'a User),
    /// The system itself: the schedule, or an operator's invocation.
    System,
}

impl<'a> Authority<'a> {
    /// The right over what belongs to a team or, without one, to the platform.
    pub fn over(call: &'a Call, owner: Option<TeamId>) -> Self {
        owner.map_or(Self::Platform(call), |team_id| Self::TeamRole(call, team_id))
    }

    /// The conditions under which the change may be committed at `now`.
    fn checks(self, now: Timestamp) -> Result<Vec<Write>, Code> {
        Ok(match self {
            Self::Platform(call) => still_authorised(&call.actor.user, None, now, Code::Unauthenticated),
            Self::TeamRole(call, team_id) => over_team(&call.actor.user, &call.actor.rights, team_id, now),
            Self::Job(actor, owner) => {
                let right = match owner {
                    Some(team_id) => over_team(&actor.user, &actor.rights, team_id, now),
                    None => still_authorised(&actor.user, None, now, Code::Unauthenticated),
                };
                let key = actor.key_id.map(|key_id| still_active(actor.user.user_id, key_id, now));
                right.into_iter().chain(key).collect()
            }
            // The epoch rises for other reasons than the end of this session, too: the caller is read again.
            Self::OwnAccount(_, user) => still_authorised(user, None, now, Code::Conflict),
            Self::AsRead(call, Some(team_id)) if !call.actor.rights.are_current_in(team_id, now) => {
                return Err(Code::Forbidden);
            }
            Self::AsRead(..) | Self::Proven(..) | Self::SignIn(..) | Self::System => Vec::new(),
        })
    }

    fn author(self) -> Option<AuditActor> {
        match self {
            Self::Platform(call) | Self::TeamRole(call, _) | Self::OwnAccount(call, _) | Self::AsRead(call, _) => {
                Some(call.actor.audited())
            }
            Self::Job(actor, _) => Some(actor.audited()),
            Self::Proven(_, user) | Self::SignIn(_, user) => Some(actor::audited(user)),
            Self::System => None,
        }
    }

    fn request(self) -> Option<&'a PublicRequest> {
        match self {
            Self::Platform(call) | Self::TeamRole(call, _) | Self::OwnAccount(call, _) | Self::AsRead(call, _) => {
                Some(&call.request)
            }
            Self::Proven(call, _) => Some(&call.request),
            Self::SignIn(request, _) => Some(request),
            Self::Job(..) | Self::System => None,
        }
    }

    /// The request that the audit log names; of a job, the one that started it.
    fn origin(self) -> Option<RequestOrigin> {
        match self {
            Self::Job(actor, _) => actor.origin.clone(),
            other => other.request().map(PublicRequest::origin),
        }
    }

    fn idempotency_key(self) -> Option<&'a IdempotencyKey> {
        match self {
            Self::Platform(call) | Self::TeamRole(call, _) | Self::OwnAccount(call, _) | Self::AsRead(call, _) => {
                call.idempotency_key.as_deref()
            }
            Self::Proven(call, _) => call.idempotency_key.as_deref(),
            Self::Job(..) | Self::SignIn(..) | Self::System => None,
        }
    }
}

/// Checks a user's role in a team or, without one, their type.
fn over_team(user: &User, rights: &Rights, team_id: TeamId, now: Timestamp) -> Vec<Write> {
    match rights.role_in(team_id) {
        Some(role) => still_authorised(user, Some((team_id, role)), now, Code::Forbidden),
        None => still_authorised(user, None, now, Code::Unauthenticated),
    }
}

/// Why a plan was not committed.
#[derive(Debug)]
pub enum NotCommitted {
    /// Conditions did not hold. Nothing was written; the caller of [`Context::try_commit`] may decide again.
    Refused(FailedGuards),
    /// The request cannot go on.
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

/// Everything that one change writes: items with their conditions, audit records, mails, and the reply that is stored
/// under the request's `Idempotency-Key`.
#[must_use = "a plan changes nothing until `Context::commit`"]
pub struct Plan<'a> {
    authority: Authority<'a>,
    writes: Commit,
    audited: Vec<Change>,
    copied: Vec<Change>,
    mails: Vec<(Email, Language, Message)>,
    reply: Reply,
    follows: Follows,
}

impl<'a> Plan<'a> {
    /// A plan that writes these items by this right, and answers 204.
    pub fn new(authority: Authority<'a>, writes: Commit) -> Self {
        let (audited, copied, mails) = (Vec::new(), Vec::new(), Vec::new());
        Self { authority, writes, audited, copied, mails, reply: Reply::no_content(), follows: Follows::Nothing }
    }

    /// Adds an audit record.
    pub fn audit(mut self, change: Change) -> Self {
        self.audited.push(change);
        self
    }

    /// Adds audit records.
    pub fn audit_all(mut self, changes: impl IntoIterator<Item = Change>) -> Self {
        self.audited.extend(changes);
        self
    }

    /// Adds a copy of an audit record for the log of another team. The log of the platform has the record alone.
    pub fn audit_copy(mut self, change: Change) -> Self {
        self.copied.push(change);
        self
    }

    /// Adds a mail to a user's verified address; nothing if they have none.
    pub fn notify(mut self, user: &User, message: Message) -> Self {
        self.mails.extend(user.verified_email().map(|email| (email.clone(), user.language, message)));
        self
    }

    /// Answers with this reply.
    pub fn reply(self, reply: Reply) -> Self {
        Self { reply, ..self }
    }

    /// Says whether the request commits more plans after this one. Until the last one, `reply` is the reply that is
    /// right if none of them succeeds.
    pub fn follows(self, follows: Follows) -> Self {
        Self { follows, ..self }
    }
}

impl Context {
    /// Commits a plan in one transaction and returns its reply, or the stored reply if a concurrent request with the
    /// same `Idempotency-Key` finished first.
    pub async fn commit(&self, plan: Plan<'_>) -> Result<Reply, Problem> {
        Ok(self.try_commit(plan).await?)
    }

    /// [`Context::commit`], with the conditions that did not hold, for callers that can go on without them.
    pub async fn try_commit(&self, plan: Plan<'_>) -> Result<Reply, NotCommitted> {
        let Plan { authority, writes, audited, copied, mails, reply, follows } = plan;
        let present = self.now();
        let now = authority.request().map_or(present, |request| request.now);
        // Not the time of the request: a membership may have ended since.
        let checks = authority.checks(present).map_err(Problem::from)?;
        let mut commit = writes.with_checks(checks);
        for (to, language, message) in mails {
            let mail = self.mail(Some(to), language, message, now)?;
            commit.extend([rollcall_store::outbox::put(&mail).map_err(Problem::from)?]);
        }
        // Nor here: a request that was decided again is recorded after the change that it lost against.
        let record = |change| record(authority, change, present);
        let records = audited.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
        let retention = self.config.audit_retention;
        for record in &records {
            commit.extend([rollcall_store::audit::record(record, retention).map_err(Problem::from)?]);
        }
        for change in copied {
            commit.extend([rollcall_store::audit::copy(&record(change)?, retention).map_err(Problem::from)?]);
        }
        let Some(key) = authority.idempotency_key() else {
            self.write(commit).await?;
            records.iter().for_each(security_log::committed);
            return Ok(reply);
        };
        let (write, sealed_reply) = key.remember(self, &reply, follows, now).await?;
        match self.write(commit.and(write)).await {
            Ok(()) => {
                key.wrote(sealed_reply);
                records.iter().for_each(security_log::committed);
                Ok(reply)
            }
            // A concurrent request with the same key finished first: its reply is the reply.
            Err(CommitError::Refused(refused)) if refused.is(Code::IdempotencyInProgress) => {
                let stored = key.stored_reply(self, now).await?;
                let stored = stored.ok_or_else(|| Problem::from(Code::IdempotencyInProgress))?;
                let lost_right = [Code::Unauthenticated, Code::Forbidden].into_iter().find(|code| refused.is(*code));
                match lost_right {
                    Some(code) if !stored.may_replace(code) => Err(Problem::from(code).into()),
                    Some(_) | None => Ok(stored),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a commit, and gives up after [`REQUEST_DEADLINE`]: the event feed ends some time before the present, and
    /// would miss a record whose commit took longer. The deadline of a request may end it sooner.
    async fn write(&self, commit: Commit) -> Result<(), CommitError> {
        let written = tokio::time::timeout(REQUEST_DEADLINE, self.writer.commit(commit)).await;
        written.unwrap_or_else(|_| Err(too_late()))
    }
}

fn too_late() -> CommitError {
    let reason = format!("no result within {REQUEST_DEADLINE:?}");
    Fault::Unavailable { operation: "TransactWriteItems", reason }.into()
}

/// The audit record of a change. Its id carries the same time as the record, since ids give the log its order.
fn record(authority: Authority<'_>, change: Change, at: Timestamp) -> Result<AuditRecord, Problem> {
    let audit_id = AuditId::new(Clock::uuid_of(at)?);
    let origin = authority.origin();
    Ok(AuditRecord {
        audit_id,
        at,
        actor: authority.author(),
        address: origin.as_ref().and_then(|origin| origin.address),
        action: change.action,
        target: change.target,
        team_id: change.team_id,
        before: change.before,
        after: change.after,
        request_id: origin.map_or_else(|| audit_id.to_string(), |origin| origin.request_id),
    })
}
