//! The conventions of Rollcall's HTTP API, shared by all functions: authentication, request bodies and parameters,
//! idempotency, versions, pages, problems, commits, and the `main` of every function.
//!
//! What several functions do for a caller who is not authenticated yet is here too: throttling attempts, recognising
//! devices, verifying addresses, redeeming invitations. No route is here: those belong to the functions.

pub mod actor;
pub mod api_keys;
pub mod authentication;
mod body;
pub mod bound_invitations;
pub mod call;
pub mod client_address;
pub mod clock;
pub mod code_attempt;
pub mod config;
pub mod context;
pub mod cursor;
pub mod device;
pub mod edge;
pub mod feed;
mod gateway;
pub mod header_list;
pub mod idempotency;
mod if_match;
pub mod invitation_code;
pub mod invitation_end;
pub mod invitation_expiry;
pub mod key_source;
pub mod keyring;
pub mod logging;
pub mod mailed_code;
pub mod membership_end;
pub mod membership_expiry;
pub mod openapi;
pub mod page;
pub mod parameters;
pub mod password;
pub mod plan;
pub mod problem;
pub mod queue;
pub mod redemption;
pub mod replay_right;
pub mod reply;
pub mod request;
pub mod request_log;
pub mod retry;
pub mod run;
pub mod second_factor;
pub mod security_log;
pub mod service;
pub mod throttle;
pub mod token;
pub mod verification;

pub use call::{Call, SessionCall};
pub use client_address::ClientAddress;
pub use context::Context;
pub use idempotency::Follows;
pub use page::{List, PageParameters, PageRequest};
pub use parameters::Parameters;
pub use plan::{Authority, NotCommitted, Plan};
pub use problem::Problem;
pub use replay_right::ReplayRight;
pub use reply::Reply;
pub use request::{IdempotentRequest, PublicRequest};
pub use retry::retry_on_conflict;
pub use run::{Variable, event, event_with, http, http_with};
pub use service::{router, service};
