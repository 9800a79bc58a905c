//! The whole of Rollcall in one process: every function's routes, the schedule, and an embedded database in place of
//! DynamoDB. The functions do not know that they run here.

mod clock;
mod data;
mod embedded;
mod local_routes;
mod mailbox;
mod post;
pub mod seed;
mod serve;
mod table;

pub use clock::TestClock;
pub use data::{Data, KEY_FILE};
pub use embedded::Embedded;
pub use mailbox::{Mail, Mailbox};
pub use serve::{Options, documented, routes, serve, serve_database};
pub use table::{TABLE, create_if_missing};
