//! Writing accounts into a file.

mod csv;
mod encoder;
mod ndjson;
mod sink;
mod xlsx;

use std::io::{self, Write};

use rollcall_domain::{
    Timestamp,
    account::Account,
    column::Column,
    file_format::{Delimiter, Format},
};

pub(crate) use csv::CsvWriter;
use encoder::Encoder;
use sink::{Compressed, Counted};

/// What a file of accounts looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The format.
    pub format: Format,
    /// Whether the file is compressed as a whole.
    pub gzip: bool,
    /// What separates the cells of a CSV file.
    pub delimiter: Delimiter,
    /// The columns in order; `None` for all, which in an NDJSON file are all fields of an account.
    pub columns: Option<Vec<Column>>,
}

impl Layout {
    /// An uncompressed file with all columns, separated by commas.
    pub fn new(format: Format) -> Self {
        Self { format, gzip: false, delimiter: Delimiter::Comma, columns: None }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The number of accounts.
    pub rows: u64,
    /// The size of the file.
    pub bytes: u64,
    /// The SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// A file of accounts being written. Its memory does not grow with the number of accounts, and it needs no other file.
pub struct AccountsWriter<'a, Sink: Write> {
    encoder: Box<dyn Encoder<Compressed<Sink>> + Send + 'a>,
    rows: u64,
}

impl<'a, Sink: Write + Send + 'a> AccountsWriter<'a, Sink> {
    /// Starts a file of accounts as they were at `as_of`.
    pub fn begin(sink: Sink, layout: &Layout, as_of: Timestamp) -> io::Result<Self> {
        let sink = Compressed::new(Counted::new(sink), layout.gzip);
        let columns = layout.columns.clone();
        let all = || Column::ALL.to_vec();
        let encoder: Box<dyn Encoder<_> + Send + 'a> = match layout.format {
            Format::Csv => Box::new(csv::Csv::begin(sink, layout.delimiter, columns.unwrap_or_else(all))?),
            Format::Ndjson => Box::new(ndjson::Ndjson::begin(sink, columns)),
            Format::Xlsx => Box::new(xlsx::Xlsx::begin(sink, columns.unwrap_or_else(all), as_of)?),
        };
        Ok(Self { encoder, rows: 0 })
    }

    /// Goes on with a file of which the beginning was written elsewhere, at the end of an account. A compressed file
    /// then has several members, which together unpack to one file. An XLSX file cannot be resumed.
    pub fn resume(sink: Sink, layout: &Layout) -> io::Result<Self> {
        let sink = Compressed::new(Counted::new(sink), layout.gzip);
        let columns = layout.columns.clone();
        let encoder: Box<dyn Encoder<_> + Send + 'a> = match layout.format {
            Format::Csv => {
                Box::new(csv::Csv::resume(sink, layout.delimiter, columns.unwrap_or_else(|| Column::ALL.to_vec())))
            }
            Format::Ndjson => Box::new(ndjson::Ndjson::begin(sink, columns)),
            Format::Xlsx => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(Self { encoder, rows: 0 })
    }

    /// Writes the next account. A full XLSX file refuses it with an error of the kind `FileTooLarge`, and is whole
    /// without it.
    pub fn write(&mut self, account: &Account) -> io::Result<()> {
        self.encoder.write(account)?;
        self.rows += 1;
        Ok(())
    }

    /// Writes the end of the file. Until then the file is incomplete.
    pub fn finish(self) -> io::Result<(Sink, Written)> {
        let (sink, bytes, sha256) = self.encoder.finish()?.finish()?.finish();
        Ok((sink, Written { rows: self.rows, bytes, sha256 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{account, as_of, bare};
    use rstest::rstest;
    use serde_json::json;
    use sha2::{Digest, Sha256};
    use std::io::Read;

    fn written(layout: &Layout) -> (Vec<u8>, Written) {
        let mut file = AccountsWriter::begin(Vec::new(), layout, as_of()).unwrap();
        for account in [account(json!({})), bare("a")] {
            file.write(&account).unwrap();
        }
        file.finish().unwrap()
    }

    #[rstest]
    fn rows_bytes_and_hash_are_those_of_the_file(
        #[values(Format::Csv, Format::Ndjson, Format::Xlsx)] format: Format,
        #[values(false, true)] gzip: bool,
    ) {
        let (file, written) = written(&Layout { gzip, ..Layout::new(format) });
        assert_eq!((written.rows, written.bytes), (2, file.len() as u64));
        assert_eq!(written.sha256, *Sha256::digest(&file));
    }

    #[rstest]
    fn a_compressed_file_unpacks_to_the_plain_one(#[values(Format::Csv, Format::Ndjson, Format::Xlsx)] format: Format) {
        let (plain, _) = written(&Layout::new(format));
        let (compressed, _) = written(&Layout { gzip: true, ..Layout::new(format) });
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == plain);
    }

    #[rstest]
    fn a_file_in_two_pieces_is_the_file_in_one(
        #[values(Format::Csv, Format::Ndjson)] format: Format,
        #[values(false, true)] gzip: bool,
    ) {
        let layout = Layout { gzip, ..Layout::new(format) };
        let mut first = AccountsWriter::begin(Vec::new(), &layout, as_of()).unwrap();
        first.write(&account(json!({}))).unwrap();
        let mut second = AccountsWriter::resume(first.finish().unwrap().0, &layout).unwrap();
        second.write(&bare("a")).unwrap();
        let (resumed, _) = second.finish().unwrap();
        let (whole, _) = written(&layout);
        let unpacked = |file: &[u8]| {
            let mut unpacked = Vec::new();
            flate2::read::MultiGzDecoder::new(file).read_to_end(&mut unpacked).unwrap();
            unpacked
        };
        assert!(if gzip { unpacked(&resumed) == unpacked(&whole) } else { resumed == whole });
    }

    #[rstest]
    #[case(Format::Csv, "\u{feff}\"level\"\t\"user_id\"\r\n\"4294967295\"\t\"harbor.pilot\"\r\n\"0\"\t\"a\"\r\n")]
    #[case(Format::Ndjson, "{\"level\":4294967295,\"user_id\":\"harbor.pilot\"}\n{\"level\":0,\"user_id\":\"a\"}\n")]
    fn columns_are_in_the_order_given(#[case] format: Format, #[case] expected: &str) {
        let columns = Some(vec![Column::Level, Column::UserId]);
        let (file, _) = written(&Layout { delimiter: Delimiter::Tab, columns, ..Layout::new(format) });
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }
}
