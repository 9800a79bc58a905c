//! How accounts get into a file.

use std::io;

use rollcall_domain::account::Account;

/// Writes accounts into one file of one format, as they come: no more than one of them is held, so that a file may
/// have any number of rows.
pub(crate) trait Encoder<Sink> {
    /// Writes the next account.
    fn write(&mut self, account: &Account) -> io::Result<()>;

    /// Writes what ends the file, and gives the sink back. A file that is not finished is not a file.
    fn finish(self: Box<Self>) -> io::Result<Sink>;
}
