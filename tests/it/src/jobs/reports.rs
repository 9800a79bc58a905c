//! The reports of imports.

use super::*;

#[tokio::test]
async fn a_report_names_line_column_code_and_fault_before_the_row() {
    let fixture = JobFixture::new().await;
    let file =
        "level,user_id,nickname,password_hash\n1,a,\"two\nlines\",h1\nx,b,Mina,h2\n2,c c,Mina,h3\n-1,d,Mina,h4\n3,e\n";
    let job = fixture.import(file, json!({})).await;
    assert_eq!(job["files"][0]["name"], "report.csv");
    assert_eq!(job["files"][0]["rows"], 5);
    let rows = fixture.rows(&job).await;
    assert_eq!(rows[0], ["line", "column", "code", "detail", "level", "user_id", "nickname", "password_hash"]);
    let places: Vec<_> = rows[1..].iter().map(|row| row[..3].join(" ")).collect();
    let expected = ["4 level wrong_type", "5 user_id bad_format", "6 level out_of_range", "7  bad_format"];
    assert_eq!(places[1..], expected[..]);
    assert_eq!(places[0], "2 nickname bad_format");
    assert!(rows[2][3].starts_with("level must be"), "{:?}", rows[2]);
    assert!(rows[1..].iter().all(|row| row.get(7).is_none_or(String::is_empty)), "secrets are blank: {rows:?}");
}

#[tokio::test]
async fn a_report_that_was_mended_is_imported_as_it_is() {
    let fixture = JobFixture::new().await;
    let rows: String =
        lines(0..100, |number| format!("a{number:03};{};=1+{number}\n", if number % 10 == 3 { "x" } else { "1" }));
    let job = fixture.import(format!("user_id;level;nickname\n{rows}"), json!({})).await;
    assert_eq!(counts(&job), json!({"created": 90, "failed": 10}));
    let report = String::from_utf8(fixture.download(&job["files"][0]).await).unwrap();
    let unchanged = fixture.import(report.clone(), json!({})).await;
    assert_eq!(counts(&unchanged), json!({"failed": 10}));
    let again = fixture.import(report.replace("\"x\"", "\"7\""), json!({})).await;
    assert_eq!(counts(&again), json!({"created": 10}));
    let accounts = fixture.accounts().await;
    assert_eq!(accounts.len(), 100);
    assert_eq!((&accounts["a013"]["nickname"], &accounts["a013"]["level"]), (&json!("=1+13"), &json!(7)));
}

#[tokio::test]
async fn json_records_are_reported_by_number_without_their_secrets() {
    let fixture = JobFixture::new().await;
    let file = r#"[{"user_id": "a", "nickname": "Mina"}, {"user_id": "b b", "password_hash": "secret"}, 3]"#;
    let job = fixture.import(file, json!({})).await;
    assert_eq!(counts(&job), json!({"created": 1, "failed": 2}));
    let report = String::from_utf8(fixture.download(&job["files"][0]).await).unwrap();
    assert!(
        report.starts_with(
            "\u{feff}\"line\",\"column\",\"code\",\"detail\",\"record\"\r\n\"2\",\"user_id\",\"bad_format\""
        ),
        "{report}"
    );
    assert!(!report.contains("secret"), "{report}");
    let again = fixture.import(report.replace("b b", "b"), json!({})).await;
    assert_eq!(counts(&again), json!({"created": 1, "failed": 1}));
}

#[tokio::test]
async fn a_report_of_many_chunks_has_every_rejected_row_once() {
    let fixture = JobFixture::new().await;
    let rows: String = lines(0..500, |number| format!("a{number:03},{}\n", if number % 2 == 0 { "x" } else { "1" }));
    let job = fixture.import(format!("user_id,level\n{rows}"), json!({})).await;
    assert_eq!(counts(&job), json!({"created": 250, "failed": 250}));
    let rows = fixture.rows(&job).await;
    let lines: Vec<_> = rows[1..].iter().map(|row| row[0].parse::<usize>().unwrap()).collect();
    assert_eq!(lines, (0..250).map(|row| 2 * row + 2).collect::<Vec<_>>());
    assert!(rows[1..].iter().all(|row| row[4] == format!("a{:03}", row[0].parse::<usize>().unwrap() - 2)), "{rows:?}");
}

#[tokio::test]
async fn names_of_columns_as_long_as_a_record_fit_into_a_report() {
    let fixture = JobFixture::new().await;
    let name = format!("level {}", "x".repeat(20_000));
    let rows: String = lines(0..50, |number| format!("a{number:03},x\n"));
    let mapping = json!({"columns": [{"index": 0, "field": "user_id"}, {"index": 1, "field": "level"}]});
    let job = fixture.import(format!("user_id,{name}\n{rows}"), json!({"mapping": mapping})).await;
    assert_eq!((&job["status"], counts(&job)), (&json!("succeeded"), json!({"failed": 50})), "{job}");
}
