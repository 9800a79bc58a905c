//! Concurrent requests about the same things.

mod teams;
mod users;
