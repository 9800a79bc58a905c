//! Records of separated values.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::memchr2_iter;
use rollcall_domain::{file_format::Delimiter, limits::MAX_RECORD_BYTES};

use super::{MAX_COLUMNS, decoded::Decoded, record::Record, unreadable::Unreadable};

/// The records of a CSV file. Empty lines are no records.
pub(crate) struct CsvRecords<'a> {
    text: Decoded<'a>,
    core: Reader,
    /// Room for the longest record and one more byte, to detect a longer one.
    cells: Box<[u8]>,
    ends: Box<[usize]>,
    line: u64,
    /// Whether the byte before was CR, so that a line feed continues its line end.
    after_cr: bool,
}

impl<'a> CsvRecords<'a> {
    pub(crate) fn new(text: Decoded<'a>, delimiter: Delimiter) -> Self {
        Self {
            text,
            core: ReaderBuilder::new().delimiter(delimiter.as_byte()).build(),
            cells: vec![0; MAX_RECORD_BYTES + 1].into(),
            ends: vec![0; MAX_COLUMNS].into(),
            line: 1,
            after_cr: false,
        }
    }

    /// Reads the next record. Returns whether there was one.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        self.skip_line_ends()?;
        let begin = self.line;
        let (mut written, mut ended) = (0, 0);
        loop {
            let input = self.text.fill()?;
            let at_end = input.is_empty();
            // Only within quotation marks does a line end not end a record.
            let input = if at_end { b"\n" } else { input };
            let (result, read, cell_bytes, cells) =
                self.core.read_record(input, &mut self.cells[written..], &mut self.ends[ended..]);
            written += cell_bytes;
            ended += cells;
            if !at_end {
                count_lines(&input[..read], &mut self.line, &mut self.after_cr);
                self.text.consume(read);
            }
            match result {
                ReadRecordResult::InputEmpty if at_end && written + ended > 0 => {
                    return Err(Unreadable::UnclosedQuote { line: begin });
                }
                ReadRecordResult::InputEmpty if at_end => return Ok(false),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(Unreadable::RecordTooLong { line: begin });
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        record.begin(begin);
        // The decoder yields UTF-8, and separators are ASCII.
        record.text.push_str(str::from_utf8(&self.cells[..written]).map_err(|_| Unreadable::Damaged)?);
        record.ends.extend_from_slice(&self.ends[..ended]);
        Ok(true)
    }

    /// Skips the rest of the last line end, and empty lines.
    fn skip_line_ends(&mut self) -> Result<(), Unreadable> {
        loop {
            let input = self.text.fill()?;
            let length = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if length == 0 {
                return Ok(());
            }
            count_lines(&input[..length], &mut self.line, &mut self.after_cr);
            self.text.consume(length);
        }
    }
}

/// Counts the line ends: LF, CR and CRLF.
fn count_lines(bytes: &[u8], line: &mut u64, after_cr: &mut bool) {
    for index in memchr2_iter(b'\r', b'\n', bytes) {
        let continues = bytes[index] == b'\n' && if index == 0 { *after_cr } else { bytes[index - 1] == b'\r' };
        *line += u64::from(!continues);
    }
    if let Some(last) = bytes.last() {
        *after_cr = *last == b'\r';
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_8;
    use rstest::rstest;

    fn read(text: &str) -> Result<Vec<(u64, Vec<String>)>, Unreadable> {
        let decoded = Decoded::new(Box::new(text.as_bytes()), UTF_8, false);
        let mut records = CsvRecords::new(decoded, Delimiter::Comma);
        let (mut record, mut all) = (Record::default(), Vec::new());
        while records.read(&mut record)? {
            all.push((record.line, record.cells().map(str::to_owned).collect()));
        }
        Ok(all)
    }

    #[rstest]
    #[case("a,b\r\n\r\n\"c\r\nd\",\"e\"\"f\"\r\ng,h", "1 a|b, 3 c\r\nd|e\"f, 5 g|h")]
    #[case("\n\na,b\n\n\nc,d\n", "3 a|b, 6 c|d")]
    #[case("a,b\rc,d\r", "1 a|b, 2 c|d")]
    #[case("a,\nb,\"\"", "1 a|, 2 b|")]
    fn a_record_has_the_line_on_which_it_begins(#[case] text: &str, #[case] expected: &str) {
        let records = read(text).unwrap();
        let records: Vec<_> = records.iter().map(|(line, cells)| format!("{line} {}", cells.join("|"))).collect();
        assert_eq!(records.join(", "), expected);
    }

    #[test]
    fn a_record_has_at_most_64_kib() {
        let longest = "x".repeat(MAX_RECORD_BYTES);
        assert_eq!(read(&format!("a\n{longest}\n")).unwrap().len(), 2);
        let refused = read(&format!("a\n{longest}x\n"));
        assert!(matches!(refused, Err(Unreadable::RecordTooLong { line: 2 })), "{refused:?}");
        let refused = read(&",".repeat(MAX_COLUMNS));
        assert!(matches!(refused, Err(Unreadable::RecordTooLong { line: 1 })), "{refused:?}");
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest() {
        let refused = read("a,b\nc,\"d\ne,f\ng,h\n");
        assert!(matches!(refused, Err(Unreadable::UnclosedQuote { line: 2 })), "{refused:?}");
        for stray in ["a,5\" pipe\nc,\"d\"", "a,b\nc,5\" d", "a,b\nc,5\" d\n", "a\n\"b\""] {
            assert_eq!(read(stray).unwrap().len(), 2, "{stray:?}");
        }
        for open in ["a\n\"", "a\n\"b", "a\n\"b\"\""] {
            assert!(matches!(read(open), Err(Unreadable::UnclosedQuote { line: 2 })), "{open:?}");
        }
    }
}
