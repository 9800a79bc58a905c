//! Files that cannot be read fail before the first write.

use super::*;

/// More rows than a preview reads, then this.
fn after_rows(last: &[u8]) -> Vec<u8> {
    let rows: String = lines(0..40_000, |number| format!("a{number:05},Mina Park of Busan Harbour\n"));
    [b"user_id,nickname\n", rows.as_bytes(), last].concat()
}

#[tokio::test]
async fn a_fault_of_the_last_record_fails_the_job_before_the_first_write() {
    let long = format!("b,{}\n", "x".repeat(65 * 1024));
    for (last, word) in [(&b"b,\xff\n"[..], "1360019"), (b"b,\"open\n", "40002"), (long.as_bytes(), "40002")] {
        let fixture = JobFixture::new().await;
        let job = fixture.import(after_rows(last), json!({})).await;
        assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("unreadable_file")), "{job}");
        let detail = job["error"]["detail"].as_str().unwrap();
        assert!(detail.replace(',', "").contains(word), "{detail}");
        assert_eq!((counts(&job), fixture.accounts().await.len()), (json!({}), 0));
        assert_eq!(job["files"], json!([]));
    }
}

#[tokio::test]
async fn a_file_of_no_known_format_has_no_preview_and_fails() {
    let fixture = JobFixture::new().await;
    for content in [&b""[..], b"\x00\x01\x02", b"%PDF-1.7 \xff\xfe", b"PK\x03\x04broken", b"\x1f\x8bbroken"] {
        let job = fixture.upload(content).await;
        let preview = job.preview(&json!({})).await;
        preview.is_problem(Code::UnreadableFile);
        job.start(&import_start(json!({}))).await.is(202);
        fixture.world.work_on_jobs().await;
        let over = job.get().await;
        assert_eq!((&over["status"], &over["error"]["code"]), (&json!("failed"), &json!("unreadable_file")));
        assert_eq!(over["error"]["detail"], preview.body["detail"], "{over}");
        assert!(job.objects().await.is_empty());
    }
}
