//! Members of a team: list, change role or end, remove.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, Reply, SessionCall,
    api_keys::end_beyond, membership_end::without_team, retry_on_conflict,
};
use rollcall_domain::{
    Code, Timestamp,
    audit::Action,
    held_role::HeldRole,
    id::{TeamId, UserId},
    patch::PatchRequired,
    permission::Permission,
    request_body,
    role::Role,
    role_id::RoleId,
    team::{LastAdmin, Member, MemberView, Team, membership_change},
    user::User,
};
use rollcall_store::{
    credential::CredentialChange,
    member::{self, leave},
};

use crate::{check_end, load, role::named, role_in_use, seen};

request_body! {
    /// A change of a member's role, of the end of the membership, or of both.
    #[schema(as = MemberPatch)]
    pub(crate) struct MemberPatchBody from (fields, role: Option<Role>) {
        /// A preset's id, or a custom role's UUID. Required unless `expires_at` is given.
        #[schema(value_type = RoleId, required = false)]
        role_id: Role = role,
        /// When the membership ends, in the future; null if it is to last.
        expires_at: PatchRequired<Option<Timestamp>>,
    }
}

/// `GET /v1/teams/{team_id}/members`: lists the members of a team in the order in which they joined.
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}/members",
    operation_id = "list_members",
    tag = "teams",
    params(
        ("team_id" = TeamId, Path),
        PageParameters,
    ),
    responses((status = 200, body = List<MemberView>)),
    extensions(("x-scopes" = json!(["team.read"]))),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let team = load(&context, &call, &team_id, Permission::TeamRead).await?;
    let page = PageRequest::read(&context, &call, call.request.parameters()).await?;
    let mut members: Vec<_> = (context.store.members(team.team_id, call.now()).await?.into_iter())
        .map(|member| (format!("{}#{}", member.joined_at, member.user_id), member))
        .collect();
    members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let (members, next) = page.cut(members);
    let (user_ids, role_ids): (Vec<_>, Vec<_>) = members.iter().map(|member| (member.user_id, member.role_id)).unzip();
    let mut users = context.store.users_of(user_ids).await?;
    let roles = context.store.roles(team.team_id, role_ids).await?;
    let view = |member: &Member| {
        let (user, role) = users.remove(&member.user_id).zip(roles.get(&member.role_id).cloned())?;
        Some(MemberView::new(member, user, role))
    };
    let views = members.iter().filter_map(view).collect();
    page.reply(&context, &call, views, next).await
}

/// `PATCH /v1/teams/{team_id}/members/{user_id}`: changes a member's role or the end of the membership. Nobody can
/// change their own, or set an end later than that of their own membership.
#[utoipa::path(
    patch,
    path = "/v1/teams/{team_id}/members/{user_id}",
    operation_id = "update_member",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path)),
    request_body = MemberPatchBody,
    responses((status = 200, body = MemberView, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::LastTeamAdmin]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path((team_id, user_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let team = seen(&context, &call, &team_id).await?;
        let (user, before) = read(&context, &call, &team, &user_id).await?;
        call.actor.rights.permit(Permission::MembersManage, team.team_id)?;
        let old = role_in_use(&context, team.team_id, before.role_id).await?;
        if user.user_id == call.actor.user.user_id || !call.actor.rights.may_grant(&old, team.team_id) {
            return Err(Code::Forbidden.into());
        }
        let (new, held) = read_patch(&context, &call, &team, &before, &old).await?;
        call.check_version(before.version)?;
        if held == before.held() {
            return shown(&before, user, old);
        }
        let after = before.clone().with_role(held, call.now());
        let moved = user.clone().with_role(team.team_id, held, call.now());
        let last = LastAdmin::under_change(&call.actor.rights, held);
        let writes = member::change((team.team_id, &user), (&before, &old), (&after, &new), last, call.now())?;
        let mut commit = rollcall_store::user::change(&user, &moved, CredentialChange::Kept)?.extended(writes);
        let (ended, revocations) = end_beyond(&context, &call, &user, (team.team_id, &new)).await?;
        commit.extend(ended);
        let change = membership_change(Action::MemberEdit, team.team_id, &user, Some(before.held()), Some(held));
        let plan = Plan::new(Authority::TeamRole(&call, team.team_id), commit).audit(change).audit_all(revocations);
        context.commit(plan.reply(shown(&after, moved, new)?)).await
    })
    .await
}

/// `DELETE /v1/teams/{team_id}/members/{user_id}`: removes a member. Members may remove themselves.
#[utoipa::path(
    delete,
    path = "/v1/teams/{team_id}/members/{user_id}",
    operation_id = "delete_member",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::KeyNotAllowed, Code::LastTeamAdmin])), ("x-scopes" = json!(["members.manage"]))),
)]
pub(crate) async fn remove(
    State(context): State<Context>,
    Path((team_id, user_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let is_own = user_id == call.actor.user.user_id.to_string();
        if is_own {
            call.actor.session()?;
        }
        let team = if is_own { own(&context, &call, &team_id).await? } else { seen(&context, &call, &team_id).await? };
        let (before, member) = read(&context, &call, &team, &user_id).await?;
        let role = role_in_use(&context, team.team_id, member.role_id).await?;
        if is_own {
            call.check_session(&context, &before).await?;
        } else {
            call.actor.rights.permit(Permission::MembersManage, team.team_id)?;
        }
        if !is_own && !call.actor.rights.may_grant(&role, team.team_id) {
            return Err(Code::Forbidden.into());
        }
        call.no_input()?;
        call.check_version(member.version)?;
        let last = LastAdmin::under(&call.actor.rights);
        let (commit, deletion) = without_team(&before, team.team_id, call.now())?;
        let commit = commit.extended(leave(&team, &before, (member.held(), &role), last, call.now()));
        let action = if is_own { Action::MemberLeave } else { Action::MemberRemove };
        let removal = membership_change(action, team.team_id, &before, Some(member.held()), None);
        // Leaving takes no permission in the team.
        let authority =
            if is_own { Authority::OwnAccount(&call, &before) } else { Authority::TeamRole(&call, team.team_id) };
        context.commit(Plan::new(authority, commit).audit(removal).audit_all(deletion)).await
    })
    .await
}

/// Loads a team of the caller's, even if their role has no permission to read it.
async fn own(context: &Context, call: &Call, team_id: &str) -> Result<Team, Problem> {
    let is_member = |team_id: &TeamId| call.actor.user.teams.role_at(*team_id, call.now()).is_some();
    let team_id = TeamId::parse(team_id).filter(is_member);
    Ok(context.store.team(team_id.ok_or(Code::NotFound)?).await?.ok_or(Code::NotFound)?)
}

/// Loads the member of a path, with their user.
pub(crate) async fn read(
    context: &Context,
    call: &Call,
    team: &Team,
    user_id: &str,
) -> Result<(User, Member), Problem> {
    let user_id = UserId::parse(user_id).ok_or(Code::NotFound)?;
    let found = context.store.member(team.team_id, user_id).await?;
    let member = found.filter(|member| !member.held().has_ended(call.now())).ok_or(Code::NotFound)?;
    // User and member item change together: if they differ, one changed between the two reads.
    let user = context.store.user(user_id).await?.ok_or(Code::Conflict)?;
    let is_same = user.teams.stored_in(team.team_id) == Some(member.held());
    if is_same { Ok((user, member)) } else { Err(Code::Conflict.into()) }
}

/// Reads the change of a member: the role that they have after it, and how they hold it.
async fn read_patch(
    context: &Context,
    call: &Call,
    team: &Team,
    before: &Member,
    old: &Role,
) -> Result<(Role, HeldRole), Problem> {
    let mut fields = call.fields()?;
    let has_role = fields.has("role_id") || !fields.has("expires_at");
    let role = if has_role { named(context, call, &mut fields, team.team_id).await? } else { Some(old.clone()) };
    if let Some(role) = &role {
        check_end(call, &mut fields, role, before.expires_at, team.team_id)?;
    }
    let MemberPatchBody { role_id: role, expires_at } = fields.parse(|fields| MemberPatchBody::read(fields, role))?;
    let held = HeldRole { role_id: role.role_id, expires_at: expires_at.apply(before.expires_at) };
    Ok((role, held))
}

fn shown(member: &Member, user: User, role: Role) -> Result<Reply, Problem> {
    Ok(Reply::ok(&MemberView::new(member, user, role))?.at_version(member.version))
}
