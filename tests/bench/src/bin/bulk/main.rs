//! Jobs at size: how fast accounts go out and in, with how much processor time and memory, and what the table charges.
//!
//! `cargo run --release -p bench --bin bulk -- [ROWS]... [--latency MILLIS] [--exports-only]`. It prints a table for each
//! number of rows and asserts nothing but that what comes in is what went out, because times are noisy.
//!
//! Each row of the table is a process of its own. It reaches the database and the files over loopback sockets, without
//! TLS. The database, in memory, shares the processors with it, so rows/s are a lower bound of what a worker can do.

mod server;
mod trials;
mod worker;

use std::time::Duration;

use bench::Failure;
use clap::{Parser, Subcommand};
use rollcall_domain::id::{AppId, JobId};

/// Measures exports, imports and bulk edits.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// How many accounts, for each table.
    #[arg(default_values_t = [100_000])]
    rows: Vec<u32>,
    /// How many milliseconds each request to the table takes longer than it has to, as if it crossed a network.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Leaves out imports and edits.
    #[arg(long)]
    exports_only: bool,
}

/// What a process does that is measured.
#[derive(Subcommand)]
enum Part {
    /// Works on a job.
    #[command(hide = true)]
    Work { app_id: String, job_id: String },
    /// Writes all accounts of an application with the SDK and the crate `csv`.
    #[command(hide = true)]
    Baseline { app_id: String },
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    // As on Lambda: one thread, and more where work is handed to them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let spent = match arguments.part {
            None => {
                let latency = Duration::from_millis(arguments.latency);
                return Box::pin(trials::run(&arguments.rows, latency, arguments.exports_only)).await;
            }
            Some(Part::Work { app_id, job_id }) => {
                let ids = AppId::parse(&app_id).zip(JobId::parse(&job_id));
                let (app_id, job_id) = ids.ok_or("invalid ids")?;
                worker::work(app_id, job_id).await?
            }
            Some(Part::Baseline { app_id }) => {
                worker::query_and_csv(AppId::parse(&app_id).ok_or("an invalid id")?).await?
            }
        };
        println!("{}", serde_json::to_string(&spent)?);
        Ok(())
    })
}
