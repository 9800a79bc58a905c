//! The caller's own account.

use axum::extract::State;
use rollcall_api::{Authority, Call, Context, Plan, Problem, Reply, retry_on_conflict};
use rollcall_domain::{
    Code,
    audit::Action,
    session::SessionView,
    team::Membership,
    user::{MePatch, User, UserView, change},
};
use rollcall_store::credential::CredentialChange;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) mod email;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod totp;

/// The caller, their teams and the session of this request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me<'a> {
    /// The caller's user.
    user: UserView<'a>,
    /// The caller's teams, with their role in each.
    #[schema(max_items = 20)]
    teams: Vec<Membership>,
    /// The session of this request.
    session: SessionView<'a>,
}

/// `GET /v1/me`: gets the caller's user, teams and session.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "get_me",
    tag = "own identity",
    responses((status = 200, body = Me, headers(("ETag")))),
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
pub(crate) async fn edit(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
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
    let session = &call.actor.session;
    let teams = context.store.teams(user.teams.at(call.now()).map(|(team_id, _)| team_id)).await?;
    let teams = Membership::of(&call.actor.rights, teams);
    let session = SessionView::new(session, context.config.sessions.of(user), session.session_id);
    Ok(Reply::ok(&Me { user: user.into(), teams, session })?.at_version(user.version))
}
