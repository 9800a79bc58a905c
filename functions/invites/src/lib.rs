//! The function by which people are invited into teams and join them. A code is told once, when it is issued; a code
//! that is refused is refused in the same words, whatever is the matter with it.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod invitation;
mod redemption;

/// The routes, as their page of the contract has them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(invitation::list, invitation::issue))
        .routes(routes!(invitation::reissue))
        .routes(routes!(invitation::revoke))
        .routes(routes!(redemption::redeem))
}
