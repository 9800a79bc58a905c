//! Records of the first sheet of a workbook.
//!
//! A crate for workbooks would keep every text of the book as an object of its own and unpack parts of any size. Here
//! texts are one string, and everything that is unpacked has a limit.

mod archive;
mod book;
mod rows;
mod strings;
mod xml;

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use flate2::read::MultiGzDecoder;
use rollcall_domain::limits::{MAX_ACCOUNTS_PER_SHEET, MAX_WORKBOOK_BYTES};

use super::{record::Record, unreadable::Unreadable};
use archive::Archive;
use book::Book;
use rows::Rows;

/// The maximum number of rows: the accounts of a sheet of ours and its header.
const MAX_ROWS: u64 = MAX_ACCOUNTS_PER_SHEET as u64 + 1;

/// A workbook: it must be read from several places.
pub trait Workbook: Read + Seek + Send {}

impl<R: Read + Seek + Send> Workbook for R {}

/// How much of a workbook is unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What is enough to recognise it, while a request waits.
    Start,
    /// All of it.
    Whole,
}

/// The workbook in a compressed file, in a temporary file: its parts are read from several places.
pub(crate) fn unpacked_workbook(file: impl Read) -> Result<File, Unreadable> {
    let mut workbook = tempfile::tempfile()?;
    let bytes = io::copy(&mut MultiGzDecoder::new(file).take(MAX_WORKBOOK_BYTES + 1), &mut workbook)?;
    if bytes > MAX_WORKBOOK_BYTES {
        return Err(Unreadable::TooLarge(archive::TOO_LARGE));
    }
    workbook.rewind()?;
    Ok(workbook)
}

/// The rows of the first sheet. Empty rows are no records.
pub(crate) struct SheetRecords<'a> {
    rows: Rows<'a>,
}

impl<'a> SheetRecords<'a> {
    pub(crate) fn open(file: Box<dyn Workbook + 'a>, extent: Extent) -> Result<Self, Unreadable> {
        let mut archive = Archive::open(file, extent)?;
        let book = Book::read(&mut archive)?;
        let sheet = archive.into_part(&book.sheet)?;
        Ok(Self { rows: Rows::new(sheet, book) })
    }

    /// Reads the next row. Returns whether there was one.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        self.rows.read(record)
    }
}
