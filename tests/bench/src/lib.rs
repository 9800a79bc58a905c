//! What the benchmarks of files and of jobs share: accounts to work on, and what a process has used.

pub mod process;
pub mod sample;

/// Why a benchmark stops.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
