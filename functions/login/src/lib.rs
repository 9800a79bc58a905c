//! The function for the caller's own identity: sign-in and sign-out, password resets, and everything under `/v1/me`.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod me;
mod reset;
mod second_factor;
mod session;
mod sign_in;
mod ticket;

/// The routes of this function.
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
        .routes(routes!(me::keys::list, me::keys::create))
        .routes(routes!(me::keys::get, me::keys::edit, me::keys::revoke))
        .routes(routes!(me::keys::rotate))
}
