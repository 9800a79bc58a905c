//! What Rollcall promises, tried over HTTP: every function's routes in one process, the real SDK, an embedded
//! database in memory, a clock that stands still until it is moved, and faults on demand.
#![cfg(test)]
#![expect(unreachable_pub, reason = "nothing is reachable in a crate that only tests")]

mod accounts;
mod agreement;
mod apps;
mod audit;
mod bad_days;
mod budgets;
mod cleanup;
mod codes_on_bad_days;
mod console;
mod console_facts;
mod email;
mod faults;
mod invitations;
mod leaks;
mod login;
mod mailed;
mod mailer;
mod mailer_carriers;
mod mailer_words;
mod manners;
mod model;
mod registration;
mod reset;
mod rights;
mod rotation;
mod sessions;
mod store;
mod support;
mod teams;
mod teams_on_bad_days;
mod teams_races;
mod tenants;
mod throttle;
mod two_factor;
mod users;
mod users_grid;
mod wiring;
