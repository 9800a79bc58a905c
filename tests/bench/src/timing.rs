//! Whether the duration of a refused sign-in reveals the reason.

use std::{net::Ipv4Addr, time::Instant};

use axum::http::StatusCode;
use indicatif::ProgressBar;
use rollcall_domain::user::Status;
use serde_json::json;

use crate::world::{PASSWORD, World};

/// Why a sign-in is refused.
const STATES: [(&str, Option<Status>, &str); 4] = [
    ("unknown", None, PASSWORD),
    ("wrong", Some(Status::Enabled), "wrong horse battery"),
    ("disabled", Some(Status::Disabled), "wrong horse battery"),
    ("right but disabled", Some(Status::Disabled), PASSWORD),
];

/// Prints the mean duration of each state and Welch's t against the first. Beyond 4.5 the states are distinguishable.
///
/// The states take turns, so that a slow machine affects all of them. Each sign-in has its own login and address, so
/// that none is throttled.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(crate) async fn compare(world: &World, samples: usize) -> Result<(), String> {
    let progress = ProgressBar::new((samples * STATES.len()) as u64);
    let mut durations = STATES.map(|_| Vec::with_capacity(samples));
    for sample in 0..samples {
        for turn in 0..STATES.len() {
            // The order rotates, so that no state always follows the same one.
            let state = (turn + sample) % STATES.len();
            let (_, status, password) = STATES[state];
            let login = format!("user-{state}-{sample}");
            // A user is added before each sign-in, so that only the state differs.
            match status {
                Some(status) => world.add(&login, status).await?,
                None => world.add(&format!("beside-{sample}"), Status::Enabled).await?,
            }
            let number = u32::try_from(sample * STATES.len() + turn).map_err(|error| error.to_string())?;
            let body = json!({"login": login, "password": password});
            let started = Instant::now();
            let (status, _) = world.post(&body, Ipv4Addr::from(0x0a00_0000 + number)).await?;
            durations[state].push(started.elapsed().as_secs_f64() * 1e6);
            if status != StatusCode::UNAUTHORIZED {
                return Err(format!("{login} was answered {status}"));
            }
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    println!("| Refused, {samples} of each | mean µs | t |\n|---|---|---|");
    let first = Moments::of(&durations[0]);
    for ((name, ..), durations) in STATES.iter().zip(&durations) {
        let moments = Moments::of(durations);
        println!("| {name} | {:.0} | {:.2} |", moments.mean, moments.welch(&first));
    }
    Ok(())
}

/// Mean and variance of a sample.
struct Moments {
    mean: f64,
    /// The variance of the mean.
    variance: f64,
}

impl Moments {
    /// Of the fastest 90 %. The others were delayed by the scheduler.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
    fn of(durations: &[f64]) -> Self {
        let mut sorted = durations.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.truncate((sorted.len() * 9 / 10).max(1));
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let squares = sorted.iter().map(|duration| (duration - mean).powi(2)).sum::<f64>();
        Self { mean, variance: squares / (count - 1.0).max(1.0) / count }
    }

    fn welch(&self, other: &Self) -> f64 {
        (self.mean - other.mean) / (self.variance + other.variance).sqrt().max(f64::MIN_POSITIVE)
    }
}
