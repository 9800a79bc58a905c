//! Who may do what in a team, to its applications and their accounts, and to what is remembered of it.

mod actions;
mod fixture;
mod grants;
mod last_admin;
mod matrix;
mod revoked;
mod revoked_mid_request;

use std::time::Duration;

use axum::http::Method;
use rollcall_domain::{Code, email::Email, id::TeamId, permission::UserType, role_id::RoleId, user::User};
use serde_json::{Value, json};

use crate::support::{Client, Reply, Snapshot, UNKNOWN_ID, World, everything};

pub use actions::{ACTIONS, Action};
pub use fixture::{Caller, TeamFixture};

/// The status of what was done; of a refusal also its code, or the codes of what is wrong with the request.
pub fn outcome(reply: &Reply) -> String {
    if reply.status < 400 {
        return reply.status.to_string();
    }
    let code = reply.body["code"].as_str().unwrap();
    let known = Code::ALL.iter().find(|known| known.as_str() == code).unwrap();
    reply.is_problem(*known);
    let violations: Vec<_> = reply.violations().iter().map(|told| told[1].as_str().unwrap().to_owned()).collect();
    let codes = if violations.is_empty() { code.to_owned() } else { violations.join(", ") };
    format!("{} {codes}", reply.status)
}

/// A route, whatever its parameters are called, or what stands there for one.
pub fn route(method: &str, path: &str) -> (String, String) {
    let path = path.split('?').next().unwrap();
    let parts = path.split('/').map(|part| match part {
        "mina" | "root" | "reviewer" => "{}",
        part if part.starts_with('{') => "{}",
        part => part,
    });
    (method.to_owned(), parts.collect::<Vec<_>>().join("/"))
}
