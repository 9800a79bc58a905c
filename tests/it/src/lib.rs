//! Integration tests over HTTP: all routes in one process, the real SDK on an embedded database in memory, a clock that
//! tests move, and faults on demand.
#![cfg(test)]
#![expect(unreachable_pub, reason = "nothing is reachable in a crate that only tests")]

mod support;

// The slow kinds of tests, which the default profile of nextest leaves out.
mod faults;
mod grids;
mod model;
mod races;

mod accounts;
mod api_document;
mod apps;
mod attacks;
mod audit;
mod budgets;
mod cleanup;
mod console;
mod console_facts;
mod conventions;
mod documents;
mod email;
mod events;
mod exports;
mod invitations;
mod jobs;
mod key_rotation;
mod keys;
mod leaks;
mod login;
mod mail;
mod memberships;
mod names;
mod objects;
mod pages;
mod password_reset;
mod registration;
mod security;
mod sessions;
mod store;
mod teams;
mod tenants;
mod throttle;
mod two_factor;
mod typing;
mod users;
mod webhooks;
mod wiring;
