//! Reading an object like a file, for parsers that block.

use std::io::{self, Read, Seek, SeekFrom};

use bytes::{Buf, Bytes};
use tokio::runtime::Handle;

use crate::{ObjectVersion, Objects};

/// How much is fetched at once.
const WINDOW: u64 = 4 * 1024 * 1024;

/// An object as a [`Read`] and [`Seek`]. It blocks, so it is used on a thread for blocking work.
///
/// It reads the object that it was made for, or fails: what was written over it meanwhile is another file.
#[derive(Debug)]
pub struct ObjectReader {
    objects: Objects,
    object: ObjectVersion,
    position: u64,
    /// What follows at the position.
    window: Bytes,
    runtime: Handle,
}

impl ObjectReader {
    /// A reader at the beginning of an object. It must be made within a runtime.
    pub fn new(objects: Objects, object: ObjectVersion) -> Self {
        Self { objects, object, position: 0, window: Bytes::new(), runtime: Handle::current() }
    }
}

/// Whether a reader failed because its object was replaced.
pub fn is_replaced(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::StaleNetworkFileHandle
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.window.is_empty() && self.position < self.object.size {
            let length = WINDOW.min(self.object.size - self.position);
            let window = self.runtime.block_on(self.objects.read_version(&self.object, self.position, length));
            self.window = window.map_err(io::Error::other)?.ok_or(io::ErrorKind::StaleNetworkFileHandle)?;
        }
        let length = buffer.len().min(self.window.len());
        self.window.copy_to_slice(&mut buffer[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
            SeekFrom::End(distance) => self.object.size.checked_add_signed(distance),
        };
        let position = position.ok_or(io::ErrorKind::InvalidInput)?;
        let forward = position.checked_sub(self.position).and_then(|distance| usize::try_from(distance).ok());
        match forward.filter(|distance| *distance <= self.window.len()) {
            Some(distance) => self.window.advance(distance),
            None => self.window.clear(),
        }
        self.position = position;
        Ok(position)
    }
}
