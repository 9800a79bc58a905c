//! Teams: list, create, get, rename and delete.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, Reply,
    membership_expiry::without_ended, retry_on_conflict,
};
use rollcall_domain::{
    Code, Fields, Invalid, Timestamp, ViolationCode,
    audit::Action,
    held_role::HeldRole,
    id::{TeamId, UserId},
    permission::{Permission, Preset},
    request_body,
    role_id::RoleId,
    scope::PlatformScope,
    team::{Member, Team, TeamPatch, TeamView, change, membership_change},
    text::TeamName,
    user::User,
};
use rollcall_store::{Page, credential::CredentialChange, team};

use crate::{load, seen};

request_body! {
    /// A new team.
    #[schema(as = NewTeam)]
    pub(crate) struct NewTeamBody from (fields, admin: Option<User>) {
        /// The name that people read. No two teams have the same.
        name: TeamName,
        /// A member-type user who becomes the team's first admin.
        #[schema(value_type = Option<UserId>)]
        admin_user_id: Option<User> = Some(admin),
    }
}

/// `GET /v1/teams`: lists the teams the caller may read, by id.
#[utoipa::path(
    get,
    path = "/v1/teams",
    operation_id = "list_teams",
    tag = "teams",
    params(PageParameters),
    responses((status = 200, body = List<TeamView>)),
    extensions(("x-scopes" = json!(["team.read"]))),
)]
pub(crate) async fn list(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let rights = &call.actor.rights;
    rights.check_scope(Permission::TeamRead)?;
    let page = PageRequest::read(&context, &call, call.request.parameters()).await?;
    let Page { items, next } = if rights.is_platform_admin() {
        context.store.all_teams(page.after.as_deref().and_then(TeamId::parse), page.limit).await?
    } else {
        let teams = context.store.teams(rights.teams_with(Permission::TeamRead)).await?;
        let (items, next) = page.cut(teams.into_iter().map(|team| (team.team_id.to_string(), team)).collect());
        Page { items, next }
    };
    let admins: Vec<_> = items.iter().flat_map(Team::admin_ids).collect();
    let admins = context.store.users_of(admins).await?;
    let views = items.into_iter().map(|team| TeamView::new(team, &admins, call.now())).collect();
    page.reply(&context, &call, views, next).await
}

/// `POST /v1/teams`: creates a team, with a first admin if one is named.
#[utoipa::path(
    post,
    path = "/v1/teams",
    operation_id = "create_team",
    tag = "teams",
    request_body = NewTeamBody,
    responses((status = 201, body = TeamView, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::KeyNotAllowed, Code::NotAMember, Code::TeamNameTaken, Code::TooManyTeams])), ("x-scopes" = json!(["teams.manage"]))),
)]
pub(crate) async fn create(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    call.check_not_by_key("admin_user_id")?;
    check_manages_teams(&call)?;
    retry_on_conflict(|| async {
        let mut fields = call.fields()?;
        let admin = first_admin(&context, &mut fields).await?;
        let NewTeamBody { name, admin_user_id: admin } = fields.parse(|fields| NewTeamBody::read(fields, admin))?;
        let team = Team::create(TeamId::new(context.uuid()?), name, call.now());
        let Some(before) = admin else {
            let plan = Plan::new(Authority::Platform(&call), team::create(&team, None)?);
            let plan = plan.audit(change(Action::TeamCreate, None, Some(&team)));
            return context.commit(plan.reply(created(team, None, call.now())?)).await;
        };
        let before = without_ended(&context, before, call.now()).await?.ok_or(Code::Conflict)?;
        let (admin, team_id) = (HeldRole::from(RoleId::from(Preset::Admin)), team.team_id);
        let after = before.clone().joined(team_id, admin, call.now())?;
        let team = Team { admins: [before.user_id].into(), ..team };
        let member = Member::join(before.user_id, admin, call.now());
        let joined = membership_change(Action::MemberAdd, team_id, &after, None, Some(admin));
        let writes = team::create(&team, Some(&member))?.extended(rollcall_store::user::change(
            &before,
            &after,
            CredentialChange::Kept,
        )?);
        let plan = Plan::new(Authority::Platform(&call), writes);
        let plan = plan.audit(change(Action::TeamCreate, None, Some(&team))).audit(joined);
        context.commit(plan.reply(created(team, Some(after), call.now())?)).await
    })
    .await
}

/// `GET /v1/teams/{team_id}`: gets a team.
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}",
    operation_id = "get_team",
    tag = "teams",
    params(("team_id" = TeamId, Path)),
    responses((status = 200, body = TeamView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["team.read"]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let team = load(&context, &call, &team_id, Permission::TeamRead).await?;
    call.no_input()?;
    shown(&context, team, call.now()).await
}

/// `PATCH /v1/teams/{team_id}`: renames a team.
#[utoipa::path(
    patch,
    path = "/v1/teams/{team_id}",
    operation_id = "update_team",
    tag = "teams",
    params(("team_id" = TeamId, Path)),
    request_body = TeamPatch,
    responses((status = 200, body = TeamView, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::TeamNameTaken])), ("x-scopes" = json!(["team.edit"]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = load(&context, &call, &team_id, Permission::TeamEdit).await?;
        let after = before.clone().edited(call.fields()?, call.now())?;
        call.check_version(before.version)?;
        let reply = shown(&context, after.clone(), call.now()).await?;
        if after == before {
            return Ok(reply);
        }
        let marker = context.store.name_marker(&before).await?;
        let plan = Plan::new(Authority::TeamRole(&call, before.team_id), team::rename(&before, &after, marker)?);
        context.commit(plan.audit(change(Action::TeamEdit, Some(&before), Some(&after))).reply(reply)).await
    })
    .await
}

/// `DELETE /v1/teams/{team_id}`: deletes a team that owns no application. Memberships and invitations end.
#[utoipa::path(
    delete,
    path = "/v1/teams/{team_id}",
    operation_id = "delete_team",
    tag = "teams",
    params(("team_id" = TeamId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::TeamNotEmpty])), ("x-scopes" = json!(["teams.manage"]))),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let team = seen(&context, &call, &team_id).await?;
        check_manages_teams(&call)?;
        call.no_input()?;
        call.check_version(team.version)?;
        let marker = context.store.name_marker(&team).await?;
        let plan = Plan::new(Authority::Platform(&call), team::delete(&team, marker, call.now())?);
        context.commit(plan.audit(change(Action::TeamDelete, Some(&team), None))).await
    })
    .await
}

/// Only admins of the platform create and delete teams.
fn check_manages_teams(call: &Call) -> Result<(), Code> {
    let rights = &call.actor.rights;
    if rights.is_platform_admin() { rights.check_scope(PlatformScope::TeamsManage) } else { Err(Code::Forbidden) }
}

/// Loads the user that a body names as the first admin.
async fn first_admin(context: &Context, fields: &mut Fields) -> Result<Option<User>, Problem> {
    let Some(user_id) = fields.optional("admin_user_id") else { return Ok(None) };
    let found = context.store.user(user_id).await?;
    if found.is_none() {
        fields.violation("admin_user_id", Invalid::new(ViolationCode::UnknownReference, "must name a user"));
    }
    if found.as_ref().is_some_and(User::is_service) {
        let rule = "must name a person: a service account is no team's admin";
        fields.violation("admin_user_id", Invalid::new(ViolationCode::NotAllowed, rule));
    }
    Ok(found)
}

fn created(team: Team, first_admin: Option<User>, now: Timestamp) -> Result<Reply, Problem> {
    let (location, version) = (format!("/v1/teams/{}", team.team_id), team.version);
    let admins = first_admin.into_iter().map(|user| (user.user_id, user)).collect();
    Ok(Reply::created(location, &TeamView::new(team, &admins, now))?.at_version(version))
}

async fn shown(context: &Context, team: Team, now: Timestamp) -> Result<Reply, Problem> {
    let version = team.version;
    let admins = context.store.users_of(team.admin_ids()).await?;
    Ok(Reply::ok(&TeamView::new(team, &admins, now))?.at_version(version))
}
