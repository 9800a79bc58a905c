//! Accounts become bytes on a thread of their own: compression takes longer than reading and writing.

use std::{io, vec::IntoIter};

use rollcall_api::Problem;
use rollcall_domain::{Timestamp, account::Account, text::AccountId};
use rollcall_files::write::{AccountsWriter, Layout};
use tokio::task::spawn_blocking;

use crate::{parts::Part, worker::Stop};

/// Writes accounts into the parts of a file.
pub(super) struct Encoder {
    writer: AccountsWriter<'static, Part>,
    part: Part,
    /// The last account that was written.
    last: Option<AccountId>,
}

/// Why an encoder has stopped.
pub(super) enum Reached {
    /// All accounts are written.
    EndOfPage,
    /// The part is full.
    FullPart,
    /// The file takes no more accounts.
    FullFile,
}

impl Encoder {
    /// Begins a file as of a moment.
    pub(super) fn begin(layout: &Layout, as_of: Timestamp) -> Result<Self, Stop> {
        let part = Part::default();
        let writer = AccountsWriter::begin(part.clone(), layout, as_of).map_err(no_file)?;
        Ok(Self { writer, part, last: None })
    }

    /// Goes on with a file, in a part that begins with `rest`.
    pub(super) fn resume(layout: &Layout, rest: Vec<u8>) -> Result<Self, Stop> {
        let part = Part::of(rest);
        let writer = AccountsWriter::resume(part.clone(), layout).map_err(no_file)?;
        Ok(Self { writer, part, last: None })
    }

    /// Writes accounts until something is full. Returns those that are left.
    pub(super) async fn write(
        mut self,
        mut accounts: IntoIter<Account>,
    ) -> Result<(Self, IntoIter<Account>, Reached), Stop> {
        let written = spawn_blocking(move || {
            let reached = self.write_some(&mut accounts)?;
            Ok((self, accounts, reached))
        });
        written.await.map_err(io::Error::other).flatten().map_err(no_file)
    }

    fn write_some(&mut self, accounts: &mut IntoIter<Account>) -> io::Result<Reached> {
        for account in accounts {
            match self.writer.write(&account) {
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(Reached::FullFile),
                written => written?,
            }
            self.last = Some(account.user_id);
            if self.part.is_full() {
                return Ok(Reached::FullPart);
            }
        }
        Ok(Reached::EndOfPage)
    }

    /// The last account that was written.
    pub(super) fn last(&self) -> Option<String> {
        self.last.as_ref().map(ToString::to_string)
    }

    /// The bytes of the part so far.
    pub(super) fn take_part(&self) -> Vec<u8> {
        self.part.take()
    }

    /// Writes the end of the file or of the part. Returns its bytes, and how many accounts were written.
    pub(super) fn finish(self) -> Result<(Vec<u8>, u64), Stop> {
        let (part, written) = self.writer.finish().map_err(no_file)?;
        Ok((part.take(), written.rows))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn no_file(error: io::Error) -> Stop {
    Problem::Internal(format!("an export cannot be written: {error}")).into()
}
