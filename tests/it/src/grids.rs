//! Every kind of caller sends every request. The replies are tables under version control.

pub mod keys;
pub mod teams;
pub mod users;
