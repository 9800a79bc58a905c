//! Permissions in a team, on its applications and their accounts, and on its audit records.

mod actions;
mod by_key;
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

/// The status of a success, or the status and the error code of a refusal. If there are violations, their codes stand
/// in place of the error code.
pub fn outcome(reply: &Reply) -> String {
    if reply.status < 400 {
        return reply.status.to_string();
    }
    let code = reply.body["code"].as_str().unwrap();
    let known = Code::ALL.iter().find(|known| known.as_str() == code).unwrap();
    reply.is_problem(*known);
    let violations: Vec<_> =
        reply.violations().iter().map(|violation| violation[1].as_str().unwrap().to_owned()).collect();
    let codes = if violations.is_empty() { code.to_owned() } else { violations.join(", ") };
    format!("{} {codes}", reply.status)
}

/// The method and the path of a route, with `{}` in place of each parameter or of its value in a test.
pub fn route(method: &str, path: &str) -> (String, String) {
    let path = path.split('?').next().unwrap();
    let parts = path.split('/').map(|part| match part {
        "mina" | "root" | "reviewer" => "{}",
        part if part.starts_with('{') => "{}",
        part => part,
    });
    (method.to_owned(), parts.collect::<Vec<_>>().join("/"))
}
