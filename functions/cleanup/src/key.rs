//! Reminding of the ends of API keys.

use rollcall_api::{Authority, Context, NotCommitted, Plan, Problem};
use rollcall_domain::{
    Timestamp,
    api_key::{ApiKey, KeyStatus},
    id::{ApiKeyId, UserId},
    limits::MAX_REMINDED_ADMINS,
    mail::Message,
    user::User,
};
use rollcall_store::api_key::{forget_reminder, remind_next};

use crate::{CleanupReport, DueOutcome};

/// Reminds of the end of a key, if it is due and the key is still active.
pub(crate) async fn remind(
    context: &Context,
    user_id: UserId,
    key_id: ApiKeyId,
    now: Timestamp,
    report: &mut CleanupReport,
) -> Result<DueOutcome, Problem> {
    let due_at = context.store.key_reminder(user_id, key_id).await?.filter(|at| *at <= now);
    let Some(due_at) = due_at else { return Ok(DueOutcome::Done) };
    let Some((owner, key)) = context.store.user_and_key(user_id, key_id).await? else {
        context.commit(Plan::new(Authority::System, forget_reminder(user_id, key_id))).await?;
        return Ok(DueOutcome::Done);
    };
    let is_active = key.status(&owner, now) == KeyStatus::Active;
    let next = key.remind_at(now).filter(|_| is_active);
    let mut plan = Plan::new(Authority::System, remind_next(&key, due_at, next)?);
    if is_active {
        let (login, name) = (owner.login.clone(), key.name.clone());
        let message = Message::KeyExpires { login, name, expires_at: key.expires_at };
        for user in responsible(context, owner, &key).await? {
            plan = plan.notify(&user, message.clone());
        }
    }
    match context.try_commit(plan).await {
        Ok(_) => report.keys_reminded += usize::from(is_active),
        // A concurrent run was first, or the key got another end.
        Err(NotCommitted::Refused(_)) => {}
        Err(NotCommitted::Problem(problem)) => return Err(problem),
    }
    Ok(DueOutcome::Done)
}

/// Who is notified about a key: its owner; for a service account the admins of its team or, without one, who created the key.
async fn responsible(context: &Context, owner: User, key: &ApiKey) -> Result<Vec<User>, Problem> {
    if !owner.is_service() {
        return Ok(vec![owner]);
    }
    let user_ids: Vec<_> = match owner.home_team_id {
        None => vec![key.created_by.user_id],
        Some(team_id) => match context.store.team(team_id).await? {
            Some(team) => team.admins.into_iter().take(MAX_REMINDED_ADMINS).collect(),
            None => Vec::new(),
        },
    };
    Ok(context.store.users_of(user_ids).await?.into_values().collect())
}
