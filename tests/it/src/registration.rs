//! Registration: an address is verified by a mailed code, then one request creates the user.

mod bodies;
mod codes;
mod concurrency;
mod mails;
mod steps;

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use futures_util::future::join_all;
use rollcall_domain::{
    Code,
    id::FlowId,
    limits::{CODE_LIFETIME, RESEND_AFTER},
    session::SignInTicket,
    verification::FlowPurpose,
};
use rollcall_store::{Commit, flow};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, World,
    faults::{Call, Fault},
    mailed_codes::{
        MILLISECOND, MINA, are_alike, assert_markers_consistent, complete, completion, is_wrong, items, just_before,
        mails, member, new_password, other, register, resent, reset, reset_started, start, started,
    },
};
