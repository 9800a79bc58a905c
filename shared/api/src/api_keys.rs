//! API keys of a user, as several functions manage them: each by a right of its own.

use std::collections::BTreeMap;

use rollcall_domain::{
    Code, Invalid, Refusal, Violation, ViolationCode,
    api_key::{
        ApiKey, ApiKeyPatch, ApiKeyRotation, ApiKeyToken, ApiKeyView, KeyRegister, KeyStatus, NewApiKey, StoredSecret,
        change,
    },
    audit::{Action, Change},
    id::{ApiKeyId, AppId, TeamId, UserId},
    password::Password,
    role::{Rights, Role},
    session::Secret,
    user::User,
};
use rollcall_store::{Commit, Write, api_key as store};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    authentication::reauthenticate,
    call::{Call, SessionCall},
    clock::random,
    context::Context,
    page::PageRequest,
    plan::{Authority, Plan},
    problem::Problem,
    replay_right::ReplayRight,
    reply::Reply,
    retry::retry_on_conflict,
    token,
};

/// A key, with the whole of it, which is shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedApiKey)]
pub struct IssuedKey<'a> {
    /// The key.
    key: ApiKeyView<'a>,
    /// What the program sends: `Authorization: Bearer`, then this. It is not shown again.
    #[schema(pattern = "^rck_[0-9A-Za-z]{44}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$")]
    secret: String,
}

/// The user whose keys a request is about, and how the caller may change them.
pub struct KeyOwner<'a> {
    /// The user.
    pub user: User,
    /// The right by which their keys are changed.
    pub authority: Authority<'a>,
    /// What must still hold of the user when a key is created or gets a new secret.
    pub unchanged: Vec<Write>,
    /// The path of their keys.
    pub path: String,
    /// Who may be shown a secret once more.
    pub replay_right: ReplayRight,
}

/// Lists the keys of a user, newest first.
pub async fn list(context: &Context, call: &Call, owner: &User) -> Result<Reply, Problem> {
    let page = PageRequest::read(context, call, call.request.parameters()).await?;
    let after = page.after.as_deref().and_then(ApiKeyId::parse);
    let mut found = context.store.api_keys_of(owner.user_id, after, page.limit).await?;
    found.items.retain(|key| call.now() < key.listed_until());
    let items = found.items.iter().map(|key| ApiKeyView::new(key, owner, call.now())).collect();
    page.reply(context, call, items, found.next).await
}

/// Shows a key of a user.
pub async fn get(context: &Context, call: &Call, owner: &User, key_id: &str) -> Result<Reply, Problem> {
    let (key, _) = read(context, call, owner, key_id).await?;
    call.no_input()?;
    shown(call, owner, &key)
}

/// Creates a key. The caller has to prove their password.
pub async fn create(context: &Context, call: &SessionCall, owner: &KeyOwner<'_>) -> Result<Reply, Problem> {
    let new = call.fields()?.parse(NewApiKey::read)?;
    check_apps(context, &owner.user, new.app_ids.as_deref().unwrap_or_default()).await?;
    prove(context, call, new.current_password.clone()).await?;
    let user_id = owner.user.user_id;
    let token = new_token(user_id, ApiKeyId::new(context.uuid()?))?;
    let key = new.create(token.key_id, (&owner.user, &call.actor.user), stored(&token), call.now());
    let issued = IssuedKey { key: ApiKeyView::new(&key, &owner.user, call.now()), secret: token.expose() };
    let reply = Reply::created(format!("{}/{}", owner.path, key.key_id), &issued)?.at_version(key.version);
    let change = change(Action::KeyCreate, &owner.user, None, Some(&key), call.now());
    retry_on_conflict(|| async {
        let before = register_of(context, user_id).await?;
        let after = before.clone().with(&key, &owner.user, call.now())?;
        let writes = store::create(&key, (&before, &after), key.remind_at(call.now()))?;
        commit_secret(context, owner, writes, change.clone(), reply.clone()).await
    })
    .await
}

/// Renames a key.
pub async fn edit(context: &Context, call: &Call, owner: &KeyOwner<'_>, key_id: &str) -> Result<Reply, Problem> {
    let (before, _) = read(context, call, &owner.user, key_id).await?;
    let after = before.clone().edited(call.fields()?.parse(ApiKeyPatch::read)?);
    call.check_version(before.version)?;
    let reply = shown(call, &owner.user, &after)?;
    if after == before {
        return Ok(reply);
    }
    let change = change(Action::KeyEdit, &owner.user, Some(&before), Some(&after), call.now());
    context.commit(Plan::new(owner.authority, store::rename(&before, &after)?).audit(change).reply(reply)).await
}

/// Gives a key a new secret. The caller has to prove their password.
pub async fn rotate(
    context: &Context,
    call: &SessionCall,
    owner: &KeyOwner<'_>,
    key_id: &str,
) -> Result<Reply, Problem> {
    let (before, register) = read(context, call, &owner.user, key_id).await?;
    let rotation = call.fields()?.parse(ApiKeyRotation::read)?;
    prove(context, call, rotation.current_password.clone()).await?;
    if before.status(&owner.user, call.now()) != KeyStatus::Active {
        return Err(Code::KeyNotActive.into());
    }
    let token = new_token(owner.user.user_id, before.key_id)?;
    let after = before.clone().rotated(&rotation, &call.actor.user, stored(&token), call.now());
    let registered = register.clone().with(&after, &owner.user, call.now())?;
    let writes = store::rotate((&before, &after), (&register, &registered), after.remind_at(call.now()))?;
    let issued = IssuedKey { key: ApiKeyView::new(&after, &owner.user, call.now()), secret: token.expose() };
    let reply = Reply::created(format!("{}/{}", owner.path, after.key_id), &issued)?.at_version(after.version);
    let change = change(Action::KeyRotate, &owner.user, Some(&before), Some(&after), call.now());
    commit_secret(context, owner, writes, change, reply).await
}

/// Revokes a key. Nothing changes if it has ended before.
pub async fn revoke(context: &Context, call: &Call, owner: &KeyOwner<'_>, key_id: &str) -> Result<Reply, Problem> {
    let (before, register) = read(context, call, &owner.user, key_id).await?;
    call.no_input()?;
    call.check_version(before.version)?;
    if before.status(&owner.user, call.now()) != KeyStatus::Active {
        return Ok(Reply::no_content());
    }
    let after = before.clone().revoked(call.now());
    let change = change(Action::KeyRevoke, &owner.user, Some(&before), Some(&after), call.now());
    let unregistered = register.clone().without([&after]);
    let writes = store::revoke(&[(before, after)], (&register, &unregistered))?;
    context.commit(Plan::new(owner.authority, writes).audit(change)).await
}

/// What ends the keys of a service account that are known to somebody who may not give it the role that it gets: their
/// creators, and those who rotated them. No key may be created or rotated meanwhile. The keys of people are their own.
pub async fn end_beyond(
    context: &Context,
    call: &Call,
    service: &User,
    (team_id, role): (TeamId, &Role),
) -> Result<(Commit, Vec<Change>), Problem> {
    if !service.is_service() {
        return Ok((Commit::default(), Vec::new()));
    }
    let register = register_of(context, service.user_id).await?;
    let keys = context.store.api_keys_of_ids(service.user_id, register.candidates(service, call.now())).await?;
    let makers = context.store.users_of(keys.iter().flat_map(|key| key.makers(call.now()))).await?;
    let mut may_grant = BTreeMap::new();
    for (user_id, maker) in makers {
        let rights = Rights::new(&maker, context.store.roles_of(&maker).await?, call.now());
        may_grant.insert(user_id, maker.is_enabled() && rights.may_grant(role, team_id));
    }
    let is_kept = |key: &ApiKey| key.makers(call.now()).all(|user_id| may_grant.get(&user_id) == Some(&true));
    let ended: Vec<_> = (keys.into_iter().filter(|key| !is_kept(key)))
        .map(|key| {
            let after = key.clone().revoked(call.now());
            (key, after)
        })
        .collect();
    if ended.is_empty() {
        return Ok((Commit::new([store::still_registered(&register)]), Vec::new()));
    }
    let record =
        |(before, after): &(ApiKey, ApiKey)| change(Action::KeyRevoke, service, Some(before), Some(after), call.now());
    let changes = ended.iter().map(record).collect();
    let unregistered = register.clone().without(ended.iter().map(|(_, after)| after));
    Ok((store::revoke(&ended, (&register, &unregistered))?, changes))
}

/// Reads a key of a user that is still listed, and the register of all.
async fn read(context: &Context, call: &Call, owner: &User, key_id: &str) -> Result<(ApiKey, KeyRegister), Problem> {
    let key_id = ApiKeyId::parse(key_id).ok_or(Code::NotFound)?;
    let holder = context.store.key_holder(owner.user_id, Some(key_id)).await?.ok_or(Code::NotFound)?;
    let key = holder.key.filter(|key| call.now() < key.listed_until()).ok_or(Code::NotFound)?;
    Ok((key, holder.register))
}

async fn register_of(context: &Context, user_id: UserId) -> Result<KeyRegister, Problem> {
    Ok(context.store.key_holder(user_id, None).await?.ok_or(Code::NotFound)?.register)
}

fn shown(call: &Call, owner: &User, key: &ApiKey) -> Result<Reply, Problem> {
    Ok(Reply::ok(&ApiKeyView::new(key, owner, call.now()))?.at_version(key.version))
}

async fn commit_secret(
    context: &Context,
    owner: &KeyOwner<'_>,
    writes: Commit,
    change: Change,
    reply: Reply,
) -> Result<Reply, Problem> {
    let writes = writes.with_checks(owner.unchanged.clone());
    let reply = reply.with_secret(Some(owner.replay_right));
    context.commit(Plan::new(owner.authority, writes).audit(change).reply(reply)).await
}

/// Checks that the owner may read the applications that a key is bound to.
async fn check_apps(context: &Context, owner: &User, app_ids: &[AppId]) -> Result<(), Problem> {
    if app_ids.is_empty() {
        return Ok(());
    }
    let rights = Rights::new(owner, context.store.roles_of(owner).await?, context.now());
    let mut violations = Vec::new();
    for (index, app_id) in app_ids.iter().enumerate() {
        let app = context.store.app(*app_id).await?;
        if app.is_none_or(|app| app.permit_reading(&rights).is_err()) {
            let rule = "must name an application that the owner of the key may read";
            let unknown = Invalid::new(ViolationCode::UnknownReference, rule);
            violations.push(Violation::from_invalid(format!("/app_ids/{index}"), unknown));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Refusal::invalid(violations).into()) }
}

async fn prove(context: &Context, call: &SessionCall, password: Password) -> Result<(), Problem> {
    let proof = reauthenticate(context, call, password).await?;
    proof.check(context, &call.actor.user).await
}

fn new_token(user_id: UserId, key_id: ApiKeyId) -> Result<ApiKeyToken, Problem> {
    Ok(ApiKeyToken { user_id, key_id, secret: Secret::new(random()?) })
}

fn stored(token: &ApiKeyToken) -> StoredSecret {
    StoredSecret { hash: token::hash(&token.secret), hint: token.hint() }
}
