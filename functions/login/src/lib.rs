//! The function of one's own identity: signing in and out, forgotten passwords, and everything under `/v1/me`. It
//! knows passwords and codes only while it compares them.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod authentication;
mod me;
mod reset;
mod second_factor;
mod session;
mod sign_in;
mod ticket;

/// The routes, as their page of the contract has them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(ticket::sign_in_with_second_factor))
        .routes(routes!(session::sign_out))
        .routes(routes!(reset::start))
        .routes(routes!(reset::complete))
        .routes(routes!(me::get, me::edit))
        .routes(routes!(me::password::change))
        .routes(routes!(me::email::start, me::email::unbind))
        .routes(routes!(me::email::confirm))
        .routes(routes!(me::totp::start, me::totp::unbind))
        .routes(routes!(me::totp::confirm))
        .routes(routes!(me::sessions::list, me::sessions::end_others))
        .routes(routes!(me::sessions::end))
}
