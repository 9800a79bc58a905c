//! Files of accounts: how fast they are written and read, and how much memory that takes.
//!
//! `cargo run --release -p bench --bin files [ROWS]`. It prints a table and asserts nothing, because times are noisy.

use std::{
    fs::{self, File},
    io::BufWriter,
    time::Instant,
};

use rollcall_domain::{Timestamp, account::Account, file_format::Format};
use rollcall_files::{
    read::{Given, Plan, Record, Records, recognise},
    write::{AccountsWriter, Layout},
};
use serde_json::json;

/// The number of accounts, unless the command line gives one.
const ROWS: u32 = 1_000_000;

type Failure = Box<dyn std::error::Error>;

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
            let mut account = sample(now)?;
            for number in 0..rows {
                vary(&mut account, number)?;
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
    // Makes the kernel forget the highest use of memory so far.
    fs::write("/proc/self/clear_refs", "5")?;
    let (rest, cpu, start) = (memory("VmRSS")?, cpu_seconds()?, Instant::now());
    let bytes = work()?;
    let (seconds, spent) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let rows = f64::from(rows);
    let peak = memory("VmHWM")?.saturating_sub(rest) / 1024;
    Ok(format!("| {} MB | {:.0} | {:.2} µs | {peak} MB |", bytes >> 20, rows / seconds, spent / rows * 1e6))
}

/// A value of this process's memory in KiB.
fn memory(name: &str) -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(line.and_then(|line| line.split_whitespace().next()).ok_or("no such value")?.parse()?)
}

/// The processor time of this process.
fn cpu_seconds() -> Result<f64, Failure> {
    let nanoseconds = fs::read_to_string("/proc/self/schedstat")?;
    Ok(nanoseconds.split_whitespace().next().ok_or("no such value")?.parse::<f64>()? / 1e9)
}

fn sample(now: Timestamp) -> Result<Account, Failure> {
    Ok(serde_json::from_value(json!({
        "user_id": "user-0000000", "type": "general", "nickname": "김하은", "gender": "female",
        "photo_url": "https://img.example.com/p/42.png", "birth_date": "1994-05-17", "location": "부산",
        "whats_up": "On deck until six", "friend_verification": "allow_any", "language": 82, "level": 3, "role": 7,
        "created_at": now, "updated_at": now,
        "version": 2,
    }))?)
}

/// Changes what makes accounts different, so that a file does not compress to nothing.
fn vary(account: &mut Account, number: u32) -> Result<(), Failure> {
    // The multiplier has no factor in common with the modulus: the ids look like chance and are different.
    let scattered = u64::from(number) * 2_654_435_761 % 4_294_967_296;
    let invalid = |invalid: rollcall_domain::Invalid| invalid.detail.into_owned();
    account.user_id = rollcall_domain::text::AccountId::parse(&format!("user-{scattered:08x}")).map_err(invalid)?;
    account.profile.nickname =
        Some(rollcall_domain::text::Nickname::parse(&format!("김하은 {scattered}")).map_err(invalid)?);
    account.profile.level = number;
    Ok(())
}
