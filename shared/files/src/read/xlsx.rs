//! Records of the first sheet of a workbook.
//!
//! A crate for workbooks would keep every text of the book as an object of its own and unpack parts of any size. Here
//! texts are one string, and everything that is unpacked has a limit.

mod archive;
mod book;
mod rows;
mod strings;
mod xml;

use std::io::{Read, Seek};

use rollcall_domain::limits::MAX_ACCOUNTS_PER_SHEET;

use super::{record::Record, unreadable::Unreadable};
use archive::Archive;
use book::Book;
use rows::Rows;

/// The maximum number of rows: the accounts of a sheet of ours and its header.
const MAX_ROWS: u64 = MAX_ACCOUNTS_PER_SHEET as u64 + 1;

/// A workbook: it must be read from several places.
pub trait Workbook: Read + Seek + Send {}

impl<R: Read + Seek + Send> Workbook for R {}

/// The rows of the first sheet. Empty rows are no records.
pub(crate) struct SheetRecords<'a> {
    rows: Rows<'a>,
}

impl<'a> SheetRecords<'a> {
    pub(crate) fn open(file: Box<dyn Workbook + 'a>) -> Result<Self, Unreadable> {
        let mut archive = Archive::open(file)?;
        let book = Book::read(&mut archive)?;
        let sheet = archive.into_part(&book.sheet)?;
        Ok(Self { rows: Rows::new(sheet, book) })
    }

    /// Reads the next row. Returns whether there was one.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        self.rows.read(record)
    }
}
