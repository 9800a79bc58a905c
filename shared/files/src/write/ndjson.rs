//! NDJSON: one account per line, exactly as the API shows it.

use std::io::{self, Write};

use rollcall_domain::{
    account::Account,
    column::{Cell, Column},
};

use super::encoder::Encoder;

/// An NDJSON file being written.
pub(crate) struct Ndjson<Sink> {
    sink: Sink,
    columns: Option<Vec<Column>>,
    /// The current line. It is kept for its memory, and written at once: a sink that compresses is slow with many small
    /// writes.
    line: Vec<u8>,
}

impl<Sink> Ndjson<Sink> {
    /// Writes nothing yet. Without columns, a line has every field.
    pub(crate) fn begin(sink: Sink, columns: Option<Vec<Column>>) -> Self {
        Self { sink, columns, line: Vec::new() }
    }
}

impl<Sink: Write> Encoder<Sink> for Ndjson<Sink> {
    fn write(&mut self, account: &Account) -> io::Result<()> {
        self.line.clear();
        match &self.columns {
            None => serde_json::to_writer(&mut self.line, account)?,
            Some(columns) => write_object(&mut self.line, columns, account)?,
        }
        self.line.push(b'\n');
        self.sink.write_all(&self.line)
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        Ok(self.sink)
    }
}

fn write_object(line: &mut Vec<u8>, columns: &[Column], account: &Account) -> io::Result<()> {
    line.push(b'{');
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        serde_json::to_writer(&mut *line, column.name())?;
        line.push(b':');
        match column.cell(account) {
            Cell::Empty => line.extend_from_slice(b"null"),
            Cell::Text(text) => serde_json::to_writer(&mut *line, text)?,
            Cell::Number(number) => write!(line, "{number}")?,
            Cell::Date(date) => write!(line, "\"{date}\"")?,
            Cell::Time(time) => write!(line, "\"{time}\"")?,
        }
    }
    line.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{account, bare};
    use serde_json::json;

    fn file(accounts: &[Account], columns: Option<Vec<Column>>) -> String {
        let mut ndjson = Box::new(Ndjson::begin(Vec::new(), columns));
        for account in accounts {
            ndjson.write(account).unwrap();
        }
        String::from_utf8(ndjson.finish().unwrap()).unwrap()
    }

    #[test]
    fn an_account_is_one_line_with_every_field() {
        let expected = concat!(
            r#"{"user_id":"a","type":"general","nickname":null,"photo_url":null,"gender":"unknown","birth_date":null,"#,
            r#""location":null,"whats_up":null,"friend_verification":"need_confirm","language":0,"#,
            r#""message_settings":0,"friending":"allowed","level":0,"role":0,"created_at":"2026-11-20T12:00:00.000Z","#,
            r#""updated_at":"2026-11-20T12:00:00.000Z","version":1}"#,
            "\n",
        );
        assert_eq!(file(&[bare("a")], None), expected);
        assert_eq!(file(&[], None), "");
    }

    #[test]
    fn written_accounts_are_read_back_unchanged() {
        let accounts = [account(json!({"nickname": "=1\u{2028}'\"", "whats_up": "two\nlines\u{85}"})), bare("-")];
        let file = file(&accounts, None);
        let lines: Vec<Account> = file.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, accounts);
    }

    #[test]
    fn chosen_columns_have_the_values_of_the_account() {
        for account in [account(json!({"nickname": "\"\n"})), bare("a")] {
            let line: serde_json::Value =
                serde_json::from_str(&file(std::slice::from_ref(&account), Some(Column::ALL.to_vec()))).unwrap();
            let mut whole = serde_json::to_value(&account).unwrap();
            whole.as_object_mut().unwrap().remove("version");
            assert_eq!(line, whole);
        }
    }
}
