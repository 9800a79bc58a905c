//! Records of NDJSON and of JSON arrays. A record is delimited here and parsed later, so that a broken one is only its
//! own fault.

use memchr::memchr;
use rollcall_domain::limits::MAX_RECORD_BYTES;

use super::{decoded::Decoded, record::Record, unreadable::Unreadable};

/// The keys under which an object has its list of accounts: those of Firebase and Keycloak, and of the chat product.
pub(crate) const LIST_KEYS: [&str; 3] = ["users", "AccountList", "Accounts"];

/// The lines of an NDJSON file. Empty lines are no records.
pub(crate) struct Lines<'a> {
    text: Decoded<'a>,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: Decoded<'a>) -> Self {
        Self { text, line: 0 }
    }

    /// Reads the next line. Returns whether there was one.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        let mut bytes = Vec::new();
        loop {
            self.line += 1;
            bytes.clear();
            if !self.read_line(&mut bytes)? && bytes.is_empty() {
                return Ok(false);
            }
            let line = str::from_utf8(&bytes).map_err(|_| Unreadable::Damaged)?.trim();
            if !line.is_empty() {
                record.begin(self.line);
                record.text.push_str(line);
                return Ok(true);
            }
        }
    }

    /// Appends the rest of the line without its end. Returns whether there was an end.
    fn read_line(&mut self, line: &mut Vec<u8>) -> Result<bool, Unreadable> {
        loop {
            let input = self.text.fill()?;
            if input.is_empty() {
                return Ok(false);
            }
            let end = memchr(b'\n', input);
            let length = end.unwrap_or(input.len());
            append(line, &input[..length], self.line)?;
            self.text.consume(length + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// The entries of a JSON array, or of the list in a JSON object.
pub(crate) struct Entries<'a> {
    text: Decoded<'a>,
    /// The number of entries so far.
    count: u64,
    /// Whether the list is a member of an object.
    is_in_object: bool,
}

impl<'a> Entries<'a> {
    /// Finds the start of the list.
    pub(crate) fn begin(text: Decoded<'a>) -> Result<Self, Unreadable> {
        let mut entries = Self { text, count: 0, is_in_object: false };
        entries.skip_space()?;
        entries.is_in_object = !entries.skip(b'[')?;
        if entries.is_in_object && !entries.find_list(b'{')? { Err(entries.broken()) } else { Ok(entries) }
    }

    /// Reads the next entry. Returns whether there was one.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        self.skip_space()?;
        if self.skip(b']')? {
            return self.end().map(|()| false);
        }
        if self.count > 0 && !self.skip(b',')? {
            return Err(self.broken());
        }
        self.skip_space()?;
        let mut bytes = Vec::new();
        self.value(Some(&mut bytes))?;
        self.count += 1;
        record.begin(self.count);
        record.text.push_str(str::from_utf8(&bytes).map_err(|_| Unreadable::Damaged)?);
        Ok(true)
    }

    /// Finds a list among the next members of an object, of which the first one follows `separator`. Returns whether
    /// there is one.
    fn find_list(&mut self, mut separator: u8) -> Result<bool, Unreadable> {
        while self.skip(separator)? {
            separator = b',';
            self.skip_space()?;
            let mut key = Vec::new();
            self.value(Some(&mut key))?;
            self.skip_space()?;
            if !self.skip(b':')? {
                return Ok(false);
            }
            self.skip_space()?;
            let is_list = serde_json::from_slice::<String>(&key).is_ok_and(|key| LIST_KEYS.contains(&key.as_str()));
            if is_list && self.skip(b'[')? {
                return Ok(true);
            }
            self.value(None)?;
            self.skip_space()?;
        }
        Ok(false)
    }

    /// Checks that nothing follows the list but the rest of the object around it.
    fn end(&mut self) -> Result<(), Unreadable> {
        self.skip_space()?;
        if self.is_in_object {
            let has_more = self.find_list(b',')?;
            if has_more || !self.skip(b'}')? {
                return Err(if self.text.peek()?.is_some() { self.after_list() } else { self.broken() });
            }
            self.skip_space()?;
        }
        if self.text.peek()?.is_some() { Err(self.after_list()) } else { Ok(()) }
    }

    fn after_list(&self) -> Unreadable {
        Unreadable::AfterList { entries: self.count }
    }

    fn broken(&self) -> Unreadable {
        Unreadable::NotAList { entries: self.count }
    }

    fn skip_space(&mut self) -> Result<(), Unreadable> {
        loop {
            let input = self.text.fill()?;
            let length = input.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
            if length == 0 {
                return Ok(());
            }
            self.text.consume(length);
        }
    }

    fn skip(&mut self, byte: u8) -> Result<bool, Unreadable> {
        let found = self.text.peek()? == Some(byte);
        self.text.consume(usize::from(found));
        Ok(found)
    }

    /// Reads to the end of the value that begins here, and keeps it if asked to.
    fn value(&mut self, mut kept: Option<&mut Vec<u8>>) -> Result<(), Unreadable> {
        let mut scan = Scan::Start;
        loop {
            let line = self.count + 1;
            let input = self.text.fill()?;
            let mut length = 0;
            while let Some(next) = input.get(length).and_then(|byte| scan.after(*byte)) {
                (scan, length) = (next, length + 1);
            }
            if let Some(kept) = kept.as_deref_mut() {
                append(kept, &input[..length], line)?;
            }
            let is_at_end = length < input.len() || input.is_empty();
            self.text.consume(length);
            match scan {
                Scan::End => return Ok(()),
                Scan::Scalar if is_at_end => return Ok(()),
                _ if is_at_end => return Err(self.broken()),
                _ => {}
            }
        }
    }
}

/// Where a scan through a JSON value is, with the number of containers around.
#[derive(Clone, Copy)]
enum Scan {
    Start,
    Scalar,
    Container(usize),
    Text(usize),
    Escape(usize),
    End,
}

impl Scan {
    /// Where it is after the next byte; `None` if the value ends before that.
    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::End, _) | (Self::Start | Self::Scalar, b',' | b':' | b']' | b'}') => return None,
            (Self::Start, b'"') => Self::Text(0),
            (Self::Start, b'[' | b'{') => Self::Container(1),
            (Self::Start | Self::Scalar, _) => Self::Scalar,
            (Self::Container(depth), b'"') => Self::Text(depth),
            (Self::Container(depth), b'[' | b'{') => Self::Container(depth + 1),
            (Self::Container(1), b']' | b'}') | (Self::Text(0), b'"') => Self::End,
            (Self::Container(depth), b']' | b'}') => Self::Container(depth - 1),
            (Self::Text(depth), b'"') | (Self::Container(depth), _) => Self::Container(depth),
            (Self::Text(depth), b'\\') => Self::Escape(depth),
            (Self::Text(depth) | Self::Escape(depth), _) => Self::Text(depth),
        })
    }
}

fn append(kept: &mut Vec<u8>, piece: &[u8], line: u64) -> Result<(), Unreadable> {
    if kept.len() + piece.len() > MAX_RECORD_BYTES {
        return Err(Unreadable::RecordTooLong { line });
    }
    kept.extend_from_slice(piece);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_8;
    use rstest::rstest;

    fn entries(text: &str) -> Result<Vec<(u64, String)>, Unreadable> {
        let mut entries = Entries::begin(Decoded::new(Box::new(text.as_bytes()), UTF_8, false))?;
        let (mut record, mut all) = (Record::default(), Vec::new());
        while entries.read(&mut record)? {
            all.push((record.line, record.text.trim_end().to_owned()));
        }
        Ok(all)
    }

    #[rstest]
    #[case("[]", &[])]
    #[case(r#" [ {"a": "]}\"[{"} , "b" ,[1, [2]], 3 ] "#, &[r#"{"a": "]}\"[{"}"#, r#""b""#, "[1, [2]]", "3"])]
    #[case(r#"{"realm": "x", "a": {"users": [1]}, "users": [{"b": 1}, {}], "z": 1}"#, &[r#"{"b": 1}"#, "{}"])]
    #[case(r#"{"Accounts": ["a", "b\\"]} "#, &[r#""a""#, r#""b\\""#])]
    fn the_entries_of_a_list_are_found(#[case] text: &str, #[case] expected: &[&str]) {
        let expected: Vec<_> = (1..).zip(expected.iter().map(|entry| (*entry).to_owned())).collect();
        assert_eq!(entries(text).unwrap(), expected);
    }

    #[rstest]
    #[case(r#"{"accounts": [1]}"#, 0)]
    #[case(r#"{"users": {"a": 1}}"#, 0)]
    #[case(r#"[{"a": 1}"#, 1)]
    #[case(r#"[{"a": 1} {"b": 1}]"#, 1)]
    #[case(r#"[{"a": 1}, {"b": 1"#, 1)]
    #[case("[1,]", 1)]
    #[case(r#"{"users": [1]"#, 1)]
    #[case(r#"{"users": [1], "z": {"#, 1)]
    #[case("", 0)]
    fn a_broken_list_is_unreadable(#[case] text: &str, #[case] expected: u64) {
        let Err(Unreadable::NotAList { entries }) = entries(text) else { panic!("readable") };
        assert_eq!(entries, expected);
    }

    #[rstest]
    #[case(r#"[{"a": 1}] rest"#)]
    #[case(r#"[{"a": 1}][{"b": 1}]"#)]
    #[case(r#"[{"a": 1}],"#)]
    #[case(r#"{"users": [1]} {"users": [2]}"#)]
    #[case(r#"{"users": [1], "Accounts": [2]}"#)]
    #[case(r#"{"users": [1] "z": 1}"#)]
    fn what_follows_a_list_is_not_left_out_silently(#[case] text: &str) {
        let refused = entries(text);
        assert!(matches!(refused, Err(Unreadable::AfterList { entries: 1 })), "{refused:?}");
    }

    #[test]
    fn lines_are_counted_and_empty_ones_are_no_records() {
        let mut lines = Lines::new(Decoded::new(Box::new(&b"{}\r\n\n \n[1]\n2"[..]), UTF_8, false));
        let (mut record, mut all) = (Record::default(), Vec::new());
        while lines.read(&mut record).unwrap() {
            all.push((record.line, record.text.clone()));
        }
        assert_eq!(all, [(1, "{}".to_owned()), (4, "[1]".to_owned()), (5, "2".to_owned())]);
    }

    #[test]
    fn a_record_has_at_most_64_kib() {
        let longest = format!("\"{}\"", "x".repeat(MAX_RECORD_BYTES - 2));
        assert_eq!(entries(&format!("[1,{longest}]")).unwrap().len(), 2);
        let refused = entries(&format!("[1,{longest} x]"));
        assert!(matches!(refused, Err(Unreadable::NotAList { .. })), "{refused:?}");
        let refused = entries(&format!("[1,[{longest}]]"));
        assert!(matches!(refused, Err(Unreadable::RecordTooLong { line: 2 })), "{refused:?}");
    }
}
