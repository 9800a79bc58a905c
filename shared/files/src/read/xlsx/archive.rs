//! The archive that a workbook is.

use std::io::{BufReader, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use rollcall_domain::limits::MAX_WORKBOOK_BYTES;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{
    Extent, Workbook,
    strings::Strings,
    xml::{Limits, Xml},
};
use crate::read::{decoded::Source, unreadable::Unreadable};

/// The maximum number of parts: workbooks have some dozens, and the list of them is kept in memory.
pub(super) const MAX_PARTS: u16 = 10_000;

/// The size of the record that ends an archive without a comment, and the offset of the number of parts in it.
const END_BYTES: usize = 22;
const END_MARK: &[u8] = b"PK\x05\x06";
const END_PARTS: usize = 10;

/// What is said of a workbook that is beyond its limit.
pub(super) const TOO_LARGE: &str = "more than 50 MB";

/// The maximum unpacked size of the texts.
const MAX_TEXT_BYTES: u64 = 512 * 1024 * 1024;

/// The maximum unpacked size of the sheet.
const MAX_SHEET_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// The maximum unpacked size of any other part, and of any part where only the start is read.
const MAX_PART_BYTES: u64 = 16 * 1024 * 1024;

/// An open archive.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Box<dyn Workbook + 'a>>,
    extent: Extent,
}

impl<'a> Archive<'a> {
    pub(super) fn open(mut file: Box<dyn Workbook + 'a>, extent: Extent) -> Result<Self, Unreadable> {
        let bytes = file.seek(SeekFrom::End(0))?;
        if bytes > MAX_WORKBOOK_BYTES {
            return Err(Unreadable::TooLarge(TOO_LARGE));
        }
        if parts(&mut file, bytes)?.is_none_or(|parts| parts > MAX_PARTS) {
            return Err(Unreadable::Damaged);
        }
        file.rewind()?;
        Ok(Self { zip: ZipArchive::new(file).map_err(unreadable)?, extent })
    }

    /// Reads a small part, if it is there.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Xml<&mut dyn Read>) -> Result<T, Unreadable>,
    ) -> Result<Option<T>, Unreadable> {
        self.read_within(name, MAX_PART_BYTES, read)
    }

    /// Reads the texts, if they are there. Of their start, those that do not fit are left out.
    pub(super) fn read_texts(&mut self, name: &str) -> Result<Option<Strings>, Unreadable> {
        let extent = self.extent;
        self.read_within(name, extent.limit(MAX_TEXT_BYTES), |xml| Strings::read(xml, extent))
    }

    fn read_within<T>(
        &mut self,
        name: &str,
        bytes: u64,
        read: impl FnOnce(&mut Xml<&mut dyn Read>) -> Result<T, Unreadable>,
    ) -> Result<Option<T>, Unreadable> {
        let Some(index) = self.zip.index_for_name(name) else { return Ok(None) };
        let mut part = self.zip.by_index(index).map_err(unreadable)?;
        let part: &mut dyn Read = &mut part;
        read(&mut Xml::new(part, Limits::of(bytes))).map(Some)
    }

    /// The part of the sheet. It is unpacked here because the archive's own reader could not outlive this call.
    pub(super) fn into_part(mut self, name: &str) -> Result<Xml<Source<'a>>, Unreadable> {
        let index = self.zip.index_for_name(name).ok_or(Unreadable::Damaged)?;
        let part = self.zip.by_index_raw(index).map_err(unreadable)?;
        let (start, bytes, method) = (part.data_start(), part.compressed_size(), part.compression());
        drop(part);
        let mut file = self.zip.into_inner();
        file.seek(SeekFrom::Start(start.ok_or(Unreadable::Damaged)?))?;
        let packed = BufReader::new(file.take(bytes));
        let part: Source<'a> = match method {
            CompressionMethod::Stored => Box::new(packed),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed)),
            _ => return Err(Unreadable::Damaged),
        };
        Ok(Xml::new(part, Limits::of(self.extent.limit(MAX_SHEET_BYTES))))
    }
}

impl Extent {
    /// The limit of a part that may have `whole` bytes.
    fn limit(self, whole: u64) -> u64 {
        match self {
            Self::Start => MAX_PART_BYTES,
            Self::Whole => whole,
        }
    }
}

/// The number of parts by the record at the end of the archive. The library would make room for all of them first.
fn parts(file: &mut (impl Read + Seek), bytes: u64) -> Result<Option<u16>, Unreadable> {
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(bytes.saturating_sub(END_BYTES as u64 + u64::from(u16::MAX))))?;
    file.read_to_end(&mut end)?;
    let record = memchr::memmem::rfind(&end, END_MARK).map(|start| &end[start..]);
    Ok(record.and_then(|record| record.get(END_PARTS..)?.first_chunk()).map(|parts| u16::from_le_bytes(*parts)))
}

fn unreadable(error: ZipError) -> Unreadable {
    match error {
        ZipError::Io(error) => error.into(),
        _ => Unreadable::Damaged,
    }
}
