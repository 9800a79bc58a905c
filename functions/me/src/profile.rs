//! The caller's user.

use axum::extract::State;
use rollcall_api::{Authority, Call, Context, Plan, Problem, Reply, SessionCall, actor::Access, retry_on_conflict};
use rollcall_domain::{
    Code,
    api_key::ApiKeyView,
    audit::Action,
    session::SessionView,
    team::Membership,
    user::{MePatch, User, UserView, change},
};
use rollcall_store::credential::CredentialChange;
use serde::Serialize;
use utoipa::ToSchema;

/// The caller, their teams, and what authenticates this request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me<'a> {
    /// The caller's user.
    user: UserView<'a>,
    /// The caller's teams, with their role in each.
    #[schema(max_items = 20)]
    teams: Vec<Membership>,
    /// The session of this request; null if it carries an API key.
    #[schema(required)]
    session: Option<SessionView<'a>>,
    /// The API key of this request, if it carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<ApiKeyView<'a>>,
}

/// `GET /v1/me`: gets the caller's user and teams, and the session or API key of the request.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "get_me",
    tag = "own identity",
    responses((status = 200, body = Me, headers(("ETag")))),
    extensions(("x-scopes" = json!([]))),
)]
pub(crate) async fn get(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    call.no_input()?;
    shown(&context, &call, &call.actor.user).await
}

/// `PATCH /v1/me`: changes the caller's username.
#[utoipa::path(
    patch,
    path = "/v1/me",
    operation_id = "update_me",
    tag = "own identity",
    request_body = MePatch,
    responses((status = 200, body = Me, headers(("ETag")))),
    extensions(("x-codes" = json!([Code::ImmutableField]))),
)]
pub(crate) async fn edit(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    retry_on_conflict(|| async {
        let before = call.current_user(&context).await?;
        let after = before.clone().renamed(call.fields()?, call.now())?;
        call.check_version(before.version)?;
        let reply = shown(&context, &call, &after).await?;
        if after == before {
            return Ok(reply);
        }
        let writes = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
        let plan = Plan::new(Authority::OwnAccount(&call, &before), writes);
        context.commit(plan.audit(change(Action::UserEdit, Some(&before), Some(&after))).reply(reply)).await
    })
    .await
}

async fn shown(context: &Context, call: &Call, user: &User) -> Result<Reply, Problem> {
    let teams = context.store.teams(user.teams.at(call.now()).map(|(team_id, _)| team_id)).await?;
    if user.home_team_id.is_some() && teams.is_empty() {
        // The team was deleted, and the service account will be.
        return Err(Code::Unauthenticated.into());
    }
    let teams = Membership::of(&call.actor.rights, teams);
    let (session, key) = match &call.actor.access {
        Access::Session(session) => {
            (Some(SessionView::new(session, context.config.sessions.of(user), session.session_id)), None)
        }
        Access::Key(key) => (None, Some(ApiKeyView::new(key, user, call.now()))),
    };
    Ok(Reply::ok(&Me { user: user.into(), teams, session, key })?.at_version(user.version))
}
