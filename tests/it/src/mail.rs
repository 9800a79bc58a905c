//! Delivery of mails: each is sent once, whatever the stream events and the senders do.

mod retries;
mod senders;
mod texts;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use mailer::{Letter, MailerEvent, SendError, Sender};
use rollcall::{Data, TABLE};
use rollcall_domain::{
    Timestamp,
    email::Email,
    id::{CodeId, MailId},
    limits::{DUE_DELIVERY_TIME, MAIL_RETRIES, MAIL_TIMEOUT},
    mail::{Language, Mail, MailedCode, Message},
    text::Login,
};
use rollcall_store::{Commit, Store, Writer, outbox};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    World,
    faults::{FOREVER, Fault, as_function},
};

/// A sender that records its letters. It returns the given errors first, then success.
#[derive(Clone, Default)]
pub struct RecordingSender {
    letters: Arc<Mutex<Vec<Letter>>>,
    errors: Arc<Mutex<VecDeque<SendError>>>,
}

impl RecordingSender {
    fn failing(errors: impl IntoIterator<Item = SendError>) -> Self {
        Self { errors: Arc::new(Mutex::new(errors.into_iter().collect())), ..Self::default() }
    }

    pub fn sender(&self) -> Sender {
        let recorder = self.clone();
        Sender::new(move |letter| {
            recorder.letters.lock().unwrap().push(letter);
            let result = recorder.errors.lock().unwrap().pop_front().map_or(Ok(()), Err);
            // Yield once, so that concurrent deliveries interleave.
            async {
                tokio::task::yield_now().await;
                result
            }
        })
    }

    /// Returns and forgets the recorded letters.
    pub fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut self.letters.lock().unwrap())
    }
}

fn transient() -> SendError {
    SendError::Transient("try again".to_owned())
}

fn permanent() -> SendError {
    SendError::Permanent("no such mailbox".to_owned())
}

fn notice() -> Message {
    Message::TotpEnabled { login: Login::parse("mina").unwrap() }
}

/// A code that this world's current key computes.
async fn mailed_code(world: &World) -> MailedCode {
    let key_id = world.context.keyring().await.unwrap().current_id().to_owned();
    MailedCode { code_id: CodeId::from_bytes([7; 16]), key_id }
}

async fn code_mail(world: &World) -> Message {
    Message::RegistrationCode(mailed_code(world).await)
}

/// Writes a mail to the outbox, as a change does.
pub async fn enqueue(world: &World, to: Option<&str>, message: Message) -> Mail {
    let mail_id = MailId::new(world.context.uuid().unwrap());
    let to = to.map(|to| Email::parse(to).unwrap());
    let mail = Mail::new(mail_id, to, Language::En, message, world.now());
    world.writer().commit(Commit::new([outbox::put(&mail).unwrap()])).await.unwrap();
    mail
}

/// The stream event for these items, in the format of Lambda.
fn stream_event(keys: &[String]) -> MailerEvent {
    let record = |(number, key): (usize, &String)| {
        json!({
            "eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "INSERT", "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/2026-11-20T00:00:00.000",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_176_000.0, "SequenceNumber": number.to_string(), "SizeBytes": 26,
                "Keys": {"pk": {"S": key}, "sk": {"S": "OUTBOX"}}, "StreamViewType": "KEYS_ONLY"
            }
        })
    };
    let records: Vec<Value> = keys.iter().enumerate().map(record).collect();
    serde_json::from_value(json!({"Records": records})).unwrap()
}

fn event_for(mail: &Mail) -> MailerEvent {
    stream_event(&[format!("OUTBOX#{}", mail.mail_id)])
}

/// Runs the function and returns the records that it asks for again.
async fn run(world: &World, sender: &Sender, event: MailerEvent) -> Value {
    let report = as_function("mailer", mailer::run(world.context.clone(), sender.clone(), event)).await.unwrap();
    serde_json::to_value(report).unwrap()["batchItemFailures"].take()
}

/// The mail as it is stored in the table.
async fn item(world: &World) -> Option<Value> {
    world.dump().await.into_iter().find(|item| item["sk"] == "OUTBOX")
}

#[tokio::test]
async fn a_mail_is_sent_once_however_often_events_repeat_it() {
    let world = World::new().await;
    let recorder = RecordingSender::default();
    let sender = recorder.sender();
    let (first, second) = (
        enqueue(&world, Some("mina@example.com"), notice()).await,
        enqueue(&world, Some("b@example.com"), code_mail(&world).await).await,
    );
    let twice = [&second, &first, &second].map(|mail| format!("OUTBOX#{}", mail.mail_id));
    let unrelated = ["USER#1", "OUTBOX#", "OUTBOX#x"].map(str::to_owned);
    let event = || stream_event(&[twice.as_slice(), &unrelated].concat());
    for reported in join_all((0..16).map(|_| run(&world, &sender, event()))).await {
        assert_eq!(reported, json!([]));
    }
    let mut to: Vec<String> = recorder.take().iter().map(|letter| letter.to.to_string()).collect();
    to.sort();
    assert_eq!(to, ["b@example.com", "mina@example.com"]);
    assert_eq!(item(&world).await, None, "a sent mail is deleted");
    assert_eq!(run(&world, &sender, event()).await, json!([]), "a late event sends nothing");
    assert_eq!(run(&world, &sender, stream_event(&[])).await, json!([]));
    mailer::deliver_due(&world.context, &sender).await.unwrap();
    assert!(recorder.take().is_empty());
}

#[tokio::test]
async fn a_mail_without_a_recipient_is_deleted_unsent() {
    let world = World::new().await;
    let recorder = RecordingSender::default();
    let mail = enqueue(&world, None, code_mail(&world).await).await;
    run(&world, &recorder.sender(), event_for(&mail)).await;
    assert!(recorder.take().is_empty());
    assert_eq!(item(&world).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_hangs_is_cut_off_and_delays_no_other_mail() {
    let world = World::new().await;
    let mails = [
        enqueue(&world, Some("a@example.com"), notice()).await,
        enqueue(&world, Some("b@example.com"), code_mail(&world).await).await,
    ];
    let begun = Instant::now();
    let event = stream_event(&mails.map(|mail| format!("OUTBOX#{}", mail.mail_id)));
    assert_eq!(run(&world, &Sender::new(|_| std::future::pending()), event).await, json!([]));
    assert!(begun.elapsed() < MAIL_TIMEOUT * 2, "concurrent: {:?}", begun.elapsed());
    world.clock.advance(MAIL_RETRIES[0]);
    assert_eq!(world.mails("a@example.com").await.len(), 1);
    assert_eq!(world.mails("B@example.com").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn due_mails_that_hang_leave_the_others_to_the_next_run_in_time() {
    let world = World::new().await;
    for _ in 0..5 {
        enqueue(&world, Some("mina@example.com"), notice()).await;
        world.clock.advance(Duration::from_millis(1));
    }
    let begun = Instant::now();
    mailer::deliver_due(&world.context, &Sender::new(|_| std::future::pending())).await.unwrap();
    assert!(begun.elapsed() < DUE_DELIVERY_TIME + MAIL_TIMEOUT, "{:?}", begun.elapsed());
    let recorder = RecordingSender::default();
    mailer::deliver_due(&world.context, &recorder.sender()).await.unwrap();
    assert_eq!(recorder.take().len(), 2, "those that did not hang");
}

/// Whichever database call fails once, the mail is sent exactly once.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_transient_fault_of_the_table_sends_nothing_twice(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
) {
    for call in 0.. {
        let world = World::new().await;
        let recorder = RecordingSender::default();
        let mail = enqueue(&world, Some("mina@example.com"), notice()).await;
        world.faults.arm(fault, call, 1);
        assert_eq!(run(&world, &recorder.sender(), event_for(&mail)).await, json!([]));
        if world.faults.calls() <= call {
            assert_eq!(call, 3, "read, claim, delete");
            break;
        }
        assert_eq!(recorder.take().len(), 1, "{fault:?} at call {call}");
        assert_eq!(item(&world).await, None, "{fault:?} at call {call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_cannot_be_read_is_reported_to_the_stream_for_a_retry() {
    let world = World::new().await;
    let recorder = RecordingSender::default();
    let mail = enqueue(&world, Some("mina@example.com"), notice()).await;
    world.faults.arm(Fault::ServerError, 0, FOREVER);
    let failed = run(&world, &recorder.sender(), event_for(&mail)).await;
    assert_eq!(failed, json!([{"itemIdentifier": "0"}]));
    world.faults.disarm();
    assert_eq!(run(&world, &recorder.sender(), event_for(&mail)).await, json!([]));
    assert_eq!(recorder.take().len(), 1);
}

/// Without the master key no code can be computed, so the mail waits for its retry.
#[tokio::test]
async fn without_the_master_key_codes_wait_and_notices_are_sent() {
    let world = World::without_key().await;
    let recorder = RecordingSender::default();
    let code = code_mail(&World::new().await).await;
    let (coded, uncoded) =
        (enqueue(&world, Some("a@example.com"), code).await, enqueue(&world, Some("b@example.com"), notice()).await);
    assert_eq!(run(&world, &recorder.sender(), event_for(&coded)).await, json!([{"itemIdentifier": "0"}]));
    assert_eq!(run(&world, &recorder.sender(), event_for(&coded)).await, json!([]), "not due yet");
    assert!(recorder.take().is_empty());
    run(&world, &recorder.sender(), event_for(&uncoded)).await;
    assert_eq!(recorder.take().len(), 1);
    assert_eq!(item(&world).await.unwrap()["attempts"], 1);
}

#[tokio::test]
async fn overdue_mails_are_delivered_in_the_order_in_which_they_fell_due() {
    let world = World::new().await;
    for minute in 0..150 {
        enqueue(
            &world,
            Some("mina@example.com"),
            Message::RecoveryCodeUsed { login: Login::parse("mina").unwrap(), left: minute },
        )
        .await;
        world.clock.advance(Duration::from_mins(1));
    }
    world.clock.advance(Duration::from_hours(20));
    let mails = world.mails("mina@example.com").await;
    let left: Vec<bool> =
        (0..150).rev().zip(&mails).map(|(left, mail)| mail.text.contains(&format!("left: {left}."))).collect();
    assert_eq!(left, [true; 150]);
}

/// The local server has no stream: its database wakes the delivery of mails.
#[tokio::test]
async fn writing_a_mail_wakes_the_delivery_and_reading_one_does_not() {
    let data = Data::temporary().unwrap();
    rollcall::create_if_missing(&data.in_process()).await.unwrap();
    let store = Store::new(&data.in_process(), TABLE.to_owned());
    assert!(data.database.mails_written().now_or_never().is_none());
    let now = Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap());
    let mail = Mail::new(MailId::from_bytes([1; 16]), None, Language::En, notice(), now);
    Writer::new(store.clone()).record([outbox::put(&mail).unwrap()]).await.unwrap();
    assert!(data.database.mails_written().now_or_never().is_some());
    assert_eq!(store.mail(mail.mail_id).await.unwrap(), Some(mail));
    assert!(data.database.mails_written().now_or_never().is_none());
}
