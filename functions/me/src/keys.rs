//! The caller's own API keys.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Context, List, PageParameters, Problem, ReplayRight, Reply, SessionCall,
    api_keys::{self, IssuedKey, KeyOwner},
    retry_on_conflict,
};
use rollcall_domain::{
    Code,
    api_key::{ApiKeyPatch, ApiKeyRotation, ApiKeyView, NewApiKey},
    id::ApiKeyId,
    user::User,
};

/// `GET /v1/me/keys`: lists the caller's API keys, newest first. Keys that have ended are listed for 30 days.
#[utoipa::path(
    get,
    path = "/v1/me/keys",
    operation_id = "list_own_keys",
    tag = "own identity",
    params(PageParameters),
    responses((status = 200, body = List<ApiKeyView>)),
)]
pub(crate) async fn list(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    api_keys::list(&context, &call, &call.actor.user).await
}

/// `POST /v1/me/keys`: creates an API key of the caller's. The reply shows it once.
#[utoipa::path(
    post,
    path = "/v1/me/keys",
    operation_id = "create_own_key",
    tag = "own identity",
    request_body = NewApiKey,
    responses((status = 201, body = IssuedKey, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::TooManyKeys, Code::TooManyAttempts]))),
)]
pub(crate) async fn create(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let user = call.current_user(&context).await?;
    api_keys::create(&context, &call, &owner(&call, &user)).await
}

/// `GET /v1/me/keys/{key_id}`: gets one of the caller's API keys.
#[utoipa::path(
    get,
    path = "/v1/me/keys/{key_id}",
    operation_id = "get_own_key",
    tag = "own identity",
    params(("key_id" = ApiKeyId, Path)),
    responses((status = 200, body = ApiKeyView, headers(("ETag")))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path(key_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    api_keys::get(&context, &call, &call.actor.user, &key_id).await
}

/// `PATCH /v1/me/keys/{key_id}`: renames one of the caller's API keys.
#[utoipa::path(
    patch,
    path = "/v1/me/keys/{key_id}",
    operation_id = "update_own_key",
    tag = "own identity",
    params(("key_id" = ApiKeyId, Path)),
    request_body = ApiKeyPatch,
    responses((status = 200, body = ApiKeyView, headers(("ETag")))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path(key_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let user = call.current_user(&context).await?;
        api_keys::edit(&context, &call, &owner(&call, &user), &key_id).await
    })
    .await
}

/// `POST /v1/me/keys/{key_id}/rotate`: gives one of the caller's API keys a new secret, which the reply shows once. The
/// one before works on for as long as is asked.
#[utoipa::path(
    post,
    path = "/v1/me/keys/{key_id}/rotate",
    operation_id = "rotate_own_key",
    tag = "own identity",
    params(("key_id" = ApiKeyId, Path)),
    request_body = ApiKeyRotation,
    responses((status = 201, body = IssuedKey, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::KeyNotActive, Code::TooManyKeys, Code::TooManyAttempts]))),
)]
pub(crate) async fn rotate(
    State(context): State<Context>,
    Path(key_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let user = call.current_user(&context).await?;
    api_keys::rotate(&context, &call, &owner(&call, &user), &key_id).await
}

/// `DELETE /v1/me/keys/{key_id}`: revokes one of the caller's API keys.
#[utoipa::path(
    delete,
    path = "/v1/me/keys/{key_id}",
    operation_id = "revoke_own_key",
    tag = "own identity",
    params(("key_id" = ApiKeyId, Path)),
    responses((status = 204)),
)]
pub(crate) async fn revoke(
    State(context): State<Context>,
    Path(key_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let user = call.current_user(&context).await?;
        api_keys::revoke(&context, &call, &owner(&call, &user), &key_id).await
    })
    .await
}

fn owner<'a>(call: &'a SessionCall, user: &'a User) -> KeyOwner<'a> {
    KeyOwner {
        user: user.clone(),
        authority: Authority::OwnAccount(call, user),
        unchanged: Vec::new(),
        path: "/v1/me/keys".to_owned(),
        replay_right: ReplayRight::ManageKeys(user.user_id),
    }
}
