//! All of Rollcall in one process: the routes of every function, the schedule, and an embedded database in place of
//! DynamoDB, and a folder in place of S3. The functions run unchanged.

mod client_address;
mod clock;
mod connections;
mod data;
mod digest;
mod embedded;
mod end_sessions;
mod expiry;
mod job_runner;
mod key_check;
mod local_routes;
mod mail_delivery;
mod mailbox;
mod migrate;
mod notifications;
mod objects;
mod place;
mod private_files;
mod progress;
mod schedule;
pub mod seed;
mod serve;
mod table;
mod transactions;

pub use client_address::TrustedProxy;
pub use clock::TestClock;
pub use data::{Data, KEY_FILE};
pub use embedded::Embedded;
pub use end_sessions::end_sessions;
pub use mailbox::{Mailbox, MailboxEntry};
pub use migrate::migrate;
pub use objects::{BUCKET, LocalS3, service};
pub use place::Place;
pub use serve::{Options, documented, routes, serve, serve_database};
pub use table::{TABLE, create_if_missing};
