//! The function that hands accounts out as files. It changes nothing and remembers nothing, not even a reply.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod account;
mod column;
mod csv;
mod download;
mod encoder;
mod format;
mod ndjson;
mod selection;
mod xlsx;

/// The routes, as their page of the contract has them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(account::export)).routes(routes!(selection::export))
}
