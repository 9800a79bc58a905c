//! Console users: list, create, get, edit and delete.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, ReplayRight, Reply, password,
    retry_on_conflict,
};
use rollcall_domain::{
    Code, Timestamp,
    audit::{Action, Change},
    id::{TeamId, UserId},
    limits::MAX_USERS_EXAMINED,
    mail::Message,
    new_user::NewUserBody,
    permission::{UserAction, UserType},
    role::Rights,
    scope::PlatformScope,
    team::{LastAdmin, Membership, membership_change},
    throttle::ThrottleKind,
    user::{Status, User, UserPatch, UserView, change},
};
use rollcall_store::{Write, credential::CredentialChange, member::leave};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{check_not_own, filter::UserFilter, load, permit, read, recovery::clear_throttles};

/// A user and their teams.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserDetail<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    /// The user's teams, with their role in each.
    #[schema(max_items = 20)]
    teams: Vec<Membership>,
}

/// A new user, with the generated password if there is one.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedUser<'a> {
    /// The new user.
    user: UserView<'a>,
    /// The password to hand over; only where it was generated. Shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_password: Option<String>,
}

/// `GET /v1/users`: lists users by id. A page looks at a bounded number of users, so a filter that matches rarely may
/// take several pages.
#[utoipa::path(
    get,
    path = "/v1/users",
    operation_id = "list_users",
    tag = "users",
    params(
        ("type" = Option<UserType>, Query, description = "Only users of this type."),
        ("team_id" = Option<TeamId>, Query, description = "Only members of this team."),
        ("status" = Option<Status>, Query, description = "Only users who may, or may not, sign in."),
        (
            "q" = Option<String>, Query, min_length = 1, max_length = 64,
            description = "Only users with this text in their username, login or email, or with this `user_id`.",
        ),
        PageParameters,
    ),
    responses((status = 200, body = List<UserView>)),
    extensions(("x-codes" = json!([Code::NotFound])), ("x-scopes" = json!(["users.read"]))),
)]
pub(crate) async fn list(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    if !call.actor.user.user_type.is_admin() {
        return Err(Code::NotFound.into());
    }
    call.actor.rights.check_scope(PlatformScope::UsersRead)?;
    let mut parameters = call.request.parameters();
    let filter = UserFilter::read(&mut parameters);
    let page = PageRequest::read(&context, &call, parameters).await?;
    let mut after = page.after.as_deref().and_then(UserId::parse);
    let (mut found, mut examined) = (Vec::new(), 0);
    let next = loop {
        let users = filter.users(&context, after, page.limit).await?;
        let mut rest = users.items.into_iter();
        while found.len() < page.limit
            && let Some(user) = rest.next()
        {
            examined += 1;
            after = Some(user.user_id);
            found.extend(Some(user).filter(|user| filter.matches(user, call.now())));
        }
        if rest.next().is_none() && users.next.is_none() {
            break None;
        }
        if found.len() == page.limit || examined >= MAX_USERS_EXAMINED {
            break after.map(|user_id| user_id.to_string());
        }
        // The index may name users that are gone from the table: go on where the index page ended.
        after = users.next.as_deref().and_then(UserId::parse);
    };
    page.reply(&context, &call, found.iter().map(UserView::from).collect(), next).await
}

/// `POST /v1/users`: creates a user. A person must change the password at the first sign-in; a service account has none.
#[utoipa::path(
    post,
    path = "/v1/users",
    operation_id = "create_user",
    tag = "users",
    request_body = NewUserBody,
    responses((status = 201, body = CreatedUser, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::KeyNotAllowed, Code::NotFound, Code::LoginTaken])), ("x-scopes" = json!(["users.manage"]))),
)]
pub(crate) async fn create(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let user_type = call.fields().ok().and_then(|fields| fields.peek("type"));
    if user_type.is_some_and(|user_type: UserType| user_type != UserType::Service) {
        call.actor.session()?;
    }
    if !call.actor.user.user_type.is_admin() {
        return Err(Code::NotFound.into());
    }
    let fields = call.fields()?;
    let is_allowed = |user_type| UserAction::Create.is_allowed(call.actor.acting_type(), user_type);
    if !user_type.is_none_or(is_allowed) {
        return Err(Code::Forbidden.into());
    }
    call.actor.rights.check_scope(PlatformScope::UsersManage)?;
    let body = password::parse(&context, fields, NewUserBody::read).await?;
    let (new, given) = body.into_parts();
    // The transaction checks that the login is free. An earlier check would refuse a concurrent request with the same
    // idempotency key instead of replaying its reply.
    let user = new.create(UserId::new(context.uuid()?), call.now());
    let (credential, generated_password) = password::initial_credential(&context, user.user_id, given).await?;
    let commit = rollcall_store::user::create(&user, &credential)?;
    let right = generated_password.is_some().then_some(ReplayRight::CreateUser(user.user_id));
    let created = CreatedUser { user: (&user).into(), generated_password };
    let reply = Reply::created(format!("/v1/users/{}", user.user_id), &created)?;
    let reply = reply.at_version(user.version).with_secret(right);
    let plan = Plan::new(Authority::Platform(&call), commit);
    context.commit(plan.audit(change(Action::UserCreate, None, Some(&user))).reply(reply)).await
}

/// `GET /v1/users/{user_id}`: gets a user and their teams.
#[utoipa::path(
    get,
    path = "/v1/users/{user_id}",
    operation_id = "get_user",
    tag = "users",
    params(("user_id" = UserId, Path)),
    responses((status = 200, body = UserDetail, headers(("ETag")))),
    extensions(("x-scopes" = json!(["users.read"]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let user = read(&context, &call, &user_id).await?;
    call.actor.rights.check_scope(PlatformScope::UsersRead)?;
    call.no_input()?;
    shown(&context, &user, call.now()).await
}

/// `PATCH /v1/users/{user_id}`: edits a user's username, type, status or address.
#[utoipa::path(
    patch,
    path = "/v1/users/{user_id}",
    operation_id = "update_user",
    tag = "users",
    params(("user_id" = UserId, Path)),
    request_body = UserPatch,
    responses((status = 200, body = UserDetail, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::KeyNotAllowed, Code::UseOwnRoute, Code::LastSuperAdmin, Code::ImmutableField])), ("x-scopes" = json!(["users.manage"]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    for field in ["email", "type"] {
        call.check_not_by_key(field)?;
    }
    retry_on_conflict(|| async {
        let before = read(&context, &call, &user_id).await?;
        check_not_own(&call, &before)?;
        // Without any right to edit this user, even an empty patch is refused.
        permit(&call, &before, UserAction::ChangeUsername)?;
        let fields = call.fields()?;
        for (field, action) in
            [("type", UserAction::ChangeType), ("status", UserAction::ChangeStatus), ("email", UserAction::ChangeEmail)]
        {
            if fields.has(field) {
                permit(&call, &before, action)?;
            }
        }
        call.actor.rights.check_scope(PlatformScope::UsersManage)?;
        let after = before.clone().edited(fields, call.now())?;
        call.check_version(before.version)?;
        let reply = shown(&context, &after, call.now()).await?;
        if after == before {
            return Ok(reply);
        }
        let mut writes = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
        let mut removals = Vec::new();
        if after.user_type.is_admin() {
            let left = leave_all_teams(&context, &call, &before).await?;
            writes.extend(left.writes);
            removals = left.removals;
        }
        let mut plan = Plan::new(Authority::Platform(&call), writes).audit_all(removals);
        if before.verified_email() != after.verified_email() {
            plan = plan.notify(&before, Message::EmailUnbound { login: before.login.clone() });
        }
        context.commit(plan.audit(change(Action::UserEdit, Some(&before), Some(&after))).reply(reply)).await
    })
    .await
}

/// `DELETE /v1/users/{user_id}`: deletes a user. Their sessions end, and their login and address become free.
#[utoipa::path(
    delete,
    path = "/v1/users/{user_id}",
    operation_id = "delete_user",
    tag = "users",
    params(("user_id" = UserId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::UseOwnRoute, Code::LastSuperAdmin])), ("x-scopes" = json!(["users.manage"]))),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let user = load(&context, &call, &user_id, UserAction::Delete).await?;
        call.actor.rights.check_scope(PlatformScope::UsersManage)?;
        call.no_input()?;
        call.check_version(user.version)?;
        let left = leave_all_teams(&context, &call, &user).await?;
        let mut writes = rollcall_store::user::delete(&user)?.extended(left.writes);
        // The next user with this login does not inherit failed attempts.
        for kind in [ThrottleKind::Password, ThrottleKind::Totp] {
            writes.extend(clear_throttles(&context, kind, &user).await?);
        }
        let plan = Plan::new(Authority::Platform(&call), writes).audit_all(left.removals);
        context.commit(plan.audit(change(Action::UserDelete, Some(&user), None))).await
    })
    .await
}

/// What a user's leaving of all their teams writes, and the change that each team's log records.
struct LeftTeams {
    writes: Vec<Write>,
    removals: Vec<Change>,
}

async fn leave_all_teams(context: &Context, call: &Call, user: &User) -> Result<LeftTeams, Problem> {
    let held: BTreeMap<_, _> = user.teams.stored().collect();
    let teams = context.store.teams_or_tombstones(held.keys().copied()).await?;
    let roles = context.store.roles_of(user).await?;
    let mut left = LeftTeams { writes: Vec::new(), removals: Vec::new() };
    for team in &teams {
        // A role in use cannot be deleted, so a missing one was deleted between the two reads.
        let (held, role) = held.get(&team.team_id).zip(roles.get(&team.team_id)).ok_or(Code::Conflict)?;
        left.writes.extend(leave(team, user, (*held, role), LastAdmin::Removable, call.now()));
        let action = if held.has_ended(call.now()) { Action::MemberExpire } else { Action::MemberRemove };
        left.removals.push(membership_change(action, team.team_id, user, Some(*held), None));
    }
    Ok(left)
}

async fn shown(context: &Context, user: &User, now: Timestamp) -> Result<Reply, Problem> {
    let teams = context.store.teams(user.teams.at(now).map(|(team_id, _)| team_id)).await?;
    let rights = Rights::new(user, context.store.roles_of(user).await?, now);
    let detail = UserDetail { user: user.into(), teams: Membership::of(&rights, teams) };
    Ok(Reply::ok(&detail)?.at_version(user.version))
}
