//! Rollcall's HTTP manners, once for all functions: who calls, what was sent, how it is refused, remembered,
//! paged and answered, and the main of every function.
//!
//! What several functions do for a person they cannot trust yet stands here too: counting tries, recognising devices,
//! proving addresses, redeeming invitations. Nothing here has a route: that is what the functions are for.

pub mod actor;
mod body;
mod call;
pub mod clock;
pub mod config;
mod context;
pub mod device;
mod idempotency;
pub mod invitation;
pub mod keyring;
pub mod mailed_code;
pub mod openapi;
mod page;
mod parameters;
pub mod password;
mod problem;
mod reply;
mod retry;
mod run;
pub mod throttle;
pub mod token;
pub mod verification;

pub use call::{Call, ClientAddress, IdempotentRequest, PublicRequest};
pub use context::{By, Context, NotCommitted};
pub use idempotency::Follows;
pub use page::{List, PageRequest};
pub use parameters::Parameters;
pub use problem::Problem;
pub use reply::Reply;
pub use retry::retry_on_conflict;
pub use run::{Variable, event, event_with, http, service};
