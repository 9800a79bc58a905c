//! The texts that cells refer to by number.

use quick_xml::events::Event;

use super::{
    Extent,
    xml::{MAX_EVENT_BYTES, Xml, push_reference},
};
use crate::read::unreadable::Unreadable;

/// The maximum size and number of the texts. They are in memory while the sheet is read.
const MAX_BYTES: usize = 40 * 1024 * 1024;
const MAX_TEXTS: usize = 2_000_000;

/// The texts one after another.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
    /// Whether more follow.
    is_cut: bool,
}

impl Strings {
    /// Reads the texts. Of their start, those beyond the limits are left out.
    pub(super) fn read(xml: &mut Xml<&mut dyn std::io::Read>, extent: Extent) -> Result<Self, Unreadable> {
        let mut strings = Self::default();
        match strings.fill(xml) {
            Err(Unreadable::TooLarge(_)) if extent == Extent::Start => strings.is_cut = true,
            filled => filled?,
        }
        Ok(strings)
    }

    fn fill(&mut self, xml: &mut Xml<&mut dyn std::io::Read>) -> Result<(), Unreadable> {
        let mut text = CellText::default();
        loop {
            match xml.next()? {
                Event::End(tag) if tag.local_name().as_ref() == "si" => self.push(text.take())?,
                Event::Eof => return Ok(()),
                event => text.add(&event)?,
            }
        }
    }

    fn push(&mut self, text: &str) -> Result<(), Unreadable> {
        if self.text.len() + text.len() > MAX_BYTES || self.ends.len() == MAX_TEXTS {
            return Err(Unreadable::TooLarge("more than 40 MB or 2,000,000 of different texts"));
        }
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).map_err(|_| Unreadable::Damaged)?);
        Ok(())
    }

    /// The text of this number.
    pub(super) fn get(&self, number: &str) -> Result<&str, Unreadable> {
        let index = number.parse::<usize>().map_err(|_| Unreadable::Damaged)?;
        let Some(end) = self.ends.get(index) else {
            let too_far = Unreadable::TooLarge("the texts of its first rows behind 16 MiB of others");
            return Err(if self.is_cut { too_far } else { Unreadable::Damaged });
        };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Ok(&self.text[start as usize..*end as usize])
    }
}

/// The text of a cell or of a shared string, from the events within it. Rich text has it in pieces.
#[derive(Default)]
pub(super) struct CellText {
    raw: String,
    plain: String,
    is_text: bool,
    /// How to pronounce the text, which is not part of it.
    is_phonetic: bool,
}

impl CellText {
    /// Takes the next event.
    pub(super) fn add(&mut self, event: &Event<'_>) -> Result<(), Unreadable> {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "t" | "v" => self.is_text = true,
                "rPh" => self.is_phonetic = true,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" | "v" => self.is_text = false,
                "rPh" => self.is_phonetic = false,
                _ => {}
            },
            Event::Text(text) if self.is_part() => self.raw.push_str(&text.xml10_content()),
            Event::CData(text) if self.is_part() => self.raw.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) if self.is_part() => push_reference(&mut self.raw, reference)?,
            _ => {}
        }
        // Its pieces are small, but there may be any number of them.
        if self.raw.len() > MAX_EVENT_BYTES { Err(Unreadable::TooLarge("a text of more than 256 KiB")) } else { Ok(()) }
    }

    /// The text so far; the next one starts empty.
    pub(super) fn take(&mut self) -> &str {
        self.plain.clear();
        unescape(&mut self.plain, &self.raw);
        self.raw.clear();
        &self.plain
    }

    fn is_part(&self) -> bool {
        self.is_text && !self.is_phonetic
    }
}

/// Appends a text without marks such as `_x000D_`, which stand for characters that XML does not allow.
fn unescape(plain: &mut String, mut raw: &str) {
    while let Some(start) = raw.find("_x") {
        let (before, mark) = raw.split_at(start);
        plain.push_str(before);
        let is_mark =
            |code: &&str| code.bytes().all(|byte| byte.is_ascii_hexdigit()) && mark.as_bytes().get(6) == Some(&b'_');
        let code = mark.get(2..6).filter(is_mark);
        let c = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let length = if let Some(c) = c {
            plain.push(c);
            7
        } else {
            plain.push('_');
            1
        };
        raw = &mark[length..];
    }
    plain.push_str(raw);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("a_x000D_b", "a\rb")]
    #[case("_x005F_x0041_", "_x0041_")]
    #[case("_x004", "_x004")]
    #[case("_xZZZZ_", "_xZZZZ_")]
    #[case("__x0041_", "_A")]
    #[case("_x+041_", "_x+041_")]
    #[case("_xé00_", "_xé00_")]
    fn marks_of_characters_are_resolved(#[case] raw: &str, #[case] expected: &str) {
        let mut plain = String::new();
        unescape(&mut plain, raw);
        assert_eq!(plain, expected);
    }
}
