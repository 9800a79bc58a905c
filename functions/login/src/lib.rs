//! The function that signs console users in and out, and tells them who they are. It knows passwords only while it
//! compares them.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod me;
mod session;

/// The routes, as their page of the contract has them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(session::sign_in)).routes(routes!(session::sign_out)).routes(routes!(me::get))
}
