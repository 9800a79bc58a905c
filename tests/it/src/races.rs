//! Requests that run at the same time against the same things.

mod teams;
mod users;
