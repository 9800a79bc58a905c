//! Memberships past their end: removed by the cleanup, or earlier where they stand in a request's way.

use rollcall_domain::{
    Code, Timestamp,
    audit::Action,
    id::{TeamId, UserId},
    limits::MAX_ENDED_AT_ONCE,
    team::{LastAdmin, membership_change},
    user::User,
};
use rollcall_store::member::leave;

use crate::{
    context::Context,
    membership_end::without_team,
    plan::{Authority, Plan},
    problem::Problem,
    retry::retry_on_conflict,
};

/// Removes a member whose membership has ended, recorded as done by the system. Returns whether this call removed them:
/// of several callers one writes the change.
pub async fn expire(context: &Context, team_id: TeamId, user_id: UserId, now: Timestamp) -> Result<bool, Problem> {
    retry_on_conflict(|| async {
        let found = context.store.member(team_id, user_id).await?;
        let Some(member) = found.filter(|member| member.held().has_ended(now)) else { return Ok(false) };
        let Some(team) = context.store.team_or_tombstone(team_id).await? else { return Ok(false) };
        let (held, last) = (member.held(), LastAdmin::Removable);
        // The items of the user, the member and the role change together: a difference means a concurrent change.
        let before = context.store.user(user_id).await?.ok_or(Code::Conflict)?;
        let role = context.store.role(team_id, held.role_id).await?.ok_or(Code::Conflict)?;
        if before.teams.stored_in(team_id) != Some(held) {
            return Err(Code::Conflict.into());
        }
        let (writes, deletion) = without_team(&before, team_id, now)?;
        let writes = writes.extended(leave(&team, &before, (held, &role), last, now));
        let change = membership_change(Action::MemberExpire, team_id, &before, Some(held), None);
        context.commit(Plan::new(Authority::System, writes).audit(change).audit_all(deletion)).await?;
        Ok(true)
    })
    .await
}

/// Removes a user's memberships that have ended, before they join a team: their places are free, and they can be added
/// again to the same team. Returns the user as they are then; `None` for a service account that went with its team.
pub async fn without_ended(context: &Context, user: User, now: Timestamp) -> Result<Option<User>, Problem> {
    if user.teams.ended(now).next().is_none() {
        return Ok(Some(user));
    }
    for team_id in user.teams.ended(now) {
        expire(context, team_id, user.user_id, now).await?;
    }
    Ok(context.store.user(user.user_id).await?)
}

/// Makes room where a request was refused because of members of a team: removes some whose membership has ended.
/// Returns `conflict`, so that the request is decided again, or `refused` if there were none.
pub async fn make_room(context: &Context, refused: Problem, team_id: TeamId, now: Timestamp) -> Problem {
    let ended = async {
        let mut has_room = false;
        for member in context.store.overdue_members(team_id, now, MAX_ENDED_AT_ONCE).await? {
            has_room |= expire(context, team_id, member.user_id, now).await?;
        }
        Ok::<_, Problem>(has_room)
    };
    match ended.await {
        Ok(true) => Code::Conflict.into(),
        Ok(false) => refused,
        Err(problem) => problem,
    }
}
