//! Rollcall's one DynamoDB table: its keys, reads by kind of item, and commits of guarded writes.
//!
//! This is the only crate that uses the DynamoDB SDK. It also reads the one secret, from Secrets Manager. It decides
//! nothing: a commit carries guards, which are the conditions that the decision relied on, each with the error code to
//! report if it does not hold.

pub mod account;
pub mod api_key;
pub mod app;
pub mod audit;
mod batch;
pub mod breaker;
pub mod cleanup;
mod commit;
mod connection;
mod counters;
pub mod credential;
pub mod due;
mod error;
mod expression;
mod flat_items;
pub mod flow;
pub mod idempotency;
pub mod invitation;
pub mod invitation_code;
mod item;
pub mod job;
pub mod keys;
pub mod master_key;
pub mod member;
pub mod outbox;
mod query;
mod raw_reply;
pub mod redemption;
mod retry;
pub mod role;
pub mod session;
mod sort_keys;
mod table;
pub mod team;
pub mod throttle;
mod tombstone;
pub mod user;
pub mod webhook;
mod write;
mod writer;

pub use commit::Commit;
pub use connection::{Connection, Secrets};
pub use error::{CommitError, FailedGuards, Fault};
pub use keys::Key;
pub use query::Page;
pub use table::Store;
pub use write::{Bookkeeping, Write};
pub use writer::Writer;
