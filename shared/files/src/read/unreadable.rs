//! Why a file cannot be read.

use std::{fmt, io};

use rollcall_domain::limits::MAX_RECORD_BYTES;

use super::MAX_COLUMNS;

/// Why a file as a whole cannot be read. A record with a fault is no reason: it is reported, and the others are read.
#[derive(Debug)]
pub enum Unreadable {
    /// The file could not be fetched. Trying again may help.
    Io(io::Error),
    /// It has no content.
    Empty,
    /// What is read to recognise it is blank.
    Blank,
    /// It is none of the formats.
    UnknownFormat,
    /// Its archive or compression is damaged, or it ends too early.
    Damaged,
    /// These bytes are no text in the encoding.
    Undecodable {
        /// The encoding's WHATWG name in lower case.
        encoding: String,
        /// The position of the first such byte, from 0. In a compressed file, the position after unpacking.
        offset: u64,
    },
    /// A record is longer than allowed, or has too many cells.
    RecordTooLong {
        /// Where it begins.
        line: u64,
    },
    /// A quotation mark is never closed.
    UnclosedQuote {
        /// Where the record begins.
        line: u64,
    },
    /// It is no JSON array of accounts, or ends within it.
    NotAList {
        /// The number of entries before the fault.
        entries: u64,
    },
    /// There is something after the end of its JSON list.
    AfterList {
        /// The number of entries of the list.
        entries: u64,
    },
    /// The workbook is beyond a limit.
    TooLarge(&'static str),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What the decompressors return for content that cannot be theirs.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Self::Damaged,
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "The file could not be fetched: {error}."),
            Self::Empty => formatter.write_str("The file is empty. Upload a file with at least one account."),
            Self::Blank => formatter.write_str(
                "The file begins with more than 1 MiB of spaces or empty lines. Remove them and upload it again.",
            ),
            Self::UnknownFormat => formatter
                .write_str("The file is neither CSV nor JSON nor an XLSX workbook. Save it in one of these formats."),
            Self::Damaged => formatter.write_str("The file is damaged or incomplete. Save and upload it again."),
            Self::Undecodable { encoding, offset } => write!(
                formatter,
                "The byte at offset {offset} is not text in the encoding {encoding}. Choose the file's encoding, or \
                 save it as UTF-8."
            ),
            Self::RecordTooLong { line } => write!(
                formatter,
                "The record that begins on line {line} is longer than {} KiB or has more than {MAX_COLUMNS} cells. \
                 Look for a quotation mark that is not closed.",
                MAX_RECORD_BYTES / 1024
            ),
            Self::UnclosedQuote { line } => {
                write!(formatter, "A quotation mark in the record that begins on line {line} is not closed.")
            }
            Self::NotAList { entries: 0 } => {
                formatter.write_str("The JSON has no list of accounts, or the list is broken.")
            }
            Self::NotAList { entries } => {
                write!(formatter, "The JSON list ends or is broken after entry {entries}. Save and upload it again.")
            }
            Self::AfterList { entries } => write!(
                formatter,
                "The JSON list ends after entry {entries}, but more text follows. Put all accounts into one list."
            ),
            Self::TooLarge(what) => write!(formatter, "The workbook has {what}. Save the sheet as CSV."),
        }
    }
}

impl std::error::Error for Unreadable {}
