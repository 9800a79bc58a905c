//! API keys: those of a user, as far as an admin manages them, and a list of all.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Context, List, PageParameters, PageRequest, Problem, ReplayRight, Reply, SessionCall,
    api_keys::{self, IssuedKey, KeyOwner},
    retry_on_conflict,
};
use rollcall_domain::{
    Code, Invalid, Timestamp, ViolationCode,
    api_key::{ApiKey, ApiKeyPatch, ApiKeyRotation, ApiKeyView, KeyStatus, NewApiKey},
    id::{ApiKeyId, UserId},
    limits::{MAX_KEY_DAYS, MAX_PAGE, MAX_USERS_EXAMINED},
    permission::UserAction,
    user::User,
};
use rollcall_store::Page;

use crate::{load, read};

/// `GET /v1/keys`: lists the API keys of all users, newest first. A page looks at a bounded number of keys, so a filter
/// that matches rarely may take several pages.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "list_keys",
    tag = "users",
    params(
        ("user_id" = Option<UserId>, Query, description = "Only keys of this user."),
        ("status" = Option<KeyStatus>, Query, description = "Only keys with this status."),
        (
            "unused_days" = Option<u32>, Query, minimum = 1, maximum = 365,
            description = "Only keys that were not used for as many days, or ever.",
        ),
        PageParameters,
    ),
    responses((status = 200, body = List<ApiKeyView>)),
    extensions(("x-codes" = json!([Code::NotFound]))),
)]
pub(crate) async fn list_all(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    if !call.actor.user.user_type.is_admin() {
        return Err(Code::NotFound.into());
    }
    let mut parameters = call.request.parameters();
    let filter = KeyFilter {
        user_id: parameters.field("user_id"),
        status: parameters.field("status"),
        unused_since: parameters.optional("unused_days", days).map(|days| call.now() - days),
    };
    let page = PageRequest::read(&context, &call, parameters).await?;
    let mut after = page.after.as_deref().and_then(ApiKeyId::parse);
    let (mut found, mut examined) = (Vec::new(), 0);
    let next = loop {
        let keys = filter.keys(&context, after, MAX_PAGE).await?;
        let owners = context.store.users_of(keys.items.iter().map(|key| key.user_id)).await?;
        let mut rest = keys.items.into_iter();
        while found.len() < page.limit
            && let Some(key) = rest.next()
        {
            examined += 1;
            after = Some(key.key_id);
            let owner = owners.get(&key.user_id).filter(|owner| filter.matches(&key, owner, call.now()));
            found.extend(owner.map(|owner| (key, owner.clone())));
        }
        if rest.next().is_none() && keys.next.is_none() {
            break None;
        }
        if found.len() == page.limit || examined >= MAX_USERS_EXAMINED {
            break after.map(|key_id| key_id.to_string());
        }
        // The index may name keys that are gone from the table: go on where the index page ended.
        after = keys.next.as_deref().and_then(ApiKeyId::parse);
    };
    let items = found.iter().map(|(key, owner)| ApiKeyView::new(key, owner, call.now())).collect();
    page.reply(&context, &call, items, next).await
}

/// Reads a number of days.
fn days(text: &str) -> Result<std::time::Duration, Invalid> {
    let number = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.and_then(|text| text.parse().ok()).filter(|days| (1..=u64::from(MAX_KEY_DAYS)).contains(days));
    let rule = || Invalid::new(ViolationCode::OutOfRange, format!("takes a whole number from 1 to {MAX_KEY_DAYS}"));
    number.map(|days| std::time::Duration::from_hours(24 * days)).ok_or_else(rule)
}

/// Which keys the caller asks for. All filters apply together.
struct KeyFilter {
    user_id: Option<UserId>,
    status: Option<KeyStatus>,
    unused_since: Option<Timestamp>,
}

impl KeyFilter {
    /// Reads candidates, newest first, after `after`.
    async fn keys(&self, context: &Context, after: Option<ApiKeyId>, limit: usize) -> Result<Page<ApiKey>, Problem> {
        Ok(match self.user_id {
            Some(user_id) => context.store.api_keys_of(user_id, after, limit).await?,
            None => context.store.all_api_keys(after, limit).await?,
        })
    }

    fn matches(&self, key: &ApiKey, owner: &User, now: Timestamp) -> bool {
        let is_unused = |since: Timestamp| key.last_used_at.unwrap_or(key.created_at) <= since;
        now < key.listed_until()
            && self.status.is_none_or(|wanted| key.status(owner, now) == wanted)
            && self.unused_since.is_none_or(is_unused)
    }
}

/// `GET /v1/users/{user_id}/keys`: lists the API keys of a user, newest first. Keys that have ended are listed for 30
/// days.
#[utoipa::path(
    get,
    path = "/v1/users/{user_id}/keys",
    operation_id = "list_user_keys",
    tag = "users",
    params(("user_id" = UserId, Path), PageParameters),
    responses((status = 200, body = List<ApiKeyView>)),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let user = read(&context, &call, &user_id).await?;
    api_keys::list(&context, &call, &user).await
}

/// `POST /v1/users/{user_id}/keys`: creates an API key of a service account. The reply shows it once.
#[utoipa::path(
    post,
    path = "/v1/users/{user_id}/keys",
    operation_id = "create_user_key",
    tag = "users",
    params(("user_id" = UserId, Path)),
    request_body = NewApiKey,
    responses((status = 201, body = IssuedKey, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::UseOwnRoute, Code::TooManyKeys, Code::TooManyAttempts]))),
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Path(user_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let user = load(&context, &call, &user_id, UserAction::ManageKeys).await?;
    api_keys::create(&context, &call, &owner(&call, user)).await
}

/// `GET /v1/users/{user_id}/keys/{key_id}`: gets an API key of a user.
#[utoipa::path(
    get,
    path = "/v1/users/{user_id}/keys/{key_id}",
    operation_id = "get_user_key",
    tag = "users",
    params(("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    responses((status = 200, body = ApiKeyView, headers(("ETag")))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path((user_id, key_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let user = read(&context, &call, &user_id).await?;
    api_keys::get(&context, &call, &user, &key_id).await
}

/// `PATCH /v1/users/{user_id}/keys/{key_id}`: renames an API key of a service account.
#[utoipa::path(
    patch,
    path = "/v1/users/{user_id}/keys/{key_id}",
    operation_id = "update_user_key",
    tag = "users",
    params(("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    request_body = ApiKeyPatch,
    responses((status = 200, body = ApiKeyView, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::UseOwnRoute]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path((user_id, key_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let user = load(&context, &call, &user_id, UserAction::ManageKeys).await?;
        api_keys::edit(&context, &call, &owner(&call, user), &key_id).await
    })
    .await
}

/// `POST /v1/users/{user_id}/keys/{key_id}/rotate`: gives an API key of a service account a new secret, which the reply
/// shows once. The one before works on for as long as is asked.
#[utoipa::path(
    post,
    path = "/v1/users/{user_id}/keys/{key_id}/rotate",
    operation_id = "rotate_user_key",
    tag = "users",
    params(("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    request_body = ApiKeyRotation,
    responses((status = 201, body = IssuedKey, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([
        Code::UseOwnRoute,
        Code::KeyNotActive,
        Code::TooManyKeys,
        Code::TooManyAttempts,
    ]))),
)]
pub(crate) async fn rotate(
    State(context): State<Context>,
    Path((user_id, key_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let user = load(&context, &call, &user_id, UserAction::ManageKeys).await?;
    api_keys::rotate(&context, &call, &owner(&call, user), &key_id).await
}

/// `DELETE /v1/users/{user_id}/keys/{key_id}`: revokes an API key of a user.
#[utoipa::path(
    delete,
    path = "/v1/users/{user_id}/keys/{key_id}",
    operation_id = "revoke_user_key",
    tag = "users",
    params(("user_id" = UserId, Path), ("key_id" = ApiKeyId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::UseOwnRoute]))),
)]
pub(crate) async fn revoke(
    State(context): State<Context>,
    Path((user_id, key_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let user = load(&context, &call, &user_id, UserAction::RevokeKeys).await?;
        api_keys::revoke(&context, &call, &owner(&call, user), &key_id).await
    })
    .await
}

fn owner(call: &SessionCall, user: User) -> KeyOwner<'_> {
    KeyOwner {
        authority: Authority::Platform(call),
        unchanged: Vec::new(),
        path: format!("/v1/users/{}/keys", user.user_id),
        replay_right: ReplayRight::ManageKeys(user.user_id),
        user,
    }
}
