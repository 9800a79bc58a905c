//! The caller's sessions.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Context, List, PageParameters, PageRequest, Plan, Problem, Reply, SessionCall, retry_on_conflict,
};
use rollcall_domain::{
    Code,
    audit::Action,
    id::SessionId,
    session::{Session, SessionView},
    user::change,
};
use rollcall_store::{Commit, credential::CredentialChange, session::adopt_epoch};

/// `GET /v1/me/sessions`: lists the caller's live sessions, newest first.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    operation_id = "list_sessions",
    tag = "own identity",
    params(PageParameters),
    responses((status = 200, body = List<SessionView>)),
)]
pub(crate) async fn list(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    let page = PageRequest::read(&context, &call, call.request.parameters()).await?;
    let (user, current) = (&call.actor.user, call.session.session_id);
    let after = page.after.as_deref().and_then(SessionId::parse);
    let found = context.store.sessions(user.user_id, after, page.limit).await?;
    let lifetime = context.config.sessions.of(user);
    let valid = found.items.iter().filter(|session| session.check(user, lifetime, call.now()).is_ok());
    let items = valid.map(|session| SessionView::new(session, lifetime, current)).collect();
    page.reply(&context, &call, items, found.next).await
}

/// `DELETE /v1/me/sessions/{session_id}`: ends one of the caller's sessions. Sessions have no version of their own:
/// `If-Match` takes the user's.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{session_id}",
    operation_id = "end_session",
    tag = "own identity",
    params(("session_id" = SessionId, Path)),
    responses((status = 204)),
)]
pub(crate) async fn end(
    State(context): State<Context>,
    Path(session_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let session_id = SessionId::parse(&session_id).ok_or(Code::NotFound)?;
    let user = &call.actor.user;
    let session = context.store.session(user.user_id, session_id).await?;
    let is_valid = |session: &Session| session.check(user, context.config.sessions.of(user), call.now()).is_ok();
    let session = session.filter(is_valid).ok_or(Code::NotFound)?;
    call.no_input()?;
    call.check_version(user.version)?;
    let plan = Plan::new(Authority::AsRead(&call, None), Commit::new([rollcall_store::session::end(&session)]));
    context.commit(plan.audit(change(Action::UserEndSessions, Some(user), Some(user)))).await
}

/// `DELETE /v1/me/sessions`: ends all of the caller's other sessions. Sessions have no version of their own: `If-Match`
/// takes the user's.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions",
    operation_id = "end_other_sessions",
    tag = "own identity",
    responses((status = 204)),
)]
pub(crate) async fn end_others(State(context): State<Context>, call: SessionCall) -> Result<Reply, Problem> {
    call.no_input()?;
    retry_on_conflict(|| async {
        let before = call.current_user(&context).await?;
        call.check_version(before.version)?;
        let after = before.clone().signed_out_everywhere();
        let commit = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
        let commit = commit.and(adopt_epoch(&call.session, &after));
        let change = change(Action::UserEndSessions, Some(&before), Some(&after));
        context.commit(Plan::new(Authority::OwnAccount(&call, &before), commit).audit(change)).await
    })
    .await
}
