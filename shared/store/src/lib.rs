//! Rollcall's one DynamoDB table: every key on one page, reads by noun, and commits that are guarded items.
//!
//! This is the only crate that names the database's SDK, and it also reads the one secret. It decides nothing: what a
//! guard's failure means stands beside the guard, and whether a change is wanted was decided before it got here.

pub mod account;
pub mod app;
pub mod audit;
pub mod cleanup;
mod commit;
mod connection;
mod count;
pub mod due;
mod error;
pub mod flow;
pub mod idempotency;
pub mod invitation;
mod item;
pub mod keys;
pub mod member;
pub mod outbox;
mod query;
pub mod role;
pub mod session;
mod table;
pub mod team;
pub mod throttle;
mod tombstone;
pub mod user;
mod writer;

pub use commit::{Bookkeeping, Commit, Write};
pub use connection::{Connection, Secrets};
pub use error::{CommitError, FailedGuards, Fault};
pub use keys::Key;
pub use query::Page;
pub use table::Store;
pub use writer::Writer;
