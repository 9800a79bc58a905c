//! The function that reads the audit log: newest first for people, and oldest first, as events, for programs that follow
//! it. Platform admins read the whole log, members with `audit.read` the logs of their teams. It changes nothing.

use rollcall_api::{Call, Context, Problem};
use rollcall_domain::{Code, id::TeamId, permission::Permission};
use rollcall_store::audit::AuditLog;
use utoipa_axum::{router::OpenApiRouter, routes};

mod event;
mod record;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(record::list)).routes(routes!(event::list))
}

/// What a caller may read of the log.
enum ReadableLog {
    /// All of it.
    All,
    /// The logs of these teams.
    Teams(Vec<TeamId>),
}

impl ReadableLog {
    /// The part that a team owns, or without one everything. Of a team whose log the caller may not read it is empty,
    /// as of a team that does not exist.
    fn of_team(self, team_id: Option<TeamId>) -> AuditLog {
        match (self, team_id) {
            (Self::All, None) => AuditLog::All,
            (Self::All, Some(team_id)) => AuditLog::Teams(vec![team_id]),
            (Self::Teams(teams), None) => AuditLog::Teams(teams),
            (Self::Teams(teams), Some(team_id)) => {
                AuditLog::Teams(teams.into_iter().filter(|team| *team == team_id).collect())
            }
        }
    }
}

/// What the caller may read of the log, which must be something. Only platform admins can read the log of a deleted
/// team.
async fn readable_log(context: &Context, call: &Call) -> Result<ReadableLog, Problem> {
    let rights = &call.actor.rights;
    if rights.is_platform_admin() {
        rights.check_scope(Permission::AuditRead)?;
        return Ok(ReadableLog::All);
    }
    let teams = context.store.teams(rights.teams_with(Permission::AuditRead)).await?;
    if teams.is_empty() {
        return Err(Code::NotFound.into());
    }
    rights.check_scope(Permission::AuditRead)?;
    Ok(ReadableLog::Teams(teams.into_iter().map(|team| team.team_id).collect()))
}
