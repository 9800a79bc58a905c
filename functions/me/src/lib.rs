//! The function of the caller's own identity: everything under `/v1/me`, and signing out.
//!
//! It is apart from `login`, so that a flood of sign-ins, which fills the concurrency of that function with password
//! hashes, leaves those who are signed in alone.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod email;
mod keys;
mod password;
mod profile;
mod sessions;
mod sign_out;
mod totp;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(sign_out::sign_out))
        .routes(routes!(profile::get, profile::edit))
        .routes(routes!(password::change))
        .routes(routes!(email::start, email::unbind))
        .routes(routes!(email::confirm))
        .routes(routes!(totp::start, totp::unbind))
        .routes(routes!(totp::confirm))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::get, keys::edit, keys::revoke))
        .routes(routes!(keys::rotate))
}
