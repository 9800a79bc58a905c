//! Applications: list, create, get, edit, delete, and turn the deletion lock.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, Reply, retry_on_conflict,
};
use rollcall_domain::{
    Code, Fields, Invalid, Timestamp, ViolationCode,
    app::{App, AppPatch, DeletionLock, DeletionLockUpdate, NewApp, READING},
    audit::{Action, Change, Target},
    id::{AppId, TeamId},
    permission::Permission,
    scope::PlatformScope,
    text::AppName,
};
use serde::Serialize;
use utoipa::ToSchema;

/// An application, as replies show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = App)]
pub(crate) struct AppView<'a> {
    /// Identifies the application.
    app_id: AppId,
    /// The name that people read.
    name: &'a AppName,
    /// The team that owns the application; null if the platform does.
    #[schema(required)]
    team_id: Option<TeamId>,
    /// The lock against deleting accounts.
    deletion_lock: &'a DeletionLock,
    /// The number of admin accounts.
    #[schema(maximum = 10)]
    admin_count: usize,
    /// When it was created.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
    /// Starts at 1 and grows with every change.
    version: u64,
}

impl<'a> From<&'a App> for AppView<'a> {
    fn from(app: &'a App) -> Self {
        Self {
            app_id: app.app_id,
            name: &app.name,
            team_id: app.team_id,
            deletion_lock: &app.deletion_lock,
            admin_count: app.admins.len(),
            created_at: app.created_at,
            updated_at: app.updated_at,
            version: app.version,
        }
    }
}

/// `GET /v1/apps`: lists the applications the caller may read, by id.
#[utoipa::path(
    get,
    path = "/v1/apps",
    operation_id = "list_apps",
    tag = "apps",
    params(
        ("team_id" = Option<TeamId>, Query, description = "Only applications of this team."),
        PageParameters,
    ),
    responses((status = 200, body = List<AppView>)),
    extensions(("x-scopes" = json!(["accounts.read", "apps.manage"]))),
)]
pub(crate) async fn list(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let rights = &call.actor.rights;
    READING.map(|permission| rights.check_scope(permission)).into_iter().reduce(Result::or).unwrap_or(Ok(()))?;
    let mut parameters = call.request.parameters();
    let team = parameters.field("team_id");
    let page = PageRequest::read(&context, &call, parameters).await?;
    let after = page.after.as_deref().and_then(AppId::parse);
    let found = match team {
        None if rights.is_platform_admin() => context.store.apps(after, page.limit).await?,
        Some(team) if rights.is_platform_admin() => context.store.apps_of_teams(&[team], after, page.limit).await?,
        wanted => {
            let mut teams: BTreeSet<_> = READING.into_iter().flat_map(|reading| rights.teams_with(reading)).collect();
            teams.retain(|team| wanted.is_none_or(|wanted| wanted == *team));
            context.store.apps_of_teams(&teams.into_iter().collect::<Vec<_>>(), after, page.limit).await?
        }
    };
    let items = found.items.iter().map(AppView::from).collect();
    page.reply(&context, &call, items, found.next).await
}

/// `POST /v1/apps`: creates an application, with its deletion lock on.
#[utoipa::path(
    post,
    path = "/v1/apps",
    operation_id = "create_app",
    tag = "apps",
    request_body = NewApp,
    responses((status = 201, body = AppView, headers(("Location"), ("ETag")))),
    extensions(("x-scopes" = json!(["apps.manage"]))),
)]
pub(crate) async fn create(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let mut fields = call.fields()?;
        check_team(&context, &call, fields.peek("team_id"), &mut fields).await?;
        call.actor.rights.check_scope(Permission::AppsManage)?;
        let new = fields.parse(|fields| NewApp::read(fields, &call.actor.user))?;
        let app = new.create(AppId::new(context.uuid()?), call.now());
        let reply = Reply::created(format!("/v1/apps/{}", app.app_id), &AppView::from(&app))?.at_version(app.version);
        let plan = Plan::new(Authority::over(&call, app.team_id), rollcall_store::app::create(&app)?);
        context.commit(plan.audit(change(Action::AppCreate, &app, None, Some(&app))).reply(reply)).await
    })
    .await
}

/// `GET /v1/apps/{app_id}`: gets an application.
#[utoipa::path(
    get,
    path = "/v1/apps/{app_id}",
    operation_id = "get_app",
    tag = "apps",
    params(("app_id" = AppId, Path)),
    responses((status = 200, body = AppView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["accounts.read", "apps.manage"]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let app = load(&context, &app_id).await?;
    app.permit_reading(&call.actor.rights)?;
    call.no_input()?;
    shown(&app)
}

/// `PATCH /v1/apps/{app_id}`: renames an application, or moves it to another team.
#[utoipa::path(
    patch,
    path = "/v1/apps/{app_id}",
    operation_id = "update_app",
    tag = "apps",
    params(("app_id" = AppId, Path)),
    request_body = AppPatch,
    responses((status = 200, body = AppView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["apps.manage"]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let mut fields = call.fields()?;
        let before = load(&context, &app_id).await?;
        let rights = &call.actor.rights;
        before.check_held(rights, Permission::AppsManage)?;
        let is_move = fields.has("team_id");
        if is_move && !rights.is_platform_admin() {
            return Err(Code::Forbidden.into());
        }
        rights.check_scope(Permission::AppsManage)?;
        if is_move {
            rights.check_scope(PlatformScope::TeamsManage)?;
        }
        let team_id = fields.peek("team_id");
        if team_id != before.team_id {
            check_team(&context, &call, team_id, &mut fields).await?;
        }
        let after = before.clone().edited(fields, call.now())?;
        replace(&context, &call, &before, &after, Action::AppEdit).await
    })
    .await
}

/// `PUT /v1/apps/{app_id}/deletion-lock`: lifts the deletion lock, with the risks acknowledged, or puts it back.
#[utoipa::path(
    put,
    path = "/v1/apps/{app_id}/deletion-lock",
    operation_id = "set_deletion_lock",
    tag = "apps",
    params(("app_id" = AppId, Path)),
    request_body = DeletionLockUpdate,
    responses((status = 200, body = AppView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["apps.manage"]))),
)]
pub(crate) async fn turn_lock(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let fields = call.fields()?;
        let before = load(&context, &app_id).await?;
        before.permit(&call.actor.rights, Permission::AppsManage)?;
        let after = before.clone().with_lock(fields.parse(DeletionLockUpdate::read)?, &call.actor.user, call.now());
        let action = if after.deletion_lock.locked { Action::AppLock } else { Action::AppUnlock };
        replace(&context, &call, &before, &after, action).await
    })
    .await
}

/// `DELETE /v1/apps/{app_id}`: deletes an application that holds no account.
#[utoipa::path(
    delete,
    path = "/v1/apps/{app_id}",
    operation_id = "delete_app",
    tag = "apps",
    params(("app_id" = AppId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::AppNotEmpty])), ("x-scopes" = json!(["apps.manage"]))),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let app = load(&context, &app_id).await?;
        app.permit(&call.actor.rights, Permission::AppsManage)?;
        call.no_input()?;
        call.check_version(app.version)?;
        if context.store.has_accounts(app.app_id).await? {
            return Err(Code::AppNotEmpty.into());
        }
        let tombstone = app.clone().deleted(call.now());
        let plan = Plan::new(Authority::over(&call, app.team_id), rollcall_store::app::change(&app, &tombstone)?);
        context.commit(plan.audit(change(Action::AppDelete, &app, Some(&app), None))).await
    })
    .await
}

/// Loads the application of a path.
pub(crate) async fn load(context: &Context, app_id: &str) -> Result<App, Problem> {
    let app_id = AppId::parse(app_id).ok_or(Code::NotFound)?;
    Ok(context.store.app(app_id).await?.ok_or(Code::NotFound)?)
}

/// Checks a team named in a body: the caller must be able to read it, and to manage applications in it.
async fn check_team(
    context: &Context,
    call: &Call,
    team_id: Option<TeamId>,
    fields: &mut Fields,
) -> Result<(), Problem> {
    let (Some(team_id), rights) = (team_id, &call.actor.rights) else { return Ok(()) };
    let known = rights.may(Permission::TeamRead, Some(team_id)) && context.store.team(team_id).await?.is_some();
    if !known {
        let rule = "must name a team that the caller may read";
        fields.violation("team_id", Invalid::new(ViolationCode::UnknownReference, rule));
    } else if !rights.may(Permission::AppsManage, Some(team_id)) {
        return Err(Code::Forbidden.into());
    }
    Ok(())
}

/// Commits the edited application; nothing is written if it did not change.
async fn replace(context: &Context, call: &Call, before: &App, after: &App, action: Action) -> Result<Reply, Problem> {
    call.check_version(before.version)?;
    if before == after {
        return shown(after);
    }
    let mut plan = Plan::new(Authority::over(call, before.team_id), rollcall_store::app::change(before, after)?);
    if before.team_id.is_some() && before.team_id != after.team_id {
        // The log of the team that the application leaves tells where it went.
        plan = plan.audit_copy(change(action, before, Some(before), Some(after)));
    }
    context.commit(plan.audit(change(action, after, Some(before), Some(after))).reply(shown(after)?)).await
}

fn shown(app: &App) -> Result<Reply, Problem> {
    Ok(Reply::ok(&AppView::from(app))?.at_version(app.version))
}

fn change(action: Action, app: &App, before: Option<&App>, after: Option<&App>) -> Change {
    let (before, after) = (before.map(AppView::from), after.map(AppView::from));
    Change::between(action, Target::app(app.app_id), app.team_id, before.as_ref(), after.as_ref())
}
