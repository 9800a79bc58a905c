//! The interface of the file formats.

use std::io;

use rollcall_domain::account::Account;

/// Writes accounts into a file one by one, without keeping them in memory.
pub(crate) trait Encoder<Sink> {
    /// Writes the next account.
    fn write(&mut self, account: &Account) -> io::Result<()>;

    /// Writes the end of the file and returns the sink. Until then the file is incomplete.
    fn finish(self: Box<Self>) -> io::Result<Sink>;
}
