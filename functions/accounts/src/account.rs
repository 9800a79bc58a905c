//! Accounts of an application: list, create, get, edit, and set or cancel admin.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, Reply, retry_on_conflict,
};
use rollcall_domain::{
    Code,
    account::{Account, AccountType, NewAccount},
    account_filter::AccountFilter,
    app::App,
    audit::{Action, Change, Target},
    id::AppId,
    permission::Permission,
    profile::ProfilePatch,
    text::AccountId,
};

use crate::app;

/// `GET /v1/apps/{app_id}/accounts`: lists the accounts of an application by `user_id`, bytewise. `q` finds accounts
/// whose `user_id` or nickname contains it, whatever its case, width and accents.
#[utoipa::path(
    get,
    path = "/v1/apps/{app_id}/accounts",
    operation_id = "list_accounts",
    tag = "accounts",
    params(
        ("app_id" = AppId, Path),
        ("type" = Option<AccountType>, Query, description = "Only accounts of this type."),
        ("user_id_prefix" = Option<String>, Query, description = "Only accounts whose `user_id` begins with this."),
        (
            "q" = Option<String>, Query, min_length = 1, max_length = 64,
            description = "Only accounts with this text in their `user_id` or nickname, without regard to case.",
        ),
        PageParameters,
    ),
    responses((status = 200, body = List<Account>)),
    extensions(("x-codes" = json!([Code::Forbidden])), ("x-scopes" = json!(["accounts.read"]))),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let app = app::load(&context, &app_id).await?;
    app.permit(&call.actor.rights, Permission::AccountsRead)?;
    let mut parameters = call.request.parameters();
    let filter = AccountFilter {
        account_type: parameters.field("type"),
        user_id_prefix: parameters.optional("user_id_prefix", |text| Ok(text.to_owned())).unwrap_or_default(),
        text: parameters.field("q"),
    };
    let page = PageRequest::read(&context, &call, parameters).await?;
    let found = if filter.account_type == Some(AccountType::Admin) {
        // The application stores the ids of its admins, so there is no need to search all accounts for them.
        let mut admins = context.store.accounts_of_ids(app.app_id, &app.admins).await?;
        admins.retain(|account| filter.matches(account));
        page.cut(admins.into_iter().map(|admin| (admin.user_id.to_string(), admin)).collect())
    } else {
        let found = context.store.accounts(app.app_id, &filter, page.after.as_deref(), page.limit).await?;
        (found.items, found.next)
    };
    page.reply(&context, &call, found.0, found.1).await
}

/// `POST /v1/apps/{app_id}/accounts`: creates an account. An admin account is refused once the application has ten.
#[utoipa::path(
    post,
    path = "/v1/apps/{app_id}/accounts",
    operation_id = "create_account",
    tag = "accounts",
    params(("app_id" = AppId, Path)),
    request_body = NewAccount,
    responses((status = 201, body = Account, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::AccountExists, Code::AdminLimitReached])), ("x-scopes" = json!(["accounts.write"]))),
)]
pub(crate) async fn create(
    State(context): State<Context>,
    Path(app_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let fields = call.fields()?;
    let app = app::load(&context, &app_id).await?;
    let rights = &call.actor.rights;
    app.check_held(rights, Permission::AccountsWrite)?;
    if fields.has_text("type", AccountType::Admin.as_str()) {
        app.permit(rights, Permission::AccountsAdmin)?;
    }
    rights.check_scope(Permission::AccountsWrite)?;
    let account = fields.parse(|fields| NewAccount::read(fields, call.now().date()))?.create(call.now());
    let commit = rollcall_store::account::create(app.app_id, &account, call.now())?;
    let change = change(Action::AccountCreate, &app, None, &account);
    let location = format!("/v1/apps/{}/accounts/{}", app.app_id, account.user_id);
    let reply = Reply::created(location, &account)?.at_version(account.version);
    context.commit(Plan::new(Authority::AsRead(&call, app.team_id), commit).audit(change).reply(reply)).await
}

/// `GET /v1/apps/{app_id}/accounts/{user_id}`: gets an account.
#[utoipa::path(
    get,
    path = "/v1/apps/{app_id}/accounts/{user_id}",
    operation_id = "get_account",
    tag = "accounts",
    params(("app_id" = AppId, Path), ("user_id" = AccountId, Path)),
    responses((status = 200, body = Account, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::Forbidden])), ("x-scopes" = json!(["accounts.read"]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path((app_id, user_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    let (_, account) = load(&context, &call, &app_id, &user_id, Permission::AccountsRead).await?;
    call.no_input()?;
    shown(&account)
}

/// `PATCH /v1/apps/{app_id}/accounts/{user_id}`: edits an account's profile.
#[utoipa::path(
    patch,
    path = "/v1/apps/{app_id}/accounts/{user_id}",
    operation_id = "update_account",
    tag = "accounts",
    params(("app_id" = AppId, Path), ("user_id" = AccountId, Path)),
    request_body = ProfilePatch,
    responses((status = 200, body = Account, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::ImmutableField])), ("x-scopes" = json!(["accounts.write"]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path((app_id, user_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let fields = call.fields()?;
        let (app, before) = load(&context, &call, &app_id, &user_id, Permission::AccountsWrite).await?;
        let after = before.clone().edited(fields, call.now())?;
        replace(&context, &call, &app, &before, &after, Action::AccountEdit).await
    })
    .await
}

/// `PUT /v1/apps/{app_id}/accounts/{user_id}/admin`: makes an account an admin of its application, which has at most
/// ten.
#[utoipa::path(
    put,
    path = "/v1/apps/{app_id}/accounts/{user_id}/admin",
    operation_id = "set_account_admin",
    tag = "accounts",
    params(("app_id" = AppId, Path), ("user_id" = AccountId, Path)),
    responses((status = 200, body = Account, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::AdminLimitReached])), ("x-scopes" = json!(["accounts.admin"]))),
)]
pub(crate) async fn set_admin(
    State(context): State<Context>,
    Path((app_id, user_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    turn(&context, &call, &app_id, &user_id, AccountType::Admin, Action::AccountSetAdmin).await
}

/// `DELETE /v1/apps/{app_id}/accounts/{user_id}/admin`: makes an admin account a general one again.
#[utoipa::path(
    delete,
    path = "/v1/apps/{app_id}/accounts/{user_id}/admin",
    operation_id = "cancel_account_admin",
    tag = "accounts",
    params(("app_id" = AppId, Path), ("user_id" = AccountId, Path)),
    responses((status = 200, body = Account, headers(("ETag")))),
    extensions(("x-scopes" = json!(["accounts.admin"]))),
)]
pub(crate) async fn cancel_admin(
    State(context): State<Context>,
    Path((app_id, user_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    turn(&context, &call, &app_id, &user_id, AccountType::General, Action::AccountCancelAdmin).await
}

async fn turn(
    context: &Context,
    call: &Call,
    app_id: &str,
    user_id: &str,
    account_type: AccountType,
    action: Action,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let (app, before) = load(context, call, app_id, user_id, Permission::AccountsAdmin).await?;
        call.no_input()?;
        let after = before.clone().with_type(account_type, call.now());
        replace(context, call, &app, &before, &after, action).await
    })
    .await
}

/// Loads the application and the account of a path and checks the caller's permission.
async fn load(
    context: &Context,
    call: &Call,
    app_id: &str,
    user_id: &str,
    permission: Permission,
) -> Result<(App, Account), Problem> {
    let app_id = AppId::parse(app_id).ok_or(Code::NotFound)?;
    let user_id = AccountId::parse(user_id).map_err(|_| Code::NotFound)?;
    let (app, account) = context.store.app_and_account(app_id, &user_id).await?;
    let app = app.ok_or(Code::NotFound)?;
    app.check_held(&call.actor.rights, Permission::AccountsRead)?;
    let account = account.ok_or(Code::NotFound)?;
    app.permit(&call.actor.rights, permission)?;
    Ok((app, account))
}

/// Commits the edited account; nothing is written if it did not change.
async fn replace(
    context: &Context,
    call: &Call,
    app: &App,
    before: &Account,
    after: &Account,
    action: Action,
) -> Result<Reply, Problem> {
    call.check_version(before.version)?;
    if before == after {
        return shown(after);
    }
    let commit = rollcall_store::account::change(app.app_id, before, after, call.now())?;
    let change = change(action, app, Some(before), after);
    context.commit(Plan::new(Authority::AsRead(call, app.team_id), commit).audit(change).reply(shown(after)?)).await
}

fn shown(account: &Account) -> Result<Reply, Problem> {
    Ok(Reply::ok(account)?.at_version(account.version))
}

fn change(action: Action, app: &App, before: Option<&Account>, after: &Account) -> Change {
    let target = Target::account(app.app_id, &after.user_id);
    Change::between(action, target, app.team_id, before, Some(after))
}
