//! What the cells of a sheet refer to: texts and number formats.

use std::{collections::HashMap, io::Read};

use quick_xml::events::Event;

use super::{
    archive::{Archive, MAX_PARTS},
    strings::Strings,
    xml::{Xml, attribute},
};
use crate::read::unreadable::Unreadable;

/// The parts of a workbook that its first sheet needs.
pub(super) struct Book {
    /// The name of the sheet's part.
    pub(super) sheet: String,
    pub(super) strings: Strings,
    /// For each cell format, whether its numbers are days.
    pub(super) is_date: Vec<bool>,
    /// Whether day 0 is 1904-01-01, as in old files of macOS.
    pub(super) from_1904: bool,
}

/// A reference from one part to another.
struct Relationship {
    id: String,
    kind: String,
    target: String,
}

impl Book {
    pub(super) fn read(archive: &mut Archive<'_>) -> Result<Self, Unreadable> {
        let roots = archive.read("_rels/.rels", |xml| relationships(xml, ""))?.ok_or(Unreadable::UnknownFormat)?;
        let of_kind = |list: &[Relationship], kind: &str| {
            list.iter().find(|relationship| relationship.kind.ends_with(kind)).map(|found| found.target.clone())
        };
        let book = of_kind(&roots, "/officeDocument").ok_or(Unreadable::UnknownFormat)?;
        let (folder, file) = book.rsplit_once('/').unwrap_or(("", &book));
        let list = format!("{folder}/_rels/{file}.rels");
        let parts = archive.read(list.trim_start_matches('/'), |xml| relationships(xml, folder))?;
        let parts = parts.ok_or(Unreadable::UnknownFormat)?;
        let (first, from_1904) = archive.read(&book, first_sheet)?.ok_or(Unreadable::UnknownFormat)?;
        let sheet = parts.iter().find(|part| part.id == first).ok_or(Unreadable::UnknownFormat)?.target.clone();
        let strings = match of_kind(&parts, "/sharedStrings") {
            Some(name) => archive.read_texts(&name)?.unwrap_or_default(),
            None => Strings::default(),
        };
        let is_date = match of_kind(&parts, "/styles") {
            Some(name) => archive.read(&name, date_formats)?.unwrap_or_default(),
            None => Vec::new(),
        };
        Ok(Self { sheet, strings, is_date, from_1904 })
    }
}

/// The relationships of a part in this folder.
fn relationships(xml: &mut Xml<&mut dyn Read>, folder: &str) -> Result<Vec<Relationship>, Unreadable> {
    let mut list = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                if list.len() == usize::from(MAX_PARTS) {
                    return Err(Unreadable::Damaged);
                }
                let value = |name| Ok::<_, Unreadable>(attribute(&tag, name)?.unwrap_or_default());
                let target = value("Target")?;
                let target = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None if folder.is_empty() => target,
                    None => format!("{folder}/{target}"),
                };
                list.push(Relationship { id: value("Id")?, kind: value("Type")?, target });
            }
            Event::Eof => return Ok(list),
            _ => {}
        }
    }
}

/// The relationship of the first sheet, and whether days count from 1904.
fn first_sheet(xml: &mut Xml<&mut dyn Read>) -> Result<(String, bool), Unreadable> {
    let mut from_1904 = false;
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "workbookPr" => {
                from_1904 = attribute(&tag, "date1904")?.is_some_and(|value| matches!(value.as_str(), "1" | "true"));
            }
            Event::Start(tag) if tag.local_name().as_ref() == "sheet" => {
                return Ok((attribute(&tag, "id")?.ok_or(Unreadable::UnknownFormat)?, from_1904));
            }
            Event::Eof => return Err(Unreadable::UnknownFormat),
            _ => {}
        }
    }
}

/// For each cell format, whether its numbers are days.
fn date_formats(xml: &mut Xml<&mut dyn Read>) -> Result<Vec<bool>, Unreadable> {
    let (mut codes, mut formats, mut in_cells) = (HashMap::new(), Vec::new(), false);
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "numFmt" => {
                    let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                    codes.insert(attribute(&tag, "numFmtId")?, is_date_code(&code));
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id = attribute(&tag, "numFmtId")?;
                    let built_in = id.as_deref().and_then(|id| id.parse().ok()).is_some_and(is_built_in_date);
                    formats.push(codes.get(&id).copied().unwrap_or(built_in));
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Eof => return Ok(formats),
            _ => {}
        }
    }
}

/// Whether a number format that files do not define shows days. Those from 27 on are East Asian.
fn is_built_in_date(id: u32) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a number format shows years, months, days or hours. What is quoted, escaped or in brackets is shown as it
/// is.
fn is_date_code(code: &str) -> bool {
    let mut characters = code.chars();
    let mut until = None;
    while let Some(c) = characters.next() {
        match (until, c) {
            (Some(end), c) if c == end => until = None,
            (None, '"') => until = Some('"'),
            (None, '[') => until = Some(']'),
            (None, '\\' | '_' | '*') => {
                characters.next();
            }
            (None, 'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H') => return true,
            (Some(_) | None, _) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_format_is_one_of_days_by_its_letters() {
        for code in ["yyyy\\-mm\\-dd", "d/m/yy", "[$-409]mmm d", "hh:mm", "\"on \"dd"] {
            assert!(is_date_code(code), "{code}");
        }
        for code in ["General", "0.00", "#,##0_);[Red](#,##0)", "0\" days\"", "0\\d", "@"] {
            assert!(!is_date_code(code), "{code}");
        }
    }
}
