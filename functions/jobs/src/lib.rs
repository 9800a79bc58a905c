//! The function for jobs: it begins, shows, starts and ends them. The function `transfer` does their work.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod job;
mod preview;
mod start;
mod upload;
mod view;

/// The routes of this function. They need `Objects` as an extension of the request.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(job::list, job::create))
        .routes(routes!(job::get, job::delete))
        .routes(routes!(preview::preview))
        .routes(routes!(start::start))
}
