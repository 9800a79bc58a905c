//! Files of several parts, which are written in several steps.

use std::io::Read;

use data_encoding::HEXLOWER;
use rollcall_domain::limits::JOB_LEASE;
use sha2::{Digest, Sha256};

use super::*;
use crate::support::faults::{FOREVER, Fault};

/// As many of the largest accounts as fill two parts of a text file, and something of a third.
const MANY: usize = 5_600;

async fn fixture() -> JobFixture {
    let fixture = JobFixture::new().await;
    let text = "\"".repeat(500);
    let account = |number: usize| {
        json!({
            "user_id": format!("m{number:05}"), "type": "general", "nickname": text, "location": text,
            "whats_up": "\n".repeat(500),
        })
    };
    fixture.load((0..MANY).map(account)).await;
    fixture
}

async fn ids(fixture: &JobFixture, job: &Value) -> Vec<String> {
    let file = &job["files"][0];
    let content = fixture.download(file).await;
    assert_eq!(file["bytes"], json!(content.len()));
    assert_eq!(file["sha256"], json!(HEXLOWER.encode(&Sha256::digest(&content))));
    let mut text = String::new();
    if content.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(&content[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(content).unwrap();
    }
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["user_id"].as_str().unwrap().to_owned();
    let ids: Vec<_> = text.lines().map(id).collect();
    assert_eq!((&file["rows"], &job["progress"]["total"]), (&json!(ids.len()), &json!(ids.len())));
    ids
}

/// Accounts are written before, at and after the place of the export between its steps, and the step that has made the
/// file whole dies before it can say so.
#[tokio::test]
async fn an_export_in_several_steps_has_every_stable_account_once() {
    let fixture = fixture().await;
    let job = fixture.begin(&json!({"kind": "export", "format": "ndjson"})).await;
    let accounts = format!("{}/accounts", fixture.app);
    let mut steps = 0;
    fixture.world.faults.arm(Fault::Throttle, FOREVER, 0);
    while !job.step_at_once().await {
        steps += 1;
        for id in [format!("a{steps}"), format!("m02{steps}"), format!("z{steps}")] {
            fixture.admin.post(&accounts, &general(&id, "New")).await.is(201);
        }
        let running = job.get().await;
        assert_eq!((&running["status"], &running["progress"]["total"]), (&json!("queued"), &Value::Null));
    }
    assert!(steps > 2, "a step ends with each part and each page: {steps}");
    let over = job.get().await;
    assert_eq!(over["status"], "succeeded");
    let ids = ids(&fixture, &over).await;
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(ids.iter().filter(|id| id.len() == 6).count(), MANY);
    assert!(ids.contains(&"z1".to_owned()) && !ids.contains(&"a1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_dies_when_its_file_is_whole_is_finished_by_the_next() {
    let fixture = fixture().await;
    let export = json!({"kind": "export", "format": "ndjson"});
    let (undisturbed, job) = (fixture.begin(&export).await, fixture.begin(&export).await);
    fixture.world.faults.arm(Fault::ServerError, FOREVER, 0);
    while !undisturbed.step_at_once().await {
        assert!(!job.step_at_once().await);
        fixture.world.faults.arm(Fault::ServerError, FOREVER, 0);
    }
    let last = fixture.world.faults.calls() - 1;
    fixture.world.faults.arm(Fault::ServerError, last, FOREVER);
    fixture.world.step(job.ids(), "local", AT_ONCE).await.unwrap_err();
    fixture.world.faults.disarm();
    assert!(job.objects().await.contains_key("accounts-1"), "the file is whole");
    fixture.world.clock.advance(JOB_LEASE);
    assert!(fixture.world.step(job.ids(), "other", AT_ONCE).await.unwrap());
    let over = job.get().await;
    assert_eq!(over["status"], "succeeded");
    assert_eq!(ids(&fixture, &over).await.len(), MANY);
}

#[tokio::test]
async fn a_compressed_export_in_several_parts_is_one_file() {
    let fixture = JobFixture::new().await;
    // Texts that do not compress: eight characters for each five bytes of a hash.
    let noise = |number: usize, salt: usize| {
        let hash = (0..10).map(|part| Sha256::digest(format!("{number} {salt} {part}")));
        let text: String = hash.map(|hash| data_encoding::BASE64.encode(&hash)).collect();
        text[..440].to_owned()
    };
    let account = |number: usize| {
        json!({
            "user_id": format!("m{number:05}"), "type": "general", "nickname": noise(number, 0),
            "location": noise(number, 1), "whats_up": noise(number, 2),
        })
    };
    fixture.load((0..9_000).map(account)).await;
    let job = fixture.run(&json!({"kind": "export", "format": "ndjson", "gzip": true})).await;
    assert!(job["files"][0]["bytes"].as_u64().unwrap() > 8 * 1024 * 1024, "{job}");
    let ids = ids(&fixture, &job).await;
    assert!(ids.len() == 9_000 && ids.is_sorted());
}
