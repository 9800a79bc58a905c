//! The function that keeps applications and their accounts. It knows one team's applications from another's by the
//! store's word only, and never reads a clock.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod account;
mod app;
mod deletion;

/// The routes, as their page of the contract has them.
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
