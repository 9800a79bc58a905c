//! What stands between a format and the place of the file: compression, then size and hash.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// Counts and hashes what passes through.
pub(crate) struct Counted<Sink> {
    sink: Sink,
    bytes: u64,
    hash: Sha256,
}

impl<Sink> Counted<Sink> {
    pub(crate) fn new(sink: Sink) -> Self {
        Self { sink, bytes: 0, hash: Sha256::new() }
    }

    /// The sink, the number of bytes it got and their SHA-256.
    pub(crate) fn finish(self) -> (Sink, u64, [u8; 32]) {
        (self.sink, self.bytes, self.hash.finalize().into())
    }
}

impl<Sink: Write> Write for Counted<Sink> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Compresses what passes through, or does not.
pub(crate) enum Compressed<Sink: Write> {
    Plain(Counted<Sink>),
    Gzip(Box<GzEncoder<Counted<Sink>>>),
}

impl<Sink: Write> Compressed<Sink> {
    pub(crate) fn new(sink: Counted<Sink>, gzip: bool) -> Self {
        if gzip { Self::Gzip(GzEncoder::new(sink, Compression::default()).into()) } else { Self::Plain(sink) }
    }

    /// Ends the compression.
    pub(crate) fn finish(self) -> io::Result<Counted<Sink>> {
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

impl<Sink: Write> Write for Compressed<Sink> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(sink) => sink.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }
}
