//! The end of the caller's session.

use axum::{
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use rollcall_api::{
    Context, Problem, Reply, SessionCall,
    token::{self, SESSION_COOKIE},
};

/// `POST /v1/logout`: ends the session of this request.
#[utoipa::path(
    post,
    path = "/v1/logout",
    operation_id = "sign_out",
    tag = "own identity",
    responses((status = 204, headers(("Set-Cookie")))),
)]
pub(crate) async fn sign_out(State(context): State<Context>, call: SessionCall) -> Result<impl IntoResponse, Problem> {
    call.no_input()?;
    context.record([rollcall_store::session::end(&call.session)]).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, token::set_cookie(SESSION_COOKIE, "", 0)?)]), Reply::no_content()))
}
