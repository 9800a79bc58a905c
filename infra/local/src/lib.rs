//! All of Rollcall in one process: the routes of every function, the schedule, and an embedded database in place of
//! DynamoDB. The functions run unchanged.

mod clock;
mod data;
mod embedded;
mod local_routes;
mod mail_delivery;
mod mailbox;
pub mod seed;
mod serve;
mod table;

pub use clock::TestClock;
pub use data::{Data, KEY_FILE};
pub use embedded::Embedded;
pub use mailbox::{Mailbox, MailboxEntry};
pub use serve::{Options, documented, routes, serve, serve_database};
pub use table::{TABLE, create_if_missing};
