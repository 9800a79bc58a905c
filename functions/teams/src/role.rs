//! Roles of a team: presets can be read, custom roles also created, edited and deleted.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, Reply, invitation_expiry,
    membership_expiry, retry_on_conflict,
};
use rollcall_domain::{
    Code, Fields,
    audit::Action,
    id::{CustomRoleId, TeamId},
    permission::{Permission, Preset},
    role::{NewRole, Role, RolePatch, RoleView, change},
    role_id::{RoleId, unknown_role},
};
use rollcall_store::role::{change_role, create_role, delete_role};

use crate::{load, seen};

/// `GET /v1/teams/{team_id}/roles`: lists the presets, then the team's own roles by name.
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}/roles",
    operation_id = "list_roles",
    tag = "teams",
    params(
        ("team_id" = TeamId, Path),
        PageParameters,
    ),
    responses((status = 200, body = List<RoleView>)),
    extensions(("x-scopes" = json!(["team.read"]))),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let team = load(&context, &call, &team_id, Permission::TeamRead).await?;
    let page = PageRequest::read(&context, &call, call.request.parameters()).await?;
    // NUL separates the parts: it sorts before every character of a name.
    let presets = Preset::ALL.iter().enumerate().map(|(index, preset)| (format!("0\0{index}"), Role::from(*preset)));
    let custom = context.store.custom_roles(team.team_id).await?;
    let custom = custom.into_iter().map(|role| (format!("1\0{}\0{}", role.name, role.role_id), role));
    let mut roles: Vec<_> = presets.chain(custom).collect();
    roles.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let (roles, next) = page.cut(roles);
    page.reply(&context, &call, roles.into_iter().map(RoleView::from).collect(), next).await
}

/// `POST /v1/teams/{team_id}/roles`: creates a custom role, within what the caller may grant.
#[utoipa::path(
    post,
    path = "/v1/teams/{team_id}/roles",
    operation_id = "create_role",
    tag = "teams",
    params(("team_id" = TeamId, Path)),
    request_body = NewRole,
    responses((status = 201, body = RoleView, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::TooManyRoles])), ("x-scopes" = json!(["roles.manage"]))),
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let team = load(&context, &call, &team_id, Permission::RolesManage).await?;
    let role_id = CustomRoleId::new(context.uuid()?);
    let role = Role::read(role_id, call.fields()?)?;
    check_shape(&call, &role, team.team_id)?;
    let commit = create_role(team.team_id, role_id, &role)?;
    let location = format!("/v1/teams/{}/roles/{role_id}", team.team_id);
    let reply = Reply::created(location, &RoleView::from(role.clone()))?.at_version(role.version);
    let plan = Plan::new(Authority::TeamRole(&call, team.team_id), commit);
    context.commit(plan.audit(change(Action::RoleCreate, team.team_id, None, Some(&role))).reply(reply)).await
}

/// `GET /v1/teams/{team_id}/roles/{role_id}`: gets a role.
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}/roles/{role_id}",
    operation_id = "get_role",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("role_id" = RoleId, Path)),
    responses((status = 200, body = RoleView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["team.read"]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path((team_id, role_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    let team = load(&context, &call, &team_id, Permission::TeamRead).await?;
    let role = read(&context, team.team_id, &role_id).await?;
    call.no_input()?;
    shown(role)
}

/// `PATCH /v1/teams/{team_id}/roles/{role_id}`: edits a custom role. The change takes effect at once for everyone who
/// has it.
#[utoipa::path(
    patch,
    path = "/v1/teams/{team_id}/roles/{role_id}",
    operation_id = "update_role",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("role_id" = RoleId, Path)),
    request_body = RolePatch,
    responses((status = 200, body = RoleView, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::KeyNotAllowed])), ("x-scopes" = json!(["roles.manage"]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path((team_id, role_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    call.check_not_by_key("permissions")?;
    retry_on_conflict(|| async {
        let team = seen(&context, &call, &team_id).await?;
        let before = read(&context, team.team_id, &role_id).await?;
        let role_id = check_custom(&call, &before, team.team_id)?;
        let after = before.clone().edited(call.fields()?)?;
        check_shape(&call, &after, team.team_id)?;
        call.check_version(before.version)?;
        if after == before {
            return shown(after);
        }
        let commit = change_role(team.team_id, role_id, &before, &after)?;
        let change = change(Action::RoleEdit, team.team_id, Some(&before), Some(&after));
        let plan = Plan::new(Authority::TeamRole(&call, team.team_id), commit);
        context.commit(plan.audit(change).reply(shown(after)?)).await
    })
    .await
}

/// `DELETE /v1/teams/{team_id}/roles/{role_id}`: deletes a custom role that no member and no live invitation has.
#[utoipa::path(
    delete,
    path = "/v1/teams/{team_id}/roles/{role_id}",
    operation_id = "delete_role",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("role_id" = RoleId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::RoleInUse])), ("x-scopes" = json!(["roles.manage"]))),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path((team_id, role_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let team = seen(&context, &call, &team_id).await?;
        let role = read(&context, team.team_id, &role_id).await?;
        let role_id = check_custom(&call, &role, team.team_id)?;
        call.no_input()?;
        call.check_version(role.version)?;
        let commit = delete_role(team.team_id, role_id, &role);
        let change = change(Action::RoleDelete, team.team_id, Some(&role), None);
        match context.commit(Plan::new(Authority::TeamRole(&call, team.team_id), commit).audit(change)).await {
            Err(problem) if problem.is(Code::RoleInUse) => {
                let problem = invitation_expiry::make_room(&context, problem, team.team_id, call.now()).await;
                Err(membership_expiry::make_room(&context, problem, team.team_id, call.now()).await)
            }
            done => done,
        }
    })
    .await
}

/// Loads the role that a body names. The caller must be able to grant it.
pub(crate) async fn named(
    context: &Context,
    call: &Call,
    fields: &mut Fields,
    team_id: TeamId,
) -> Result<Option<Role>, Problem> {
    let Some(role_id) = fields.required::<RoleId>("role_id") else { return Ok(None) };
    let Some(role) = context.store.role(team_id, role_id).await? else {
        fields.violation("role_id", unknown_role());
        return Ok(None);
    };
    if call.actor.rights.may_grant(&role, team_id) { Ok(Some(role)) } else { Err(Code::Forbidden.into()) }
}

async fn read(context: &Context, team_id: TeamId, role_id: &str) -> Result<Role, Problem> {
    let role_id = RoleId::parse(role_id).ok_or(Code::NotFound)?;
    Ok(context.store.role(team_id, role_id).await?.ok_or(Code::NotFound)?)
}

/// Checks that the caller may change a role: a custom one, within what they may grant.
fn check_custom(call: &Call, role: &Role, team_id: TeamId) -> Result<CustomRoleId, Code> {
    let role_id = role.role_id.custom().ok_or(Code::Forbidden)?;
    check_shape(call, role, team_id)?;
    Ok(role_id)
}

fn check_shape(call: &Call, role: &Role, team_id: TeamId) -> Result<(), Code> {
    let rights = &call.actor.rights;
    if rights.may_edit_role(role, team_id) { rights.check_scope(Permission::RolesManage) } else { Err(Code::Forbidden) }
}

fn shown(role: Role) -> Result<Reply, Problem> {
    let version = role.version;
    Ok(Reply::ok(&RoleView::from(role))?.at_version(version))
}
