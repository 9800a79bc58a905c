//! Our own files, written and read again.

use proptest::prelude::*;
use rollcall_domain::{
    account::Account,
    column::Column,
    file_format::{Delimiter, Format},
    text::{Nickname, WhatsUp},
};
use rstest::rstest;

use super::*;
use crate::{
    samples::{account, as_of, bare},
    write::{AccountsWriter, Layout},
};

fn written(accounts: &[Account], layout: &Layout) -> Vec<u8> {
    let mut file = AccountsWriter::begin(Vec::new(), layout, as_of()).unwrap();
    for account in accounts {
        file.write(account).unwrap();
    }
    file.finish().unwrap().0
}

fn read(bytes: &[u8]) -> Vec<Account> {
    let file = File::read(bytes);
    let account = |row: &Result<Row, Rejection>| row.as_ref().unwrap().new_account(today()).unwrap().create(as_of());
    file.records.iter().map(|(_, row)| account(row)).collect()
}

/// The accounts as an import creates them.
fn recreated(accounts: &[Account]) -> Vec<Account> {
    let new = |account: &Account| Account { created_at: as_of(), updated_at: as_of(), version: 1, ..account.clone() };
    accounts.iter().map(new).collect()
}

fn awkward() -> Vec<Account> {
    vec![
        account(json!({})),
        bare("=1+1"),
        bare("'a,;b"),
        bare("1.2E+11"),
        account(json!({"user_id": "007", "nickname": "x;=1+1,'\"|-", "whats_up": "\n=1\n\n'+1\n", "location": " a "})),
        account(json!({"user_id": "a", "nickname": "'t Hooft", "whats_up": "\"", "location": "＝1,＝1"})),
        account(json!({"user_id": "b", "nickname": "_x0041_", "birth_date": "1900-01-01", "whats_up": "''=1"})),
        account(json!({"user_id": "c", "nickname": "김하은", "birth_date": "1900-02-28", "level": 0})),
    ]
}

#[rstest]
fn an_export_comes_back_equal(
    #[values(Format::Csv, Format::Ndjson, Format::Xlsx)] format: Format,
    #[values(Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab)] delimiter: Delimiter,
    #[values(false, true)] gzip: bool,
) {
    let accounts = awkward();
    let bytes = written(&accounts, &Layout { gzip, delimiter, ..Layout::new(format) });
    assert_eq!(read(&bytes), recreated(&accounts));
    let file = File::read(&bytes);
    assert_eq!(file.reason("created_at"), Some(Reason::SetByServer));
    assert!(file.recognised.columns.iter().all(|column| column.transform.is_none()));
}

#[rstest]
fn an_export_of_some_columns_comes_back_equal(
    #[values(Format::Csv, Format::Ndjson, Format::Xlsx)] format: Format,
    #[values(Delimiter::Comma, Delimiter::Tab)] delimiter: Delimiter,
) {
    let columns = Some(vec![Column::WhatsUp, Column::UserId, Column::Nickname]);
    let accounts: Vec<_> = awkward().into_iter().filter(|account| account.user_id.as_str() != "1.2E+11").collect();
    let rows = File::read(&written(&accounts, &Layout { delimiter, columns, ..Layout::new(format) })).fields();
    for (row, account) in rows.iter().zip(&accounts) {
        let text = |name: &str| row[name].as_str();
        assert_eq!(text("user_id"), Some(account.user_id.as_str()));
        assert_eq!(text("nickname"), account.profile.nickname.as_ref().map(Nickname::as_str));
        assert_eq!(text("whats_up"), account.profile.whats_up.as_ref().map(WhatsUp::as_str));
    }
}

#[test]
fn a_shortened_id_of_an_export_of_some_columns_is_refused() {
    let columns = Some(vec![Column::UserId, Column::Level]);
    let bytes = written(&[bare("120000000000"), bare("b")], &Layout { columns, ..Layout::new(Format::Csv) });
    let saved = String::from_utf8(bytes).unwrap().replace("\"120000000000\"", "1.2E+11");
    for text in [saved.clone(), saved.replace('"', ""), saved.replace(',', ";").replace("1.2E", "1,2E")] {
        assert_eq!(
            File::read(text.as_bytes()).faults(),
            [(2, "user_id".to_owned(), "bad_format".to_owned())],
            "{text}"
        );
    }
}

#[test]
fn a_file_with_our_columns_that_a_spreadsheet_saved_again_is_still_ours() {
    let bytes = written(&awkward(), &Layout::new(Format::Csv));
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[3..]);
    let mut writer = ::csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    for record in reader.records() {
        writer.write_record(&record.unwrap()).unwrap();
    }
    assert_eq!(read(&writer.into_inner().unwrap()), recreated(&awkward()));
}

proptest! {
    #[test]
    fn any_text_comes_back_equal(texts in prop::collection::vec("[^\\p{Cc}]{0,8}|[-=+@'\",;| a]{0,8}", 3)) {
        let accounts = [account(json!({"nickname": texts[0], "location": texts[1], "whats_up": texts[2]}))];
        let stored = accounts.clone().map(|account| {
            let mut value = serde_json::to_value(&account).unwrap();
            for (name, text) in ["nickname", "location", "whats_up"].iter().zip(&texts) {
                value[name] = if text.is_empty() { Value::Null } else { text.as_str().into() };
            }
            serde_json::from_value::<Account>(value).unwrap()
        });
        for format in [Format::Csv, Format::Ndjson, Format::Xlsx] {
            prop_assert_eq!(read(&written(&stored, &Layout::new(format))), recreated(&stored));
        }
    }
}
