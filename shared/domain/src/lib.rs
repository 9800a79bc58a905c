//! The rules of Rollcall: validation of fields, states and their transitions, permissions, limits and error codes.
//!
//! This crate has no I/O, no clock, no random numbers, and no knowledge of the database or of HTTP. `now`, ids and
//! secrets are arguments; decisions are return values.

pub mod account;
pub mod account_filter;
pub mod api_key;
pub mod app;
pub mod audit;
mod base62;
pub mod body;
pub mod breaker;
mod characters;
mod choice;
pub mod column;
pub mod counts;
pub mod credential;
pub mod delivery;
pub mod device;
pub mod digits;
pub mod email;
pub mod error;
pub mod event;
pub mod event_types;
pub mod fields;
pub mod file_format;
mod grant_bound;
pub mod held_role;
pub mod id;
pub mod invitation;
pub mod job;
pub mod limits;
pub mod mail;
pub mod membership_days;
pub mod network;
pub mod new_user;
pub mod password;
pub mod patch;
pub mod permission;
pub mod profile;
pub mod public_address;
pub mod role;
pub mod role_id;
pub mod scope;
pub mod search;
pub mod session;
pub mod team;
pub mod text;
pub mod throttle;
pub mod time;
pub mod totp;
pub mod user;
pub mod verification;
pub mod violation;
pub mod webhook;
pub mod webhook_url;
pub mod whole_number;

pub use error::{Code, Refusal};
pub use fields::{Fields, FromField};
pub use serde_json::Value;
pub use time::Timestamp;
pub use violation::{Invalid, PasswordReason, Violation, ViolationCode};
