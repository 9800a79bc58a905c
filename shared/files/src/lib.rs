//! Files of accounts.
//!
//! - [`mod@write`]: CSV, NDJSON and XLSX, compressed or not, into any [`std::io::Write`].
//! - [`read`]: recognises a file that somebody uploads, reads its records one by one, and makes accounts of them by the
//!   rules of `rollcall-domain`.
//! - [`Report`]: the records that were not imported, and why.
//! - [`attachment()`]: the header that names a download.
//!
//! Downloads use [`mod@write`]; no function reads files yet.
//!
//! This crate has no clock, network or database. Its memory does not grow with a file, but for the shared texts of a
//! workbook that is read, which may be 40 MB.

mod attachment;
mod guard;
pub mod read;
mod report;
#[cfg(test)]
mod samples;
pub mod write;
mod xlsx;

pub use attachment::{attachment, file_name};
pub use report::Report;
