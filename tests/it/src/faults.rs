//! Every operation with every fault of the database, at every call the operation makes.

mod accounts;
mod cleanup;
mod mailed_codes;
mod teams;
mod users;
