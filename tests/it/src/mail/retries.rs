//! Retries of mails that were not accepted, and mails that are given up.

use rollcall_domain::limits::CODE_LIFETIME;

use super::*;

#[tokio::test]
async fn a_new_mail_is_sent_at_once_even_if_the_clock_is_behind_the_writers() {
    let world = World::new().await;
    let recorder = RecordingSender::failing([transient()]);
    let mail = enqueue(&world, Some("mina@example.com"), code_mail(&world).await).await;
    world.clock.retreat(Duration::from_mins(5));
    run(&world, &recorder.sender(), event_for(&mail)).await;
    assert_eq!(recorder.take().len(), 1);
    run(&world, &recorder.sender(), event_for(&mail)).await;
    assert!(recorder.take().is_empty(), "an attempted mail waits for its retry");
}

#[tokio::test]
async fn a_mail_that_is_not_accepted_is_retried_on_schedule_and_then_given_up() {
    let world = World::new().await;
    let recorder = RecordingSender::failing(std::iter::repeat_n(transient(), MAIL_RETRIES.len()));
    let sender = recorder.sender();
    let mail = enqueue(&world, Some("mina@example.com"), notice()).await;
    let mut ids = Vec::new();
    for wait in MAIL_RETRIES {
        run(&world, &sender, event_for(&mail)).await;
        let attempts = recorder.take();
        assert_eq!(attempts.len(), 1, "the mail is due");
        ids.push(attempts[0].message_id.clone());
        world.clock.advance(wait.saturating_sub(Duration::from_millis(1)));
        run(&world, &sender, event_for(&mail)).await;
        mailer::deliver_due(&world.context, &sender).await.unwrap();
        assert!(recorder.take().is_empty(), "not before it is due");
        world.clock.advance(Duration::from_millis(1));
    }
    mailer::deliver_due(&world.context, &sender).await.unwrap();
    assert!(recorder.take().is_empty(), "no attempts are left");
    is_dead_letter(&item(&world).await.unwrap(), MAIL_RETRIES.len(), world.now());
    ids.dedup();
    assert_eq!(ids, [format!("<{}@console.example.com>", mail.mail_id)], "all attempts have the same Message-ID");
}

#[tokio::test]
async fn a_mail_that_fails_once_is_sent_by_the_next_attempt() {
    let world = World::new().await;
    let recorder = RecordingSender::failing([transient()]);
    enqueue(&world, Some("mina@example.com"), code_mail(&world).await).await;
    mailer::deliver_due(&world.context, &recorder.sender()).await.unwrap();
    world.clock.advance(MAIL_RETRIES[0]);
    mailer::deliver_due(&world.context, &recorder.sender()).await.unwrap();
    let attempts = recorder.take();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0].text, attempts[1].text, "the same code");
    assert_eq!(item(&world).await, None);
}

/// Asserts that the mail is a dead letter: not in the index any more, and kept until it expires.
fn is_dead_letter(item: &Value, attempts: usize, failed_at: Timestamp) {
    assert_eq!((&item["attempts"], &item["failed_at"]), (&json!(attempts), &json!(failed_at)));
    assert_eq!((item.get("gsi1pk"), item.get("gsi1sk")), (None, None));
    let created_at: Timestamp = serde_json::from_value(item["created_at"].clone()).unwrap();
    assert_eq!(item["ttl"], created_at.unix_seconds() + 24 * 60 * 60);
}

#[tokio::test]
async fn a_permanently_rejected_mail_is_given_up_after_one_attempt() {
    let world = World::new().await;
    let recorder = RecordingSender::failing([permanent()]);
    let sender = recorder.sender();
    let mail = enqueue(&world, Some("mina@example.com"), notice()).await;
    assert_eq!(run(&world, &sender, event_for(&mail)).await, json!([]));
    is_dead_letter(&item(&world).await.unwrap(), 1, world.now());
    world.clock.advance(Duration::from_hours(1));
    run(&world, &sender, event_for(&mail)).await;
    mailer::deliver_due(&world.context, &sender).await.unwrap();
    assert_eq!(recorder.take().len(), 1);
    assert_eq!(world.context.store.mail(mail.mail_id).await.unwrap(), None);
}

#[tokio::test]
async fn an_expired_code_is_not_sent() {
    let world = World::new().await;
    let recorder = RecordingSender::default();
    let mail = enqueue(&world, Some("mina@example.com"), code_mail(&world).await).await;
    world.clock.advance(CODE_LIFETIME);
    run(&world, &recorder.sender(), event_for(&mail)).await;
    assert!(recorder.take().is_empty());
    is_dead_letter(&item(&world).await.unwrap(), 0, world.now());
}
