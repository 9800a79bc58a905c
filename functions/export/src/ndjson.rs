//! NDJSON: one account per line, exactly as the API shows it.

use std::io::{self, Write};

use rollcall_domain::account::Account;

use crate::encoder::Encoder;

/// An NDJSON file being written.
pub(crate) struct Ndjson<Sink> {
    sink: Sink,
}

impl<Sink> Ndjson<Sink> {
    /// Writes nothing yet.
    pub(crate) fn begin(sink: Sink) -> Self {
        Self { sink }
    }
}

impl<Sink: Write> Encoder<Sink> for Ndjson<Sink> {
    fn write(&mut self, account: &Account) -> io::Result<()> {
        serde_json::to_writer(&mut self.sink, account)?;
        self.sink.write_all(b"\n")
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        Ok(self.sink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::tests::{account, bare};
    use serde_json::json;

    fn file(accounts: &[Account]) -> String {
        let mut ndjson = Box::new(Ndjson::begin(Vec::new()));
        for account in accounts {
            ndjson.write(account).unwrap();
        }
        String::from_utf8(ndjson.finish().unwrap()).unwrap()
    }

    #[test]
    fn an_account_is_one_line_with_every_field() {
        let expected = concat!(
            r#"{"user_id":"a","type":"general","nickname":null,"photo_url":null,"gender":"unknown","birth_date":null,"#,
            r#""location":null,"whats_up":null,"friend_verification":"need_confirm","language":0,"message_settings":0,"#,
            r#""friending":"allowed","level":0,"role":0,"created_at":"2026-11-20T12:00:00.000Z","#,
            r#""updated_at":"2026-11-20T12:00:00.000Z","version":1}"#,
            "\n",
        );
        assert_eq!(file(&[bare("a")]), expected);
        assert_eq!(file(&[]), "");
    }

    #[test]
    fn written_accounts_are_read_back_unchanged() {
        let accounts = [account(json!({"nickname": "=1\u{2028}'\"", "whats_up": "two\nlines\u{85}"})), bare("-")];
        let file = file(&accounts);
        let lines: Vec<Account> = file.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, accounts);
    }
}
