//! Tables that people make: what is recognised, refused and reported.

use std::io::Write;

use rollcall_domain::{Fields, account::Account, file_format::Delimiter};
use rstest::rstest;

use super::*;
use crate::{
    read::{Mapping, Transform},
    samples::{account, as_of, bare},
};

#[test]
fn every_fault_of_a_row_is_reported_and_stops_nothing() {
    let text = "user_id,nickname,level,type\n\
        a b,ok,1,general\n\
        a,\"x\ty\",-1,boss\n\
        ,x,1,\n\
        b,x,1.5,\n\
        c,x\n\
        d,x,1,general,rest\n\
        e,x,,,\n\
        1.2E+11,x,1,\n\
        \"1,2E+11\",x,1,\n";
    let file = File::read(text.as_bytes());
    let faults = [
        (2, "user_id", "bad_format"),
        (3, "nickname", "bad_format"),
        (4, "user_id", "required"),
        (5, "level", "wrong_type"),
        (6, "", "bad_format"),
        (7, "", "bad_format"),
        (9, "user_id", "bad_format"),
        (10, "user_id", "bad_format"),
    ];
    let faults = faults.map(|(line, column, code)| (line, column.to_owned(), code.to_owned()));
    assert_eq!(file.faults(), faults);
    let detail = |index: usize| {
        let row: &Row = file.records[index].1.as_ref().unwrap();
        file.plan.rejection(&row.new_account(today()).unwrap_err()).detail
    };
    assert!(
        detail(1).contains("nickname ") && detail(1).contains("; level ") && detail(1).contains("type "),
        "{}",
        detail(1)
    );
    assert!(detail(7).contains("spreadsheet"), "{}", detail(7));
}

#[test]
fn broken_json_is_a_fault_of_its_record() {
    let lines = [r#"{"user_id": "a"}"#, r#"{"user_id": "b",}"#, "", "7", r#"{"user_id": "c", "user_id": "d"}"#];
    let lines = lines.join("\n") + "\n{\"user_id\": 7}\n";
    let faults =
        [(2, "", "malformed_json"), (4, "", "wrong_type"), (5, "", "wrong_type"), (6, "user_id", "wrong_type")];
    let faults = faults.map(|(line, column, code)| (line, column.to_owned(), code.to_owned()));
    assert_eq!(File::read(lines.as_bytes()).faults(), faults);
}

#[rstest]
#[case(b"", "empty")]
#[case(b" \n\n", "empty")]
#[case(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0", "neither CSV nor JSON")]
#[case(b"%PDF-1.7\nsome text", "neither CSV nor JSON")]
#[case(b"<!doctype html><html>", "neither CSV nor JSON")]
#[case(b"PK\x03\x04 not an archive", "damaged")]
#[case(b"\x1f\x8b\x08 not compressed", "damaged")]
#[case(b"{\"a\": [1, 2],\n \"b\": 3}", "no list of accounts")]
#[case(b"[{\"user_id\": \"a\"}]\n[{\"user_id\": \"b\"}]", "after entry 1")]
fn a_file_of_another_kind_is_refused_with_a_sentence(#[case] bytes: &[u8], #[case] expected: &str) {
    let sentence = recognise(Cursor::new(bytes), &Given::default()).unwrap_err().to_string();
    assert!(sentence.contains(expected), "{sentence}");
}

#[test]
fn a_file_without_an_id_is_recognised_but_has_no_plan() {
    let recognised = recognise(Cursor::new("nickname,place\nMina,Busan\n"), &Given::default()).unwrap();
    assert_eq!(recognised.columns[1].field, None);
    let violations = Plan::new(&recognised, None, today()).unwrap_err();
    let shown = serde_json::to_value(violations).unwrap();
    assert_eq!((&shown[0]["pointer"], &shown[0]["code"]), (&json!("/mapping/columns"), &json!("required")));
}

#[test]
fn a_preview_shows_what_was_recognised() {
    let file = File::read("ID;Nick\nmina;민아\n".as_bytes());
    let expected = json!({
        "format": "csv", "encoding": "utf-8", "encoding_certain": true, "delimiter": ";", "has_header": true,
        "columns": [
            {"index": 0, "name": "ID", "field": "user_id", "samples": ["mina"]},
            {"index": 1, "name": "Nick", "field": "nickname", "samples": ["민아"]},
        ],
        "not_imported": [],
    });
    assert_eq!(serde_json::to_value(&file.recognised).unwrap(), expected);
}

#[rstest]
#[case("auth0|1\nauth0|2", Some(Transform::StripPrefix))]
#[case("019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21", Some(Transform::CompactUuid))]
#[case("somebody.with.a.long.name@mail.example.com", Some(Transform::LocalPart))]
#[case("mina@example.com", None)]
#[case("a b", None)]
fn a_transform_is_proposed_where_ids_could_not_be_ours(#[case] ids: &str, #[case] expected: Option<Transform>) {
    let file = File::read(format!("user_id,x\n{}\n", ids.replace('\n', ",\n") + ",").as_bytes());
    assert_eq!(file.recognised.columns[0].transform, expected);
}

#[test]
fn a_mapping_replaces_what_was_recognised() {
    let text = "Kundennummer;Vorname;Nachname;Stufe\nAB-1;Mina;Park;gold\n";
    let recognised = recognise(Cursor::new(text), &Given::default()).unwrap();
    let mapping = json!({"mapping": {
        "columns": [
            {"index": 0, "field": "user_id", "transform": "lower_case"},
            {"index": 1, "field": "nickname"},
            {"index": 2, "field": "nickname"},
        ],
        "constants": {"level": 3},
    }});
    let mapping = Fields::of(mapping).parse(|fields| fields.object("mapping", Mapping::read)).unwrap();
    let plan = Plan::new(&recognised, Some(&mapping), today()).unwrap();
    let mut shown = recognised.clone();
    shown.map(&mapping);
    assert_eq!(serde_json::to_value(&shown.not_imported).unwrap(), json!([{"name": "Stufe", "reason": "no_field"}]));
    let (mut records, mut record) = (Records::open(Box::new(text.as_bytes()), &recognised).unwrap(), Record::default());
    assert!(records.read(&mut record).unwrap());
    let expected = json!({"user_id": "ab-1", "nickname": "Mina Park", "level": 3});
    assert_eq!(Value::Object(plan.row(&record).unwrap().fields), expected);
}

#[test]
fn a_column_is_not_imported_only_if_the_mapping_leaves_it_out() {
    let mut recognised =
        recognise(Cursor::new("user_id,nickname,code,password\na,b,c,d\n"), &Given::default()).unwrap();
    let columns = json!([{"index": 2, "field": "user_id"}, {"index": 1, "field": "location"}]);
    recognised.map(&Fields::of(json!({"columns": columns})).parse(Mapping::read).unwrap());
    let expected = json!([{"name": "user_id", "reason": "no_field"}, {"name": "password", "reason": "secret"}]);
    assert_eq!(serde_json::to_value(&recognised.not_imported).unwrap(), expected);
}

#[test]
fn every_fault_of_a_mapping_is_reported_at_its_place() {
    let recognised = recognise(Cursor::new("user_id,x\na,b\n"), &Given::default()).unwrap();
    let mapping = json!({
        "columns": [
            {"index": 0, "field": "user_id"},
            {"index": 2, "field": "nickname"},
            {"index": 1, "field": "created_at"},
        ],
        "constants": {"gender": "x", "user_id": "a", "level": 1},
    });
    let mapping = Fields::of(mapping).parse(Mapping::read).unwrap();
    let violations = serde_json::to_value(Plan::new(&recognised, Some(&mapping), today()).unwrap_err()).unwrap();
    let pointers: Vec<_> =
        violations.as_array().unwrap().iter().map(|violation| violation["pointer"].clone()).collect();
    let expected = [
        "/mapping/columns/1/index",
        "/mapping/columns/2/field",
        "/mapping/constants/gender",
        "/mapping/constants/user_id",
    ];
    assert_eq!(pointers, expected);
}

#[test]
fn a_change_clears_what_is_empty_and_keeps_what_is_absent() {
    let file = File::read(b"user_id,nickname,level,type\nharbor.pilot,,,\nharbor.pilot,x,2,general\n");
    let rows: Vec<&Row> = file.records.iter().map(|(_, row)| row.as_ref().unwrap()).collect();
    let edited: Account = rows[0].edited(account(json!({})), as_of()).unwrap();
    assert_eq!((edited.profile.nickname, edited.profile.level), (None, 0));
    assert_eq!(edited.profile.location, account(json!({})).profile.location);
    let refusal = rows[1].edited(account(json!({})), as_of()).unwrap_err();
    let rejection = file.plan.rejection(&refusal);
    assert_eq!((rejection.column.as_str(), &*rejection.code), ("type", "immutable_field"));
    assert_eq!(rows[1].edited(bare("harbor.pilot"), as_of()).unwrap().profile.level, 2);
}

#[test]
fn the_given_separator_is_used() {
    let given = Given { delimiter: Some(Delimiter::Pipe), ..Given::default() };
    let recognised = recognise(Cursor::new("user_id,a|b\n"), &given).unwrap();
    assert_eq!(recognised.columns[0].name, "user_id,a");
}

#[test]
fn names_with_a_leading_apostrophe_are_kept() {
    let file = File::read("user_id,nickname\na,'t Hooft\nb,'=1\nc,''x\n".as_bytes());
    let names: Vec<_> = file.fields().iter().map(|row| row["nickname"].clone()).collect();
    assert_eq!(names, ["'t Hooft", "=1", "'x"]);
}

/// What is read to recognise a file is bounded, however much it is when it is unpacked.
#[rstest]
fn a_file_that_begins_with_nothing_is_refused(#[values(false, true)] gzip: bool) {
    let mut bytes = vec![b'\n'; 2 * super::super::HEAD_BYTES];
    bytes.extend_from_slice(b"user_id\na\n");
    let bytes = if gzip { packed(&bytes) } else { bytes };
    let refused = recognise(Cursor::new(&bytes), &Given::default());
    assert!(matches!(refused, Err(Unreadable::Blank)), "{refused:?}");
}

#[test]
fn the_first_records_are_those_of_the_first_mib() {
    let mut bytes = b"user_id\na\nb\n".to_vec();
    bytes.resize(2 * super::super::HEAD_BYTES, b'\n');
    bytes.extend_from_slice(b"c\n");
    let recognised = recognise(Cursor::new(packed(&bytes)), &Given::default()).unwrap();
    assert_eq!(recognised.first_records.len(), 1, "the last one may be cut");
    assert_eq!(File::read(&bytes).fields().len(), 3);
}

#[test]
fn no_more_keys_are_columns_than_a_table_may_have() {
    let record = |first: usize| {
        let keys = (first..first + 1_000).map(|key| format!("\"k{key}\": 1"));
        format!("{{\"user_id\": \"a{first}\", {}}}\n", keys.collect::<Vec<_>>().join(", "))
    };
    let text: String = (0..50).map(|number| record(number * 1_000)).collect();
    assert_eq!(File::read(text.as_bytes()).recognised.columns.len(), 1_024);
    let too_many =
        text.lines().next().unwrap().replace('}', &format!(", {}}}", &record(2_000)[1..].trim_end_matches("}\n")));
    assert_eq!(
        File::read(format!("{text}{}", too_many.replace("user_id\": \"a2000", "x\": \"")).as_bytes()).faults().len(),
        1
    );
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}
