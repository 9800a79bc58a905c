//! Invitation codes: drawn, tried, redeemed and run out, for every function that meets one.

use rollcall_domain::{
    Code, Refusal, Timestamp,
    audit::{Action, Change},
    digits::EightDigits,
    email::Email,
    id::{InvitationId, TeamId, UserId},
    invitation,
    limits::{MAX_CODE_DRAWS, MAX_EXPIRED_AT_ONCE, MAX_RESERVATIONS},
    role::{Rights, Role},
    team::{Member, Team},
    text::Login,
    throttle::ThrottleKind,
    user::{Status, User},
};
use rollcall_store::{
    Commit, CommitError,
    invitation::{Invited, Pointer, end, record_success, redeem, reserve, undo_attempt},
};

use crate::{
    By, Context, Problem, PublicRequest,
    clock::random,
    keyring::KeyPurpose,
    retry_on_conflict,
    throttle::{self, Attempt},
};
use data_encoding::HEXLOWER;

/// A new code, and the hash under which it is found.
pub async fn draw(context: &Context) -> Result<(EightDigits, String), Problem> {
    for _ in 0..MAX_CODE_DRAWS {
        if let Some(code) = EightDigits::from_random(u32::from_be_bytes(random()?)) {
            let hash = hashes(context, &code).await?.into_iter().next().ok_or(Code::Internal)?;
            return Ok((code, hash));
        }
    }
    Err(Problem::Unavailable("the random numbers are not random".to_owned()))
}

/// The hashes of a code under every master key there is, the newest first.
async fn hashes(context: &Context, code: &EightDigits) -> Result<Vec<String>, Problem> {
    let keyring = context.keyring().await?;
    let hash = |id| keyring.mac(id, KeyPurpose::InvitationCode, code.as_str().as_bytes());
    Ok(keyring.ids().filter_map(hash).map(|mac| HEXLOWER.encode(&mac)).collect())
}

/// A code that is being tried: the try is counted already.
#[derive(Debug)]
pub struct RedemptionAttempt {
    attempt: Attempt,
    /// Where the code leads.
    pointer: Pointer,
    /// Whether the try stands in the breaker's count. Codes that are bound to the redeemer do not: nobody guesses them
    /// for anybody else, and they go on working while the breaker is shut.
    is_in_breaker: bool,
}

/// What joining a team takes.
#[derive(Debug)]
pub struct Joining {
    /// The user as a member.
    pub user: User,
    /// Which team.
    pub team: Team,
    /// With which role.
    pub role: Role,
    /// What is written besides the user.
    pub commit: Commit,
    /// What is remembered of it.
    pub change: Change,
}

impl RedemptionAttempt {
    /// Counts a try at a code: of whoever has or wants this login, of its network, and of the whole platform; and of the
    /// address that somebody registers with, who may want one login after the other.
    pub async fn reserve(
        context: &Context,
        guest: &PublicRequest,
        login: &Login,
        registering: Option<&Email>,
        code: &EightDigits,
    ) -> Result<Self, Problem> {
        let mut throttles = vec![
            throttle::id(context, ThrottleKind::Redeemer, &login.key(), None).await?,
            throttle::redeeming_network_throttle(context, guest.address).await?,
        ];
        if let Some(email) = registering {
            throttles.push(throttle::id(context, ThrottleKind::Redeemer, &email.canonical(), None).await?);
        }
        let hashes = hashes(context, code).await?;
        let tried = context.store.tried(&throttles, &hashes).await?;
        let attempt = Attempt::reserve(context, throttles, tried.throttles, guest.now).await?;
        let is_in_breaker = tried.pointer.login.as_ref().is_none_or(|bound| bound.key() != login.key());
        if is_in_breaker {
            // What it refuses stays counted in the throttles: a code that is bound to the redeemer would be known by its
            // being let through, and to be guessed at without end.
            reserve_in_breaker(context, tried.breaker, guest.now).await?;
        }
        Ok(Self { attempt, pointer: tried.pointer, is_in_breaker })
    }

    /// What the code's invitation is about, and the user of this id, both as they stand now.
    pub async fn invited(
        &self,
        context: &Context,
        redeemer: Option<UserId>,
    ) -> Result<(Invited, Option<User>), Problem> {
        let (invited, redeemer) = context.store.invited(&self.pointer, redeemer).await?;
        Ok((invited.ok_or(Code::InvitationInvalid)?, redeemer))
    }

    /// What it takes that `redeemer` joins by the code: the invitation must be live, its team there, and whoever issued
    /// it must still be one who may grant its role.
    pub async fn join(
        &self,
        context: &Context,
        invited: Invited,
        redeemer: &User,
        now: Timestamp,
    ) -> Result<Joining, Problem> {
        let team_id = invited.team.team_id;
        let after = match invited.invitation.clone().redeemed(redeemer, now) {
            // Refused by no more readings than a code that nobody drew.
            Err(Code::InvitationInvalid) => return Err(Code::InvitationInvalid.into()),
            after => after,
        };
        let issuers_role = issuers_role(context, &invited).await?;
        if invited.team.deleting_at.is_some() || !may_still_grant(&invited, issuers_role.as_ref()) {
            return Err(Code::InvitationInvalid.into());
        }
        let after = after?;
        let user = redeemer.clone().joined(team_id, invited.role.role_id, now)?;
        let member = Member::join(user.user_id, invited.role.role_id, now);
        let commit = redeem(&invited, &after, &member, issuers_role.as_ref())?.extended(self.attempt.succeeded());
        let commit = commit.extended(self.is_in_breaker.then(record_success));
        let mut change = invitation::change(Action::InvitationRedeem, Some(&invited.invitation), Some(&after));
        // The one record tells of the membership, too.
        change.after["role_id"] = invited.role.role_id.to_string().into();
        Ok(Joining { user, team: invited.team, role: invited.role, commit, change })
    }

    /// How a request ends whose try did not succeed. It is taken off all counts where the code was not what stood in the
    /// way: a login that is taken, or a twin of this very request that was quicker.
    pub async fn failed<'a>(self, context: &Context, by: impl Into<By<'a>>, problem: Problem) -> Problem {
        if (problem.is(Code::LoginTaken) || by.into().is_answered(context).await)
            && let Err(fault) = self.undo_attempt(context).await
        {
            return fault;
        }
        // The team may have ended between the reading and the writing.
        if problem.is(Code::NotFound) { Code::InvitationInvalid.into() } else { problem }
    }

    async fn undo_attempt(self, context: &Context) -> Result<(), Problem> {
        if self.is_in_breaker {
            context.store.commit(Commit::new([undo_attempt()])).await?;
        }
        self.attempt.undo_attempt(context).await
    }
}

async fn reserve_in_breaker(
    context: &Context,
    mut breaker: rollcall_domain::breaker::Breaker,
    now: Timestamp,
) -> Result<(), Problem> {
    for _ in 0..MAX_RESERVATIONS {
        let reservation = breaker.reserve(now).map_err(|wait| {
            // The name by which `infra/alarms.yaml` counts it.
            tracing::error!(live = breaker.live, tries = breaker.tries, "the invitation breaker is shut");
            Refusal::wait(Code::TooManyAttempts, wait)
        })?;
        match context.store.commit(Commit::new([reserve(&reservation, now)])).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(_)) => breaker = context.store.breaker().await?,
            Err(CommitError::Fault(fault)) => return Err(fault.into()),
        }
    }
    Err(Refusal::wait(Code::TooManyAttempts, throttle::WAIT_AFTER_CROWD).into())
}

/// The role in the invitation's team of whoever issued it, if there is one.
async fn issuers_role(context: &Context, invited: &Invited) -> Result<Option<Role>, Problem> {
    let team_id = invited.team.team_id;
    match invited.issuer.teams.get(&team_id) {
        None => Ok(None),
        Some(role_id) if *role_id == invited.role.role_id => Ok(Some(invited.role.clone())),
        Some(role_id) => Ok(context.store.role(team_id, *role_id).await?),
    }
}

fn may_still_grant(invited: &Invited, issuers_role: Option<&Role>) -> bool {
    let (issuer, team_id) = (&invited.issuer, invited.team.team_id);
    let roles = issuers_role.map(|role| (team_id, role.clone())).into_iter().collect();
    issuer.status == Status::Enabled && Rights::new(issuer, roles).may_grant(&invited.role, team_id)
}

/// What became of an invitation whose time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Its record tells so from now on.
    Expired,
    /// It is not due, or has ended, or its team is gone.
    Not,
}

/// Ends an invitation whose time ran out: once, whoever comes across it first.
pub async fn expire(
    context: &Context,
    team_id: TeamId,
    invitation_id: InvitationId,
    now: Timestamp,
) -> Result<Expiry, Problem> {
    retry_on_conflict(|| async {
        let Some(before) = context.store.invitation(team_id, invitation_id).await? else { return Ok(Expiry::Not) };
        let Some(after) = before.clone().expired(now) else { return Ok(Expiry::Not) };
        // What is left of a deleted team ends with it.
        let Some(team) = context.store.team(team_id).await? else { return Ok(Expiry::Not) };
        let role = context.store.role(team.team_id, before.role.role_id).await?.ok_or(Code::Conflict)?;
        let change = invitation::change(Action::InvitationExpire, Some(&before), Some(&after));
        let commit = end(&before, &after, &role, now)?.and(context.audited(&By::system(), change)?);
        context.store.commit(commit).await?;
        Ok(Expiry::Expired)
    })
    .await
}

/// What becomes of a refusal for which live invitations are the reason: some of those whose time ran out before the
/// cleanup came end now, and what was refused is decided anew; where there are none, it stays refused.
pub async fn make_room(context: &Context, refused: Problem, team_id: TeamId, now: Timestamp) -> Problem {
    let ended = async {
        let overdue = context.store.overdue_invitations(team_id, now, MAX_EXPIRED_AT_ONCE).await?;
        for invitation in &overdue {
            // Whom another is quicker at is out of the way as well.
            expire(context, team_id, invitation.invitation_id, now).await?;
        }
        Ok::<_, Problem>(!overdue.is_empty())
    };
    match ended.await {
        Ok(true) => Code::Conflict.into(),
        Ok(false) => refused,
        Err(problem) => problem,
    }
}
