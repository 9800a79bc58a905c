//! The function of those who are not signed in yet: sign-in and password resets.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod reset;
mod session;
mod sign_in;
mod ticket;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(ticket::sign_in_with_second_factor))
        .routes(routes!(reset::start))
        .routes(routes!(reset::complete))
}
