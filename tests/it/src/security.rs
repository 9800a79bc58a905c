//! Security across functions: the trail of sign-ins and refusals, proofs that are used up, and secrets that are not
//! shown again to somebody who has lost the right to them.

mod proofs;
mod replays;
mod sign_ins;
mod trail;
mod violations;

use axum::http::Method;
use futures_util::future::{join, join_all};
use rollcall_domain::{Code, permission::UserType, verification::FlowPurpose};
use serde_json::{Value, json};

use crate::{
    support::{
        Client, ORIGIN, PASSWORD, Reply, World,
        mailed_codes::{MINA, mails, member, new_password, register, reset, reset_started},
    },
    two_factor::{owner, second_step, ticket},
};

const NEW_PASSWORD: &str = "violet 7 harbour engine";
