//! The function for applications and their accounts.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod account;
mod app;
mod deletion;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(app::list, app::create))
        .routes(routes!(app::get, app::edit, app::delete))
        .routes(routes!(app::turn_lock))
        .routes(routes!(account::list, account::create))
        .routes(routes!(account::get, account::edit))
        .routes(routes!(account::set_admin, account::cancel_admin))
        .routes(routes!(deletion::delete))
}
