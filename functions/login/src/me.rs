//! Who the caller is.

use axum::extract::State;
use rollcall_api::{Call, Context, Problem, Reply};
use rollcall_domain::{
    id::TeamId, permission::Preset, session::SessionView, team::RoleView, text::TeamName, user::UserView,
};
use serde::Serialize;
use utoipa::ToSchema;

/// One of the caller's teams and its role there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Membership {
    team_id: TeamId,
    name: TeamName,
    role: RoleView,
}

/// The caller, its teams and the session it calls with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me<'a> {
    user: UserView<'a>,
    teams: Vec<Membership>,
    session: SessionView<'a>,
}

/// Tells the caller who it is.
#[utoipa::path(get, path = "/v1/me", tag = "own identity", responses((status = 200, body = Me, headers(("ETag")))))]
pub(crate) async fn get(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    call.no_input()?;
    let (user, session) = (&call.actor.user, &call.actor.session);
    let teams = context.store.teams(user.teams.keys().copied()).await?;
    let membership = |team: rollcall_domain::team::Team| {
        let role = user.teams.get(&team.team_id).and_then(|id| Preset::of_id(id))?;
        Some(Membership { team_id: team.team_id, name: team.name, role: role.into() })
    };
    let teams = teams.into_iter().filter_map(membership).collect();
    let me = Me { user: user.into(), teams, session: SessionView::new(session, user, session.session_id) };
    Ok(Reply::ok(&me)?.at_version(user.version))
}
