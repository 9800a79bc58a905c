//! XML that is unpacked while it is read, within limits.

use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader, Read},
};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event, attributes::Attribute},
};

use crate::read::unreadable::Unreadable;

/// The maximum size of one tag or text, in bytes. A cell has at most 32,767 characters.
pub(super) const MAX_EVENT_BYTES: usize = 256 * 1024;

/// What may still be read.
pub(super) struct Limits {
    total: u64,
    event: usize,
}

impl Limits {
    /// A part of at most this many bytes.
    pub(super) fn of(total: u64) -> Self {
        Self { total, event: 0 }
    }

    fn left(&self) -> usize {
        self.event.min(usize::try_from(self.total).unwrap_or(usize::MAX))
    }
}

/// A part of a workbook.
pub(super) struct Xml<R: Read> {
    reader: Reader<Limited<R>>,
    buffer: Vec<u8>,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(part: R, limits: Limits) -> Self {
        let mut reader = Reader::from_reader(Limited { part: BufReader::new(part), limits });
        // `<c/>` is the same as `<c></c>` to all readers of parts.
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new() }
    }

    /// The next event.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Unreadable> {
        self.buffer.clear();
        self.reader.get_mut().limits.event = MAX_EVENT_BYTES;
        self.reader.read_event_into(&mut self.buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Unreadable::TooLarge("parts that are too large when unpacked")
            }
            quick_xml::Error::Io(error) => io::Error::new(error.kind(), error).into(),
            _ => Unreadable::Damaged,
        })
    }
}

/// An attribute of a tag.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Unreadable> {
    let Some(attribute) = find(tag, name)? else { return Ok(None) };
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Unreadable::Damaged)?;
    Ok(Some(value.into_owned()))
}

/// An attribute that is a number or a word, and so has nothing to unescape.
pub(super) fn word<'t>(tag: &'t BytesStart<'_>, name: &str) -> Result<Option<Cow<'t, str>>, Unreadable> {
    Ok(find(tag, name)?.map(|attribute| attribute.value))
}

fn find<'t>(tag: &'t BytesStart<'_>, name: &str) -> Result<Option<Attribute<'t>>, Unreadable> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| Unreadable::Damaged)?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(attribute));
        }
    }
    Ok(None)
}

/// Appends the text that an entity such as `&amp;` or `&#10;` stands for.
pub(super) fn push_reference(text: &mut String, reference: &BytesRef<'_>) -> Result<(), Unreadable> {
    match reference.resolve_char_ref().map_err(|_| Unreadable::Damaged)? {
        Some(c) => text.push(c),
        None => text.push_str(resolve_predefined_entity(reference).ok_or(Unreadable::Damaged)?),
    }
    Ok(())
}

/// A reader that fails when a limit is reached, before the memory for more is taken.
struct Limited<R: Read> {
    part: BufReader<R>,
    limits: Limits,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.limits.left();
        let available = self.part.fill_buf()?;
        if left == 0 && !available.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(&available[..available.len().min(left)])
    }

    fn consume(&mut self, bytes: usize) {
        self.limits.total -= bytes as u64;
        self.limits.event -= bytes;
        self.part.consume(bytes);
    }
}
