//! Every operation with every database fault, at every database call that the operation makes.

mod accounts;
mod cleanup;
mod jobs;
mod mailed_codes;
mod teams;
mod users;
mod webhooks;
