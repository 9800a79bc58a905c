//! The function for downloads of accounts. It changes no resource and stores no replies; the audit log records
//! each file.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod account;
mod download;
mod selection;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(account::export)).routes(routes!(selection::export))
}
