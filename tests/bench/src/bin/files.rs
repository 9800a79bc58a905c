//! Files of accounts: how fast they are written and read, and how much memory that takes.
//!
//! `cargo run --release -p bench --bin files [ROWS]`. It prints a table and asserts nothing, because times are noisy.

use std::{
    fs::{self, File},
    io::BufWriter,
    time::Instant,
};

use bench::{Failure, process, sample};
use rollcall_domain::{Timestamp, file_format::Format};
use rollcall_files::{
    read::{Given, Plan, Record, Records, recognise},
    write::{AccountsWriter, Layout},
};
use serde_json::json;

/// The number of accounts, unless the command line gives one.
const ROWS: u32 = 1_000_000;

fn main() -> Result<(), Failure> {
    let rows = std::env::args().nth(1).map_or(Ok(ROWS), |rows| rows.parse())?;
    let now: Timestamp = serde_json::from_value(json!("2026-11-30T12:00:00.000Z"))?;
    println!(
        "| {rows} accounts | | size | accounts/s | CPU per account | memory beyond rest |\n|---|---|---|---|---|---|"
    );
    for (format, gzip) in [
        (Format::Csv, false),
        (Format::Csv, true),
        (Format::Ndjson, false),
        (Format::Ndjson, true),
        (Format::Xlsx, false),
    ] {
        let path = std::env::temp_dir().join(format!("rollcall-bench-{}.{}", std::process::id(), format.as_str()));
        let layout = Layout { gzip, ..Layout::new(format) };
        let name = format!("{}{}", format.as_str(), if gzip { ".gz" } else { "" });
        let written = measured(rows, || {
            let mut file = AccountsWriter::begin(BufWriter::new(File::create(&path)?), &layout, now)?;
            let mut account = sample::account(now)?;
            for number in 0..rows {
                sample::vary(&mut account, number)?;
                file.write(&account)?;
            }
            Ok(file.finish()?.1.bytes)
        });
        println!("| {name} | written {}", written?);
        let read = measured(rows, || {
            let recognised = recognise(File::open(&path)?, &Given::default())?;
            let plan = Plan::new(&recognised, None, now.date()).map_err(|violations| format!("{violations:?}"))?;
            let file = File::open(&path)?;
            let bytes = file.metadata()?.len();
            let mut records = match format {
                Format::Xlsx => Records::open_workbook(Box::new(file), &recognised)?,
                Format::Csv | Format::Ndjson => Records::open(Box::new(file), &recognised)?,
            };
            let (mut record, mut count) = (Record::default(), 0);
            while records.read(&mut record)? {
                let row = plan.row(&record).map_err(|rejection| rejection.detail)?;
                row.new_account(now.date())?;
                count += 1;
            }
            if count == rows { Ok(bytes) } else { Err(format!("{count} of {rows} accounts were read").into()) }
        });
        match read {
            Ok(read) => println!("| {name} | read {read}"),
            Err(error) => println!("| {name} | read: {error} | | | |"),
        }
        fs::remove_file(&path)?;
    }
    Ok(())
}

/// Runs `work`, which returns the size of its file, and says how it went.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn measured(rows: u32, work: impl FnOnce() -> Result<u64, Failure>) -> Result<String, Failure> {
    process::forget_peak()?;
    let (rest, cpu, start) = (process::memory()?, process::processor_seconds()?, Instant::now());
    let bytes = work()?;
    let (seconds, spent) = (start.elapsed().as_secs_f64(), process::processor_seconds()? - cpu);
    let rows = f64::from(rows);
    let peak = process::peak_memory()? - rest;
    Ok(format!("| {} MB | {:.0} | {:.2} µs | {peak:.0} MB |", bytes >> 20, rows / seconds, spent / rows * 1e6))
}
