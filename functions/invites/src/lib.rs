//! The function for invitations: issuing, listing, revoking and redeeming them. A code is shown once, when it is
//! issued. The refusal of a code does not say whether it is wrong, expired, used, revoked or another person's.

use rollcall_api::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

mod invitation;
mod redemption;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(invitation::list, invitation::issue))
        .routes(routes!(invitation::reissue))
        .routes(routes!(invitation::revoke))
        .routes(routes!(redemption::redeem))
}
