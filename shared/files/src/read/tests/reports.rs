//! Reports, mended and sent again.

use super::*;
use crate::report::Report;

/// The report of all rows that cannot be accounts.
fn report(file: &File) -> String {
    let mut report = Report::begin(Vec::new(), &file.recognised).unwrap();
    for (record, row) in &file.records {
        let rejection = match row {
            Ok(row) => row.new_account(today()).err().map(|refusal| file.plan.rejection(&refusal)),
            Err(rejection) => Some(rejection.clone()),
        };
        if let Some(rejection) = rejection {
            report.write(record, &rejection).unwrap();
        }
    }
    String::from_utf8(report.finish().unwrap().0).unwrap()
}

#[test]
fn a_report_has_the_rows_under_the_header_of_the_file() {
    let file = File::read("user_id;nickname;password_hash\na;=1+1;x\nb b;=1+1;$2b$10$x\n".as_bytes());
    let rows = report(&file);
    let (header, row) = rows.strip_prefix('\u{feff}').unwrap().split_once("\r\n").unwrap();
    assert_eq!(header, r#""line","column","code","detail","user_id","nickname","password_hash""#);
    assert!(row.starts_with(r#""3","user_id","bad_format","user_id takes "#), "{row}");
    assert!(row.ends_with(",\"b b\",\"'=1+1\",\"\"\r\n"), "{row}");
}

#[test]
fn a_mended_report_is_read_as_its_file_would_be() {
    let texts = ["=1+1", "''=1", "'t Hooft", "x;=1", "\"q\""];
    let rows = texts.map(|text| format!("b b,\"{}\"\n", text.replace('"', "\"\"")));
    let file = File::read(format!("user_id,nickname\n{}", rows.concat()).as_bytes());
    let mended = report(&file).replace("b b", "b");
    let again = File::read(mended.as_bytes());
    assert_eq!(again.recognised.columns.len(), 2);
    let nicknames = |file: &File| file.fields().iter().map(|row| row["nickname"].clone()).collect::<Vec<_>>();
    assert_eq!(nicknames(&again), nicknames(&file));
    assert_eq!(again.faults(), []);
}

#[test]
fn json_records_are_one_cell_without_secrets_and_are_read_again() {
    let text = r#"[
        {"localId": "a b", "displayName": "Mina", "passwordHash": "x", "inner": [{"salt": "y", "kept": 1}]},
        {"localId": "c", "displayName": "Bo"}
    ]"#;
    let rows = report(&File::read(text.as_bytes()));
    let record = r#"{"localId":"a b","displayName":"Mina","passwordHash":null,"inner":[{"kept":1,"salt":null}]}"#;
    assert_eq!(File::read(rows.as_bytes()).records[0].0.text, record);
    let again = File::read(rows.replace("a b", "a").as_bytes());
    assert_eq!(again.fields(), [json!({"user_id": "a", "nickname": "Mina"})]);
    assert!(report(&File::read(rows.as_bytes())).contains(r#""2","localId","bad_format""#));
}

#[test]
fn a_report_of_a_file_without_header_has_names_by_which_it_is_recognised() {
    let text = format!("a b,,false,aGFzaA==,,Mina{},\n", ",".repeat(22));
    let file = File::read(text.as_bytes());
    let again = File::read(report(&file).replace("a b", "a").as_bytes());
    assert_eq!(again.fields(), [json!({"user_id": "a", "nickname": "Mina"})]);
    assert!(!report(&file).contains("aGFzaA"));
}
