//! Bytes in any encoding as a stream of UTF-8.

use std::{io::Read, ops::Range};

use encoding_rs::{Decoder, DecoderResult, Encoding};

use super::unreadable::Unreadable;

/// The size of each buffer.
const BUFFER_BYTES: usize = 64 * 1024;

/// A stream of bytes.
pub(crate) type Source<'a> = Box<dyn Read + Send + 'a>;

/// Text that is decoded while it is read.
pub(crate) struct Decoded<'a> {
    source: Source<'a>,
    decoder: Decoder,
    /// Whether more would follow after the end of the source, so that a cut character is no fault.
    is_cut: bool,
    raw: Box<[u8]>,
    /// The part of `raw` that is not decoded yet.
    undecoded: Range<usize>,
    text: Box<[u8]>,
    /// The part of `text` that is not consumed yet.
    unread: Range<usize>,
    /// The number of bytes that were decoded.
    offset: u64,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Reading,
    SourceEnded,
    Ended,
}

impl<'a> Decoded<'a> {
    /// Decodes the source. A byte order mark of the encoding is left out.
    pub(crate) fn new(source: Source<'a>, encoding: &'static Encoding, is_cut: bool) -> Self {
        Self {
            source,
            decoder: encoding.new_decoder_with_bom_removal(),
            is_cut,
            raw: vec![0; BUFFER_BYTES].into(),
            undecoded: 0..0,
            text: vec![0; BUFFER_BYTES].into(),
            unread: 0..0,
            offset: 0,
            progress: Progress::Reading,
        }
    }

    /// The next piece of the text as UTF-8; empty at its end. Pieces may end within a character.
    pub(crate) fn fill(&mut self) -> Result<&[u8], Unreadable> {
        while self.unread.is_empty() && self.progress != Progress::Ended {
            if self.undecoded.is_empty() && self.progress == Progress::Reading {
                self.read()?;
            }
            self.decode()?;
        }
        Ok(&self.text[self.unread.clone()])
    }

    /// Marks this many bytes of the last piece as read.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.unread.start += bytes;
    }

    /// The next byte, which is not consumed; `None` at the end.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, Unreadable> {
        Ok(self.fill()?.first().copied())
    }

    fn read(&mut self) -> Result<(), Unreadable> {
        let bytes = loop {
            match self.source.read(&mut self.raw) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.undecoded = 0..bytes;
        if bytes == 0 {
            self.progress = if self.is_cut { Progress::Ended } else { Progress::SourceEnded };
        }
        Ok(())
    }

    fn decode(&mut self) -> Result<(), Unreadable> {
        let last = self.progress == Progress::SourceEnded;
        let raw = &self.raw[self.undecoded.clone()];
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text, last);
        self.offset += read as u64;
        self.undecoded.start += read;
        self.unread = 0..written;
        match result {
            DecoderResult::Malformed(length, consumed_after) => {
                let encoding = self.decoder.encoding().name().to_ascii_lowercase();
                let offset = self.offset - u64::from(length) - u64::from(consumed_after);
                return Err(Unreadable::Undecodable { encoding, offset });
            }
            DecoderResult::InputEmpty if last => self.progress = Progress::Ended,
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{EUC_KR, GB18030, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1253};
    use rstest::rstest;

    /// Yields a few bytes at a time, so that characters are cut at every place.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(3);
            let (piece, rest) = self.0.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.0 = rest;
            Ok(length)
        }
    }

    fn decoded(bytes: &[u8], encoding: &'static Encoding, is_cut: bool) -> Result<String, Unreadable> {
        let mut text = Vec::new();
        let mut decoded = Decoded::new(Box::new(Slow(bytes)), encoding, is_cut);
        loop {
            let piece = decoded.fill()?;
            if piece.is_empty() {
                return Ok(String::from_utf8(text).unwrap());
            }
            text.extend_from_slice(piece);
            let length = piece.len();
            decoded.consume(length);
        }
    }

    #[test]
    fn a_text_is_decoded_across_the_pieces_of_its_source() {
        assert_eq!(decoded(&EUC_KR.encode("김하은, 부산").0, EUC_KR, false).unwrap(), "김하은, 부산");
        assert_eq!(decoded("\u{feff}é\u{feff}".as_bytes(), UTF_8, false).unwrap(), "é\u{feff}");
    }

    #[rstest]
    #[case(b"ab\xffcd", UTF_8, 2)]
    #[case(b"\xef\xbb\xbfab\xffcd", UTF_8, 5)]
    #[case(b"abcdefgh\xe2\x82", UTF_8, 8)]
    #[case(b"abcdefgh\x81\xff", SHIFT_JIS, 8)]
    #[case(b"abcd\x81\x30\x81x", GB18030, 4)]
    #[case(b"abc\xd2", WINDOWS_1253, 3)]
    #[case(b"a\0b\0\x00\xd8c\0", UTF_16LE, 4)]
    fn an_undecodable_byte_is_reported_with_its_offset(
        #[case] bytes: &[u8],
        #[case] encoding: &'static Encoding,
        #[case] expected: u64,
    ) {
        let Err(Unreadable::Undecodable { offset, .. }) = decoded(bytes, encoding, false) else { panic!("decodable") };
        assert_eq!(offset, expected);
    }

    #[test]
    fn a_character_that_is_cut_with_the_text_is_no_fault() {
        assert_eq!(decoded(b"ab\xe2\x82", UTF_8, true).unwrap(), "ab");
    }
}
