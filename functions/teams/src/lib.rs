//! The function for teams, their members and their roles. A team that the caller may not read answers as a missing one.

use rollcall_api::{Call, Context, Problem};
use rollcall_domain::{
    Code, Fields, Invalid, Timestamp, ViolationCode, id::TeamId, permission::Permission, role::Role, role_id::RoleId,
    team::Team,
};
use utoipa_axum::{router::OpenApiRouter, routes};

mod key;
mod member;
mod new_member;
mod role;
mod team;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(team::list, team::create))
        .routes(routes!(team::get, team::edit, team::delete))
        .routes(routes!(member::list, new_member::add))
        .routes(routes!(member::edit, member::remove))
        .routes(routes!(key::list, key::create))
        .routes(routes!(key::get, key::edit, key::revoke))
        .routes(routes!(key::rotate))
        .routes(routes!(role::list, role::create))
        .routes(routes!(role::get, role::edit, role::delete))
}

/// Loads the team of a path and checks the caller's permission.
async fn load(context: &Context, call: &Call, team_id: &str, permission: Permission) -> Result<Team, Problem> {
    let team = seen(context, call, team_id).await?;
    call.actor.rights.permit(permission, team.team_id)?;
    Ok(team)
}

/// Loads the team of a path, which the caller must be able to see.
async fn seen(context: &Context, call: &Call, team_id: &str) -> Result<Team, Problem> {
    let team_id = TeamId::parse(team_id).ok_or(Code::NotFound)?;
    // Checked before the read, so that the latency does not reveal whether the team exists.
    call.actor.rights.check_sees(team_id)?;
    Ok(context.store.team(team_id).await?.ok_or(Code::NotFound)?)
}

/// Checks the end of a membership that a body sets, or leaves as it is: it must be in the future, and not beyond that
/// of the caller's own membership. The field stays unread.
fn check_end(
    call: &Call,
    fields: &mut Fields,
    role: &Role,
    present: Option<Timestamp>,
    team_id: TeamId,
) -> Result<(), Code> {
    let end = match fields.peek("expires_at") {
        Some(end) if end <= call.now() => {
            fields.violation("expires_at", Invalid::new(ViolationCode::OutOfRange, "must be in the future"));
            return Ok(());
        }
        // The reader of the body reports what is no time.
        None if fields.has_value("expires_at") => return Ok(()),
        None if !fields.has("expires_at") => present,
        end => end,
    };
    if call.actor.rights.may_grant_until(end, role, team_id) { Ok(()) } else { Err(Code::Forbidden) }
}

/// Loads a role that is in use. It cannot be deleted, so a missing one means a concurrent change.
async fn role_in_use(context: &Context, team_id: TeamId, role_id: RoleId) -> Result<Role, Problem> {
    Ok(context.store.role(team_id, role_id).await?.ok_or(Code::Conflict)?)
}
