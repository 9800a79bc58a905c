//! What somebody can do to others by asking and guessing in their name: nothing. And what they can make expensive: only
//! so much.

mod devices;
mod flows;
mod invitations;
mod mails;
mod work;

use std::time::Duration;

use rollcall_domain::{
    Code,
    limits::{CODE_LIFETIME, RESEND_AFTER},
    verification::FlowPurpose,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    Client, PASSWORD, Reply, World,
    mailed_codes::{
        MINA, are_alike, complete, completion, is_wrong, items, member, new_password, other, resent, reset,
        reset_resent, reset_started, start, started,
    },
};

/// The same client with the mark of the device that this sign-in set as a cookie.
fn on_device(client: &Client, signed_in: &Reply) -> Client {
    client.with("cookie", signed_in.is(200).cookie("__Host-device"))
}

/// A client that is not signed in, at an address of its own.
fn stranger(world: &World, number: usize) -> Client {
    world.stranger().at(&format!("198.18.{}.{}", number / 250, number % 250))
}
