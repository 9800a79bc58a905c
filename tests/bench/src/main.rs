//! Benchmarks of signing in: its processor time beyond the hash, and whether its duration is a timing oracle.
//!
//! `cargo run --release -p bench [SAMPLES]`. It prints tables and asserts nothing, because times are noisy. The
//! database and the hashing run on other threads, so the processor time of the thread that handles a request is the
//! cost of everything else, including the SDK.

mod timing;
mod world;

use std::{fs, time::Instant};

use rollcall_domain::password::Password;
use serde_json::json;

use crate::world::{PASSWORD, World};

/// Samples of each state, unless the command line gives a number.
const SAMPLES: usize = 2_000;

/// Sign-ins whose processor time is measured.
const SIGN_INS: usize = 300;

fn main() -> Result<(), String> {
    let samples = match std::env::args().nth(1) {
        None => SAMPLES,
        Some(text) => text.parse().map_err(|_| format!("SAMPLES must be a whole number, and is {text:?}"))?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let world = World::new().await?;
        processor_time(&world).await?;
        timing::compare(&world, samples).await
    })
}

/// Prints the processor time of a successful sign-in on this thread, and the duration of its hash on another.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn processor_time(world: &World) -> Result<(), String> {
    let known = world.sign_in(&json!({"login": "admin", "password": PASSWORD})).await?;
    let mut body = json!({"login": "admin", "password": PASSWORD, "device_token": known["device_token"]});
    // The first of the two rounds warms connections, memory and caches.
    let mut spent = 0;
    for _ in 0..2 {
        let before = nanoseconds_on_cpu()?;
        for _ in 0..SIGN_INS {
            let signed_in = world.sign_in(&body).await?;
            body["device_token"] = signed_in["device_token"].clone();
        }
        spent = nanoseconds_on_cpu()? - before;
    }
    let hashing = Instant::now();
    for _ in 0..SIGN_INS {
        let password = Password::new(PASSWORD);
        rollcall_api::password::hash(&world.context, password).await.map_err(|problem| problem.to_string())?;
    }
    let each = |nanoseconds: u128| format!("{} µs", nanoseconds / SIGN_INS as u128 / 1_000);
    println!("| A successful sign-in from a known device | |\n|---|---|");
    println!("| processor time beyond the hash | {} of at most 2000 µs |", each(u128::from(spent)));
    println!("| the hash, elapsed | {} |", each(hashing.elapsed().as_nanos()));
    Ok(())
}

/// The processor time of this thread in nanoseconds, as the kernel counts it.
fn nanoseconds_on_cpu() -> Result<u64, String> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").map_err(|error| error.to_string())?;
    let first = stat.split(' ').next().and_then(|number| number.parse().ok());
    first.ok_or_else(|| format!("unreadable schedstat: {stat:?}"))
}
