//! The function by which teams are managed: the teams themselves, their members and their roles. Who may not read a
//! team does not learn that it is there.

use rollcall_api::{Call, Context, Problem};
use rollcall_domain::{Code, id::TeamId, permission::Permission, role::Role, role_id::RoleId, team::Team};
use utoipa_axum::{router::OpenApiRouter, routes};

mod member;
mod new_member;
mod role;
mod team;

/// The routes, as their page of the contract has them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(team::list, team::create))
        .routes(routes!(team::get, team::edit, team::delete))
        .routes(routes!(member::list, new_member::add))
        .routes(routes!(member::edit, member::remove))
        .routes(routes!(role::list, role::create))
        .routes(routes!(role::get, role::edit, role::delete))
}

/// The team of a path, if the caller may do this in it.
async fn load(context: &Context, call: &Call, team_id: &str, permission: Permission) -> Result<Team, Problem> {
    let team_id = TeamId::parse(team_id).ok_or(Code::NotFound)?;
    // Who may not read it is not told by the time it takes whether it is there.
    call.actor.rights.permit(Permission::TeamRead, team_id)?;
    let team = context.store.team(team_id).await?.ok_or(Code::NotFound)?;
    call.actor.rights.permit(permission, team_id)?;
    Ok(team)
}

/// A role that somebody has: it is not deleted as long as it has it.
async fn held(context: &Context, team_id: TeamId, role_id: RoleId) -> Result<Role, Problem> {
    Ok(context.store.role(team_id, role_id).await?.ok_or(Code::Conflict)?)
}
