//! What a sign-in costs in processor time beyond its hash, and whether its duration tells a stranger anything.
//!
//! `cargo run --release -p bench [SAMPLES]`. It prints tables and asserts nothing: times are noisy. The
//! database runs on a thread of its own behind a loopback socket and the hash on another, so the processor time of the
//! thread that handles a request is what everything else costs, the SDK included.

mod timing;
mod world;

use std::{fs, time::Instant};

use rollcall_domain::password::Password;
use serde_json::json;

use crate::world::{PASSWORD, World};

/// Samples of each state unless the command line says otherwise: the number of the timing test in the security rules.
const SAMPLES: usize = 2_000;

/// Sign-ins that are counted for the processor time.
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

/// Prints what a right sign-in costs this thread, and what its hash costs the other.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn processor_time(world: &World) -> Result<(), String> {
    let known = world.sign_in(&json!({"login": "admin", "password": PASSWORD})).await?;
    let mut body = json!({"login": "admin", "password": PASSWORD, "device_token": known["device_token"]});
    // Twice: the first round warms connections, memory and caches.
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
    println!("| A right sign-in from a known device | |\n|---|---|");
    println!("| processor time beyond the hash | {} of at most 2000 µs |", each(u128::from(spent)));
    println!("| the hash, elapsed | {} |", each(hashing.elapsed().as_nanos()));
    Ok(())
}

/// Nanoseconds that this thread has spent on a processor, by the kernel's count.
fn nanoseconds_on_cpu() -> Result<u64, String> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").map_err(|error| error.to_string())?;
    let first = stat.split(' ').next().and_then(|number| number.parse().ok());
    first.ok_or_else(|| format!("the kernel's count is unreadable: {stat:?}"))
}
