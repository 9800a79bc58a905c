//! API keys of a team's service accounts. Other members' keys may be used elsewhere, too, so a team does not see them.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, Problem, ReplayRight, Reply, SessionCall,
    api_keys::{self, IssuedKey, KeyOwner},
    retry_on_conflict,
};
use rollcall_domain::{
    Code,
    api_key::{ApiKeyPatch, ApiKeyRotation, ApiKeyView, NewApiKey},
    id::{ApiKeyId, TeamId, UserId},
    permission::Permission,
};
use rollcall_store::member::still_authorised;

use crate::{member::read, role_in_use, seen};

/// `GET /v1/teams/{team_id}/members/{user_id}/keys`: lists the API keys of a service account of the team, newest first.
/// Keys that have ended are listed for 30 days.
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}/members/{user_id}/keys",
    operation_id = "list_member_keys",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path), PageParameters),
    responses((status = 200, body = List<ApiKeyView>)),
    extensions(("x-codes" = json!([Code::Forbidden]))),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Path((team_id, user_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let owner = load(&context, &call, &team_id, &user_id).await?;
    api_keys::list(&context, &call, &owner.user).await
}

/// `POST /v1/teams/{team_id}/members/{user_id}/keys`: creates an API key of a service account of the team. The reply
/// shows it once.
#[utoipa::path(
    post,
    path = "/v1/teams/{team_id}/members/{user_id}/keys",
    operation_id = "create_member_key",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path)),
    request_body = NewApiKey,
    responses((status = 201, body = IssuedKey, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::TooManyKeys, Code::TooManyAttempts]))),
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Path((team_id, user_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let owner = load(&context, &call, &team_id, &user_id).await?;
    api_keys::create(&context, &call, &owner).await
}

/// `GET /v1/teams/{team_id}/members/{user_id}/keys/{key_id}`: gets an API key of a service account of the team.
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}/members/{user_id}/keys/{key_id}",
    operation_id = "get_member_key",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    responses((status = 200, body = ApiKeyView, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::Forbidden]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path((team_id, user_id, key_id)): Path<(String, String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let owner = load(&context, &call, &team_id, &user_id).await?;
    api_keys::get(&context, &call, &owner.user, &key_id).await
}

/// `PATCH /v1/teams/{team_id}/members/{user_id}/keys/{key_id}`: renames an API key of a service account of the team.
#[utoipa::path(
    patch,
    path = "/v1/teams/{team_id}/members/{user_id}/keys/{key_id}",
    operation_id = "update_member_key",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    request_body = ApiKeyPatch,
    responses((status = 200, body = ApiKeyView, headers(("ETag")))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path((team_id, user_id, key_id)): Path<(String, String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let owner = load(&context, &call, &team_id, &user_id).await?;
        api_keys::edit(&context, &call, &owner, &key_id).await
    })
    .await
}

/// `POST /v1/teams/{team_id}/members/{user_id}/keys/{key_id}/rotate`: gives an API key of a service account of the team
/// a new secret, which the reply shows once. The one before works on for as long as is asked.
#[utoipa::path(
    post,
    path = "/v1/teams/{team_id}/members/{user_id}/keys/{key_id}/rotate",
    operation_id = "rotate_member_key",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    request_body = ApiKeyRotation,
    responses((status = 201, body = IssuedKey, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::KeyNotActive, Code::TooManyKeys, Code::TooManyAttempts]))),
)]
pub(crate) async fn rotate(
    State(context): State<Context>,
    Path((team_id, user_id, key_id)): Path<(String, String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let owner = load(&context, &call, &team_id, &user_id).await?;
    api_keys::rotate(&context, &call, &owner, &key_id).await
}

/// `DELETE /v1/teams/{team_id}/members/{user_id}/keys/{key_id}`: revokes an API key of a service account of the team.
#[utoipa::path(
    delete,
    path = "/v1/teams/{team_id}/members/{user_id}/keys/{key_id}",
    operation_id = "revoke_member_key",
    tag = "teams",
    params(("team_id" = TeamId, Path), ("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    responses((status = 204)),
)]
pub(crate) async fn revoke(
    State(context): State<Context>,
    Path((team_id, user_id, key_id)): Path<(String, String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let owner = load(&context, &call, &team_id, &user_id).await?;
        api_keys::revoke(&context, &call, &owner, &key_id).await
    })
    .await
}

/// Loads a service account whose home is the team. Whoever may give its role manages its keys.
async fn load<'a>(context: &Context, call: &'a Call, team_id: &str, user_id: &str) -> Result<KeyOwner<'a>, Problem> {
    let team = seen(context, call, team_id).await?;
    let team_id = team.team_id;
    let (user, member) = read(context, call, &team, user_id).await?;
    if user.home_team_id != Some(team_id) {
        return Err(Code::NotFound.into());
    }
    let rights = &call.actor.rights;
    rights.permit(Permission::MembersManage, team_id)?;
    let role = role_in_use(context, team_id, member.role_id).await?;
    if !rights.may_grant(&role, team_id) {
        return Err(Code::Forbidden.into());
    }
    Ok(KeyOwner {
        authority: Authority::TeamRole(call, team_id),
        // With another role, somebody else may manage the keys.
        unchanged: still_authorised(&user, Some((team_id, &role)), call.now(), Code::Conflict),
        path: format!("/v1/teams/{team_id}/members/{}/keys", user.user_id),
        replay_right: ReplayRight::ManageTeamKeys(team_id, user.user_id),
        user,
    })
}
