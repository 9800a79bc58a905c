//! Webhooks: list, create, get, edit, delete.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, ReplayRight, Reply, retry_on_conflict,
};
use rollcall_domain::{
    Code, Fields, Invalid, ViolationCode,
    audit::Action,
    id::{TeamId, WebhookId},
    permission::Permission,
    scope::PlatformScope,
    webhook::{NewWebhook, Webhook, WebhookPatch, WebhookView, change, may_manage},
};
use rollcall_store::Page;

use crate::{
    load,
    secret::{NewSecret, WebhookSecret},
};

/// `GET /v1/webhooks`: lists the webhooks that the caller manages, newest first.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    operation_id = "list_webhooks",
    tag = "webhooks",
    params(
        ("team_id" = Option<TeamId>, Query, description = "Only webhooks of this team."),
        PageParameters,
    ),
    responses((status = 200, body = List<WebhookView>)),
    extensions(("x-scopes" = json!(["webhooks.manage"]))),
)]
pub(crate) async fn list(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let rights = &call.actor.rights;
    rights.check_scope(PlatformScope::WebhooksManage)?;
    let mut parameters = call.request.parameters();
    let team: Option<TeamId> = parameters.field("team_id");
    let page = PageRequest::read(&context, &call, parameters).await?;
    let after = page.after.as_deref().and_then(WebhookId::parse);
    let found = if rights.is_platform_admin() && team.is_none() {
        context.store.webhooks(after, page.limit).await?
    } else {
        // A member manages webhooks of few teams, each of which has few.
        let teams: Vec<_> = match team {
            Some(team_id) => vec![team_id],
            None => rights.teams_with(Permission::TeamRead).collect(),
        };
        let managed = teams.into_iter().filter(|team_id| may_manage(rights, Some(*team_id)));
        let mut webhooks = context.store.webhooks_of(managed.map(Some)).await?;
        webhooks.retain(|webhook| after.is_none_or(|after| webhook.webhook_id < after));
        Page::cut(webhooks, page.limit, |last| last.webhook_id.to_string())
    };
    let teams: BTreeSet<_> = found.items.iter().filter_map(|webhook| webhook.team_id).collect();
    let teams = context.store.teams(teams).await?;
    let is_deleted = |team_id| !teams.iter().any(|team| team.team_id == team_id);
    let shown = found.items.iter().filter(|webhook| !webhook.team_id.is_some_and(is_deleted));
    page.reply(&context, &call, shown.map(WebhookView::from).collect(), found.next).await
}

/// `POST /v1/webhooks`: creates a webhook. It is sent the events from now on.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    operation_id = "create_webhook",
    tag = "webhooks",
    request_body = NewWebhook,
    responses((status = 201, body = WebhookSecret, headers(("Location"), ("ETag")))),
    extensions(("x-scopes" = json!(["webhooks.manage"])), ("x-codes" = json!([Code::TooManyWebhooks]))),
)]
pub(crate) async fn create(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let mut fields = call.fields()?;
        check_owner(&context, &call, &mut fields).await?;
        call.actor.rights.check_scope(PlatformScope::WebhooksManage)?;
        let loopback = context.config.webhook_loopback;
        let new = fields.parse(|fields| NewWebhook::read(fields, &call.actor.user, loopback))?;
        let webhook_id = WebhookId::new(context.uuid()?);
        let secret = NewSecret::draw(&context, webhook_id).await?;
        let webhook = new.create(webhook_id, secret.sealed.clone(), &call.actor.user, call.now());
        let location = format!("/v1/webhooks/{webhook_id}");
        let reply = Reply::created(location, &secret.shown_with(&webhook))?.at_version(webhook.version);
        let reply = reply.with_secret(Some(ReplayRight::ManageWebhooks(webhook.team_id)));
        let plan = Plan::new(Authority::over(&call, webhook.team_id), rollcall_store::webhook::create(&webhook)?);
        context.commit(plan.audit(change(Action::WebhookCreate, &webhook, None, Some(&webhook))).reply(reply)).await
    })
    .await
}

/// `GET /v1/webhooks/{webhook_id}`: gets a webhook.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{webhook_id}",
    operation_id = "get_webhook",
    tag = "webhooks",
    params(("webhook_id" = WebhookId, Path)),
    responses((status = 200, body = WebhookView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["webhooks.manage"]))),
)]
pub(crate) async fn get(
    State(context): State<Context>,
    Path(webhook_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let webhook = load(&context, &call, &webhook_id).await?;
    call.no_input()?;
    shown(&webhook)
}

/// `PATCH /v1/webhooks/{webhook_id}`: edits a webhook. Events that were not accepted yet are sent to the new URL.
#[utoipa::path(
    patch,
    path = "/v1/webhooks/{webhook_id}",
    operation_id = "update_webhook",
    tag = "webhooks",
    params(("webhook_id" = WebhookId, Path)),
    request_body = WebhookPatch,
    responses((status = 200, body = WebhookView, headers(("ETag")))),
    extensions(("x-scopes" = json!(["webhooks.manage"])), ("x-codes" = json!([Code::ImmutableField]))),
)]
pub(crate) async fn edit(
    State(context): State<Context>,
    Path(webhook_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = load(&context, &call, &webhook_id).await?;
        let after = before.clone().edited(call.fields()?, context.config.webhook_loopback)?;
        call.check_version(before.version)?;
        if after == before {
            return shown(&after);
        }
        let commit = rollcall_store::webhook::change(&before, &after)?;
        let plan = Plan::new(Authority::over(&call, before.team_id), commit);
        let change = change(Action::WebhookEdit, &after, Some(&before), Some(&after));
        context.commit(plan.audit(change).reply(shown(&after)?)).await
    })
    .await
}

/// `DELETE /v1/webhooks/{webhook_id}`: deletes a webhook and its secret.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{webhook_id}",
    operation_id = "delete_webhook",
    tag = "webhooks",
    params(("webhook_id" = WebhookId, Path)),
    responses((status = 204)),
    extensions(("x-scopes" = json!(["webhooks.manage"]))),
)]
pub(crate) async fn delete(
    State(context): State<Context>,
    Path(webhook_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let webhook = load(&context, &call, &webhook_id).await?;
        call.no_input()?;
        call.check_version(webhook.version)?;
        let plan = Plan::new(Authority::over(&call, webhook.team_id), rollcall_store::webhook::delete(&webhook));
        context.commit(plan.audit(change(Action::WebhookDelete, &webhook, Some(&webhook), None))).await
    })
    .await
}

/// Checks the team that a body names: one that the caller cannot read is reported as unknown.
async fn check_owner(context: &Context, call: &Call, fields: &mut Fields) -> Result<(), Problem> {
    let Some(team_id) = fields.peek::<TeamId>("team_id") else { return Ok(()) };
    let rights = &call.actor.rights;
    if !rights.may(Permission::TeamRead, Some(team_id)) || context.store.team(team_id).await?.is_none() {
        let unknown = "must be the id of a team that you may read";
        fields.violation("team_id", Invalid::new(ViolationCode::UnknownReference, unknown));
        return Ok(());
    }
    if may_manage(rights, Some(team_id)) { Ok(()) } else { Err(Code::Forbidden.into()) }
}

fn shown(webhook: &Webhook) -> Result<Reply, Problem> {
    Ok(Reply::ok(&WebhookView::from(webhook))?.at_version(webhook.version))
}
