//! What is in the files of exports.

use std::io::{Cursor, Read};

use data_encoding::HEXLOWER;
use rollcall_domain::account_filter::AccountFilter;
use rollcall_files::read::{Given, Plan, Record, Records, recognise};
use rstest::rstest;
use sha2::{Digest, Sha256};

use super::*;

/// Accounts with texts that need care in some format.
fn accounts() -> Vec<Value> {
    let texts =
        ["=1+1", "x;=1", "'t Hooft", "007", "1E5", "José 김하은 👩‍🚀", "\"quoted\", and so on", "\u{feff}", "<&>"];
    let account = |(number, text): (usize, &&str)| {
        json!({
            "user_id": format!("a{number}"), "type": "general", "nickname": text, "location": text,
            "whats_up": format!("{text}\n{text}"), "gender": "female", "birth_date": "1994-05-17",
            "photo_url": "https://img.example.com/p/42.png", "friend_verification": "deny_any", "language": 3,
            "message_settings": 1, "friending": "forbidden", "level": 4_294_967_295_u32, "role": 7,
        })
    };
    let bare = json!({"user_id": "z", "type": "general"});
    texts.iter().enumerate().map(account).chain([bare]).collect()
}

/// The accounts of an exported file, as an import would create them.
fn read(fixture: &JobFixture, file: Vec<u8>) -> BTreeMap<String, Value> {
    let recognised = recognise(Cursor::new(file.clone()), &Given::default()).unwrap();
    let today = fixture.world.now().date();
    let plan = Plan::new(&recognised, None, today).unwrap();
    let is_workbook = file.starts_with(b"PK");
    let file = Cursor::new(file);
    let records = if is_workbook {
        Records::open_workbook(Box::new(file), &recognised)
    } else {
        Records::open(Box::new(file), &recognised)
    };
    let mut records = records.unwrap();
    let (mut record, mut found) = (Record::default(), BTreeMap::new());
    while records.read(&mut record).unwrap() {
        let account = plan.row(&record).unwrap().new_account(today).unwrap().create(fixture.world.now());
        let id = account.user_id.to_string();
        let mut account = serde_json::to_value(account).unwrap();
        account.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "created_at" | "updated_at"));
        assert!(found.insert(id, account).is_none(), "an account is in the file once");
    }
    found
}

#[rstest]
#[tokio::test]
async fn an_export_equals_the_accounts_in_every_format(
    #[values("csv", "ndjson", "xlsx")] format: &str,
    #[values(false, true)] gzip: bool,
) {
    let fixture = JobFixture::new().await;
    fixture.load(accounts()).await;
    let job = fixture.run(&json!({"kind": "export", "format": format, "gzip": gzip})).await;
    assert_eq!((&job["status"], &job["progress"]), (&json!("succeeded"), &json!({"done": 10, "total": 10})), "{job}");
    let file = &job["files"][0];
    let content = fixture.download(file).await;
    let sha256 = HEXLOWER.encode(&Sha256::digest(&content));
    assert_eq!((&file["rows"], &file["bytes"], &file["sha256"]), (&json!(10), &json!(content.len()), &json!(sha256)));
    let extension = if gzip { format!("{format}.gz") } else { format.to_owned() };
    assert_eq!(file["name"], format!("Harbor - accounts - {}.{extension}", fixture.world.now().date()));
    let mut plain = Vec::new();
    if gzip {
        flate2::read::MultiGzDecoder::new(&content[..]).read_to_end(&mut plain).unwrap();
    } else {
        plain = content;
    }
    assert_eq!(read(&fixture, plain), fixture.accounts().await);
}

#[tokio::test]
async fn an_export_has_the_columns_in_the_order_given() {
    let fixture = JobFixture::new().await;
    fixture.load(accounts()).await;
    let columns = json!(["level", "user_id", "nickname"]);
    let csv = json!({"kind": "export", "format": "csv", "columns": columns, "delimiter": ";", "user_id_prefix": "z"});
    let job = fixture.run(&csv).await;
    let content = fixture.download(&job["files"][0]).await;
    let expected = "\u{feff}\"level\";\"user_id\";\"nickname\"\r\n\"0\";\"z\";\"\"\r\n";
    assert_eq!(String::from_utf8(content).unwrap(), expected);
    let job = fixture.run(&json!({"kind": "export", "format": "ndjson", "columns": columns, "q": "z"})).await;
    let content = fixture.download(&job["files"][0]).await;
    assert_eq!(content, b"{\"level\":0,\"user_id\":\"z\",\"nickname\":null}\n");
}

#[tokio::test]
async fn an_export_without_accounts_is_a_file_with_a_header() {
    let fixture = JobFixture::new().await;
    for format in ["csv", "ndjson", "xlsx"] {
        let job = fixture.run(&json!({"kind": "export", "format": format, "q": "nobody"})).await;
        let file = &job["files"][0];
        assert_eq!((&job["status"], &file["rows"]), (&json!("succeeded"), &json!(0)), "{format}");
        let content = fixture.download(file).await;
        if format == "ndjson" {
            assert!(content.is_empty());
        } else {
            assert!(read(&fixture, content).is_empty());
        }
        assert_eq!(job["progress"], json!({"done": 0, "total": 0}));
    }
}

#[tokio::test]
async fn an_export_is_recorded_when_it_is_begun() {
    let fixture = JobFixture::new().await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv", "q": "mina"})).await;
    let records = fixture.world.audit().await;
    let record = records.iter().find(|record| record["action"] == "account.export").unwrap();
    assert_eq!(record["after"], json!({"job_id": job.job_id, "request": {"format": "csv", "q": "mina"}}));
    assert_eq!(record["actor"]["login"], "admin");
}

#[tokio::test]
async fn as_of_is_the_time_at_which_the_work_began() {
    let fixture = JobFixture::new().await;
    let job = fixture.begin(&json!({"kind": "export", "format": "csv"})).await;
    fixture.world.clock.advance(Duration::from_secs(9));
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["as_of"], &over["started_at"]), (&json!(fixture.world.now()), &json!(fixture.world.now())));
}

#[tokio::test]
async fn an_export_stops_at_a_corrupt_account_which_is_named() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    fixture.world.corrupt("a001").await;
    let page = fixture.world.store().matching_accounts(fixture.app_id, &AccountFilter::default(), None, 10).await;
    assert!(page.unwrap_err().to_string().contains("ACCOUNT#a001"));
    let over = fixture.run(&json!({"kind": "export", "format": "csv"})).await;
    assert_eq!((&over["status"], &over["error"]["code"]), (&json!("failed"), &json!("internal")));
}
