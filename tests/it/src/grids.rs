//! Every kind of caller does everything, and the outcomes are tables kept under version control.

pub mod teams;
pub mod users;
