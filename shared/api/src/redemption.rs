//! Redeeming an invitation code, by a member or at registration: the attempt is counted before the code is looked up.

use rollcall_domain::{
    Code, Refusal, Timestamp,
    audit::{Action, Change},
    breaker::Breaker,
    digits::EightDigits,
    email::Email,
    held_role::HeldRole,
    id::UserId,
    invitation,
    limits::MAX_RESERVATIONS,
    role::{Rights, Role},
    team::{Member, Team},
    text::Login,
    throttle::ThrottleKind,
    user::{Status, User},
};
use rollcall_store::{
    Commit, CommitError,
    breaker::{record_success, reserve, undo_attempt},
    invitation_code::CodePointer,
    redemption::{InvitationDetails, redeem},
};

use crate::{
    context::Context,
    idempotency::IdempotencyKey,
    invitation_code::hashes,
    problem::Problem,
    request::PublicRequest,
    throttle::{self, Attempt},
};

/// A counted attempt at an invitation code.
#[derive(Debug)]
pub struct RedemptionAttempt {
    attempt: Attempt,
    /// Where the code leads.
    pointer: CodePointer,
    /// Whether the platform-wide breaker counts the attempt. It does not count a code that is bound to the redeemer:
    /// nobody can guess it for somebody else, and it keeps working while the breaker is open.
    is_in_breaker: bool,
}

/// Who tries a code. The attempt is charged to what they have proved: never to the login that a registration merely
/// wants, since that may be somebody else's.
#[derive(Clone, Copy, Debug)]
pub enum Redeemer<'a> {
    /// A signed-in user.
    User(&'a User),
    /// Somebody who registers.
    Registering {
        /// The address that they have proved.
        email: &'a Email,
        /// The login that they want.
        login: &'a Login,
    },
}

impl Redeemer<'_> {
    /// What the attempt is charged to. No address looks like the id of a user.
    fn charged(self) -> String {
        match self {
            Self::User(user) => user.user_id.to_string(),
            Self::Registering { email, .. } => email.canonical(),
        }
    }

    fn login(self) -> String {
        match self {
            Self::User(user) => user.login.key(),
            Self::Registering { login, .. } => login.key(),
        }
    }
}

/// What joining a team changes.
#[derive(Debug)]
pub struct Joining {
    /// The user with the new membership.
    pub user: User,
    /// The team that is joined.
    pub team: Team,
    /// The number of its live invitations that stay bound to a login. If it is 0, none can be bound before the commit.
    pub bound_left: u32,
    /// The role in it.
    pub role: Role,
    /// Everything to write but the user.
    pub commit: Commit,
    /// The change for the audit log.
    pub change: Change,
}

impl RedemptionAttempt {
    /// Counts an attempt at a code against its redeemer, its network and the whole platform.
    pub async fn reserve(
        context: &Context,
        request: &PublicRequest,
        redeemer: Redeemer<'_>,
        code: &EightDigits,
    ) -> Result<Self, Problem> {
        let throttles = vec![
            throttle::of_subject(context, ThrottleKind::Redeemer, &redeemer.charged()).await?,
            throttle::of_network(context, ThrottleKind::RedeemingNetwork, request.address).await?,
        ];
        let hashes = hashes(context, code).await?;
        let found = context.store.look_up_code(&throttles, &hashes).await?;
        let attempt = Attempt::reserve(context, throttles, found.throttles, request.now).await?;
        let is_in_breaker = found.pointer.login.as_ref().is_none_or(|bound| bound.key() != redeemer.login());
        if is_in_breaker {
            // When the breaker refuses, the throttles keep the attempt. Otherwise a code that is bound to the caller
            // could be recognised by getting past the breaker, and guessed at without limit.
            reserve_in_breaker(context, found.breaker, request.now).await?;
        }
        Ok(Self { attempt, pointer: found.pointer, is_in_breaker })
    }

    /// Reads what the code leads to, and the redeeming user, as they are now.
    pub async fn read(
        &self,
        context: &Context,
        redeemer: Option<UserId>,
    ) -> Result<(InvitationDetails, Option<User>), Problem> {
        let (invited, redeemer) = context.store.invitation_details(&self.pointer, redeemer).await?;
        Ok((invited.ok_or(Code::InvitationInvalid)?, redeemer))
    }

    /// Decides whether `redeemer` joins: the invitation is live, its team exists, and its issuer still may grant the
    /// role.
    pub async fn join(
        &self,
        context: &Context,
        invited: InvitationDetails,
        redeemer: &User,
        now: Timestamp,
    ) -> Result<Joining, Problem> {
        let team_id = invited.team.team_id;
        let decision = invited.invitation.clone().redeemed(redeemer, now);
        // Return before any further read, as for a code that was never drawn: no timing oracle.
        if matches!(decision, Err(Code::InvitationInvalid)) {
            return Err(Code::InvitationInvalid.into());
        }
        let issuers_role = issuers_role(context, &invited, now).await?;
        let granted = invited.invitation.granted(now);
        if invited.team.deleting_at.is_some() || !may_still_grant(&invited, issuers_role.as_ref(), granted, now) {
            return Err(Code::InvitationInvalid.into());
        }
        let after = decision?;
        let user = redeemer.clone().joined(team_id, granted, now)?;
        let member = Member::join(user.user_id, granted, now);
        let commit = redeem(&invited, &after, (&user, &member), issuers_role.as_ref(), context.now())?
            .extended(self.attempt.succeeded())
            .extended(self.is_in_breaker.then(record_success));
        let mut change = invitation::change(Action::InvitationRedeem, Some(&invited.invitation), Some(&after));
        // One record tells of the redemption and of the membership.
        change.after["role_id"] = granted.role_id.to_string().into();
        if let Some(expires_at) = granted.expires_at {
            change.after["membership_expires_at"] = expires_at.to_string().into();
        }
        let bound_left = invited.bound_left();
        Ok(Joining { user, team: invited.team, bound_left, role: invited.role, commit, change })
    }

    /// Ends an attempt that did not succeed, and returns the problem to answer with. The attempt is taken off every
    /// count if the code was not the reason: the login is taken, or a concurrent request with the same idempotency key
    /// finished first.
    pub async fn fail(self, context: &Context, key: Option<&IdempotencyKey>, problem: Problem) -> Problem {
        let is_answered = match key {
            _ if problem.is(Code::LoginTaken) => true,
            Some(key) => key.is_answered(context).await,
            None => false,
        };
        if is_answered && let Err(fault) = self.undo(context).await {
            return fault;
        }
        // The team may have been deleted between the read and the write.
        if problem.is(Code::NotFound) { Code::InvitationInvalid.into() } else { problem }
    }

    async fn undo(self, context: &Context) -> Result<(), Problem> {
        if self.is_in_breaker {
            context.record([undo_attempt()]).await?;
        }
        self.attempt.undo(context).await
    }
}

async fn reserve_in_breaker(context: &Context, mut breaker: Breaker, now: Timestamp) -> Result<(), Problem> {
    for _ in 0..MAX_RESERVATIONS {
        let reservation = breaker.reserve(now).map_err(|wait| {
            // A metric filter in `infra/alarms.yaml` matches this message.
            tracing::error!(live = breaker.live, tries = breaker.tries, "the invitation breaker is open");
            Refusal::wait(Code::TooManyAttempts, wait)
        })?;
        match context.record([reserve(&reservation, now)]).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(_)) => breaker = context.store.breaker().await?,
            Err(CommitError::Fault(fault)) => return Err(fault.into()),
        }
    }
    Err(Refusal::wait(Code::TooManyAttempts, throttle::WAIT_AFTER_CONTENTION).into())
}

/// The issuer's role in the invitation's team, if they still have one.
async fn issuers_role(context: &Context, invited: &InvitationDetails, now: Timestamp) -> Result<Option<Role>, Problem> {
    let team_id = invited.team.team_id;
    match invited.issuer.teams.role_at(team_id, now).map(|held| held.role_id) {
        None => Ok(None),
        Some(role_id) if role_id == invited.role.role_id => Ok(Some(invited.role.clone())),
        Some(role_id) => Ok(context.store.role(team_id, role_id).await?),
    }
}

fn may_still_grant(
    invited: &InvitationDetails,
    issuers_role: Option<&Role>,
    granted: HeldRole,
    now: Timestamp,
) -> bool {
    let (issuer, team_id) = (&invited.issuer, invited.team.team_id);
    let roles = issuers_role.map(|role| (team_id, role.clone())).into_iter().collect();
    let rights = Rights::new(issuer, roles, now);
    issuer.status == Status::Enabled && rights.may_grant_until(granted.expires_at, &invited.role, team_id)
}
