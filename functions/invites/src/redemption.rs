//! Joining a team by an invitation code.

use std::collections::BTreeMap;

use axum::extract::State;
use rollcall_api::{
    Authority, Context, Plan, Problem, Reply, SessionCall, bound_invitations, membership_expiry,
    redemption::{Joining, Redeemer, RedemptionAttempt},
    retry_on_conflict,
};
use rollcall_domain::{
    Code, Timestamp, digits::EightDigits, id::UserId, limits::MAX_TEAMS_PER_USER, request_body, role::RoleView,
    team::TeamView, user::User,
};
use rollcall_store::{credential::CredentialChange, user::change};
use serde::Serialize;
use utoipa::ToSchema;

request_body! {
    /// The code of an invitation.
    #[schema(as = Redemption)]
    pub(crate) struct RedemptionBody {
        /// The invitation's code.
        code: EightDigits,
    }
}

/// The team that was joined, and the role in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Joined {
    /// The team, the caller included.
    team: TeamView,
    /// The caller's role in it.
    role: RoleView,
}

/// `POST /v1/invitations/redeem`: joins the team of an invitation. Wrong, expired, used, revoked and foreign codes get
/// the same reply.
#[utoipa::path(
    post,
    path = "/v1/invitations/redeem",
    operation_id = "redeem_invitation",
    tag = "invitations",
    request_body = RedemptionBody,
    responses((status = 200, body = Joined)),
    extensions(("x-codes" = json!([
        Code::EmailNotVerified,
        Code::AlreadyMember,
        Code::TooManyMembers,
        Code::TooManyTeams,
        Code::InvitationInvalid,
        Code::TooManyAttempts,
    ]))),
)]
pub(crate) async fn redeem(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let user = &call.actor.user;
    check_may_join(user)?;
    let RedemptionBody { code } = call.fields()?.parse(RedemptionBody::read)?;
    // Checked before the attempt, so that the refusal reveals nothing about the code.
    if user.teams.at(call.now()).count() >= MAX_TEAMS_PER_USER {
        return Err(Code::TooManyTeams.into());
    }
    membership_expiry::without_ended(&context, user.clone(), call.now()).await?;
    let attempt = RedemptionAttempt::reserve(&context, &call.request, Redeemer::User(user), &code).await?;
    let redeemed = retry_on_conflict(|| async {
        let (invited, now_is) = attempt.read(&context, Some(user.user_id)).await?;
        let before = now_is.ok_or(Code::Unauthenticated)?;
        call.check_session(&context, &before).await?;
        check_may_join(&before)?;
        let issuer = invited.issuer.clone();
        let joining = attempt.join(&context, invited, &before, call.now()).await?;
        let (team_id, reply) = (joining.team.team_id, joined(&context, &joining, issuer, call.now()).await?);
        let commit = change(&before, &joining.user, CredentialChange::Kept)?.extended(joining.commit);
        let plan = Plan::new(Authority::OwnAccount(&call, &before), commit).audit(joining.change);
        let reply = match context.commit(plan.reply(reply)).await {
            Err(problem) if problem.is(Code::TooManyMembers) => {
                return Err(membership_expiry::make_room(&context, problem, team_id, call.now()).await);
            }
            reply => reply?,
        };
        if joining.bound_left > 0 {
            bound_invitations::end_after_joining(&context, team_id, &user.login, call.now()).await;
        }
        Ok(reply)
    });
    match redeemed.await {
        Err(problem) => Err(attempt.fail(&context, call.idempotency_key.as_deref(), problem).await),
        redeemed => redeemed,
    }
}

/// Only members with a verified address may redeem invitations.
fn check_may_join(user: &User) -> Result<(), Code> {
    if user.user_type.is_admin() {
        return Err(Code::Forbidden);
    }
    if user.verified_email().is_some() { Ok(()) } else { Err(Code::EmailNotVerified) }
}

/// The reply with the team after the change. Its admins are read only where they are not known already: often the
/// issuer is the only one.
async fn joined(context: &Context, joining: &Joining, issuer: User, now: Timestamp) -> Result<Reply, Problem> {
    let mut team = joining.team.clone();
    if joining.role.role_id.is_admin() {
        // In either set of admins: which one does not show.
        team.admins.insert(joining.user.user_id);
        (team.version, team.updated_at) = (team.version + 1, joining.user.updated_at);
    }
    let known = [issuer, joining.user.clone()].into_iter().map(|user| (user.user_id, user));
    let mut users: BTreeMap<UserId, User> = known.collect();
    let others: Vec<_> = team.admin_ids().filter(|user_id| !users.contains_key(user_id)).collect();
    if !others.is_empty() {
        users.extend(context.store.users_of(others).await?);
    }
    let joined = Joined { team: TeamView::new(team, &users, now), role: joining.role.clone().into() };
    Reply::ok(&joined)
}
