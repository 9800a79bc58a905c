//! What this process has used, as the kernel counts it.

use std::fs;

use crate::Failure;

/// The unit of the kernel's processor times: the same on all architectures, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;

/// The processor time of all threads of this process so far, in seconds.
pub fn processor_seconds() -> Result<f64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may contain blanks. User and system time are the 12th and 13th value after.
    let values = stat.rsplit_once(')').ok_or("an unreadable stat")?.1;
    let ticks = values.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_PER_SECOND)
}

/// The memory of this process in MiB.
pub fn memory() -> Result<f64, Failure> {
    megabytes("VmRSS")
}

/// The most memory that this process had since its start or [`forget_peak`], in MiB.
pub fn peak_memory() -> Result<f64, Failure> {
    megabytes("VmHWM")
}

/// Makes the kernel forget the peak of this process's memory so far.
pub fn forget_peak() -> Result<(), Failure> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

fn megabytes(name: &str) -> Result<f64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()).ok_or("no such value")?;
    Ok(kibibytes.parse::<f64>()? / 1024.0)
}
