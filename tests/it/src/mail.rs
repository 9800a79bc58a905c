//! Mails on their way: each once, whatever the events and the senders do.

mod senders;
mod texts;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use mailer::{Event, Letter, SendError, Sender};
use rollcall::{Data, TABLE};
use rollcall_domain::{
    Timestamp,
    email::Email,
    id::{CodeId, MailId},
    limits::{CODE_LIFETIME, MAIL_RETRIES, MAIL_TIMEOUT},
    mail::{Language, Mail, MailedCode, Message},
    text::Login,
};
use rollcall_store::{Commit, Store, Writer, outbox};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    World,
    faults::{FOREVER, Fault},
};

/// A sender that keeps what it is given, and answers with what it was told to, then with success.
#[derive(Clone, Default)]
pub struct Carrier {
    letters: Arc<Mutex<Vec<Letter>>>,
    answers: Arc<Mutex<VecDeque<SendError>>>,
}

impl Carrier {
    fn failing(answers: impl IntoIterator<Item = SendError>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() }
    }

    pub fn sender(&self) -> Sender {
        let carrier = self.clone();
        Sender::new(move |letter| {
            carrier.letters.lock().unwrap().push(letter);
            let answer = carrier.answers.lock().unwrap().pop_front().map_or(Ok(()), Err);
            // Not at once: whoever waits meanwhile gets its turn.
            async {
                tokio::task::yield_now().await;
                answer
            }
        })
    }

    /// What it was given since it was last asked.
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

fn code() -> Message {
    Message::RegistrationCode(MailedCode { code_id: CodeId::from_bytes([7; 16]), key_id: "k1".to_owned() })
}

/// Leaves a mail in the outbox, as a change does.
pub async fn leave(world: &World, to: Option<&str>, message: Message) -> Mail {
    let mail_id = MailId::new(world.context.uuid().unwrap());
    let to = to.map(|to| Email::parse(to).unwrap());
    let mail = Mail::new(mail_id, to, Language::En, message, world.now());
    world.writer().commit(Commit::new([outbox::put(&mail).unwrap()])).await.unwrap();
    mail
}

/// What the table's stream says of these items, as Lambda is given it.
fn told(keys: &[String]) -> Event {
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

fn about(mail: &Mail) -> Event {
    told(&[format!("OUTBOX#{}", mail.mail_id)])
}

/// Runs the function, which reports the records that are to come again.
async fn run(world: &World, sender: &Sender, event: Event) -> Value {
    let report = mailer::run(world.context.clone(), sender.clone(), event).await.unwrap();
    serde_json::to_value(report).unwrap()["batchItemFailures"].take()
}

/// The mail as it lies in the table.
async fn item(world: &World) -> Option<Value> {
    world.dump().await.into_iter().find(|item| item["sk"] == "OUTBOX")
}

/// L9.
#[tokio::test]
async fn a_mail_is_sent_once_whatever_events_tell_of_it() {
    let world = World::new().await;
    let carrier = Carrier::default();
    let sender = carrier.sender();
    let (first, second) =
        (leave(&world, Some("mina@example.com"), notice()).await, leave(&world, Some("b@example.com"), code()).await);
    let twice = [&second, &first, &second].map(|mail| format!("OUTBOX#{}", mail.mail_id));
    let beside = ["USER#1", "OUTBOX#", "OUTBOX#x"].map(str::to_owned);
    let event = || told(&[twice.as_slice(), &beside].concat());
    for reported in join_all((0..16).map(|_| run(&world, &sender, event()))).await {
        assert_eq!(reported, json!([]));
    }
    let mut to: Vec<String> = carrier.take().iter().map(|letter| letter.to.to_string()).collect();
    to.sort();
    assert_eq!(to, ["b@example.com", "mina@example.com"]);
    assert_eq!(item(&world).await, None, "what was sent is gone");
    assert_eq!(run(&world, &sender, event()).await, json!([]), "late");
    assert_eq!(run(&world, &sender, told(&[])).await, json!([]));
    mailer::deliver_due(&world.context, &sender).await.unwrap();
    assert!(carrier.take().is_empty());
}

/// L10.
#[tokio::test]
async fn a_clock_behind_the_writers_sends_a_new_mail_at_once() {
    let world = World::new().await;
    let carrier = Carrier::failing([transient()]);
    let mail = leave(&world, Some("mina@example.com"), code()).await;
    world.clock.retreat(Duration::from_mins(5));
    run(&world, &carrier.sender(), about(&mail)).await;
    assert_eq!(carrier.take().len(), 1);
    run(&world, &carrier.sender(), about(&mail)).await;
    assert!(carrier.take().is_empty(), "a mail that was tried waits for its time");
}

#[tokio::test]
async fn what_was_not_accepted_is_tried_again_at_its_times_and_then_given_up() {
    let world = World::new().await;
    let carrier = Carrier::failing(std::iter::repeat_n(transient(), MAIL_RETRIES.len()));
    let sender = carrier.sender();
    let mail = leave(&world, Some("mina@example.com"), notice()).await;
    let mut ids = Vec::new();
    for wait in MAIL_RETRIES {
        run(&world, &sender, about(&mail)).await;
        let tried = carrier.take();
        assert_eq!(tried.len(), 1, "due at this moment");
        ids.push(tried[0].message_id.clone());
        world.clock.advance(wait.saturating_sub(Duration::from_millis(1)));
        run(&world, &sender, about(&mail)).await;
        mailer::deliver_due(&world.context, &sender).await.unwrap();
        assert!(carrier.take().is_empty(), "not before its time");
        world.clock.advance(Duration::from_millis(1));
    }
    mailer::deliver_due(&world.context, &sender).await.unwrap();
    assert!(carrier.take().is_empty(), "the tries are used up");
    is_dead_letter(&item(&world).await.unwrap(), MAIL_RETRIES.len(), world.now());
    ids.dedup();
    assert_eq!(ids, [format!("<{}@console.example.com>", mail.mail_id)], "a reader can tell a repeated mail");
}

#[tokio::test]
async fn what_fails_once_is_sent_by_the_next_try() {
    let world = World::new().await;
    let carrier = Carrier::failing([transient()]);
    leave(&world, Some("mina@example.com"), code()).await;
    mailer::deliver_due(&world.context, &carrier.sender()).await.unwrap();
    world.clock.advance(MAIL_RETRIES[0]);
    mailer::deliver_due(&world.context, &carrier.sender()).await.unwrap();
    let tried = carrier.take();
    assert_eq!(tried.len(), 2);
    assert_eq!(tried[0].text, tried[1].text, "the same code");
    assert_eq!(item(&world).await, None);
}

/// A dead letter: out of the index, and kept until its end.
fn is_dead_letter(item: &Value, attempts: usize, failed_at: Timestamp) {
    assert_eq!((&item["attempts"], &item["failed_at"]), (&json!(attempts), &json!(failed_at)));
    assert_eq!((item.get("gsi1pk"), item.get("gsi1sk")), (None, None));
    let created_at: Timestamp = serde_json::from_value(item["created_at"].clone()).unwrap();
    assert_eq!(item["ttl"], created_at.unix_seconds() + 24 * 60 * 60);
}

#[tokio::test]
async fn what_is_rejected_for_good_is_given_up_with_one_try() {
    let world = World::new().await;
    let carrier = Carrier::failing([permanent()]);
    let sender = carrier.sender();
    let mail = leave(&world, Some("mina@example.com"), notice()).await;
    assert_eq!(run(&world, &sender, about(&mail)).await, json!([]));
    is_dead_letter(&item(&world).await.unwrap(), 1, world.now());
    world.clock.advance(Duration::from_hours(1));
    run(&world, &sender, about(&mail)).await;
    mailer::deliver_due(&world.context, &sender).await.unwrap();
    assert_eq!(carrier.take().len(), 1);
    assert_eq!(world.context.store.mail(mail.mail_id).await.unwrap(), None);
}

#[tokio::test]
async fn a_mail_to_nobody_is_gone_unsent() {
    let world = World::new().await;
    let carrier = Carrier::default();
    let mail = leave(&world, None, code()).await;
    run(&world, &carrier.sender(), about(&mail)).await;
    assert!(carrier.take().is_empty());
    assert_eq!(item(&world).await, None);
}

#[tokio::test]
async fn a_code_that_is_over_is_not_sent() {
    let world = World::new().await;
    let carrier = Carrier::default();
    let mail = leave(&world, Some("mina@example.com"), code()).await;
    world.clock.advance(CODE_LIFETIME);
    run(&world, &carrier.sender(), about(&mail)).await;
    assert!(carrier.take().is_empty());
    is_dead_letter(&item(&world).await.unwrap(), 0, world.now());
}

/// L5, for a sender.
#[tokio::test(start_paused = true)]
async fn a_sender_that_hangs_is_waited_for_in_vain_and_not_for_long() {
    let world = World::new().await;
    let mails =
        [leave(&world, Some("a@example.com"), notice()).await, leave(&world, Some("b@example.com"), code()).await];
    let begun = Instant::now();
    let event = told(&mails.map(|mail| format!("OUTBOX#{}", mail.mail_id)));
    assert_eq!(run(&world, &Sender::new(|_| std::future::pending()), event).await, json!([]));
    assert!(begun.elapsed() < MAIL_TIMEOUT * 2, "side by side: {:?}", begun.elapsed());
    world.clock.advance(MAIL_RETRIES[0]);
    assert_eq!(world.mails("a@example.com").await.len(), 1);
    assert_eq!(world.mails("B@example.com").await.len(), 1);
}

/// L1, L2 and L7: the mail goes out once, whichever call goes wrong once.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_passing_fault_of_the_table_sends_nothing_twice(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
) {
    for call in 0.. {
        let world = World::new().await;
        let carrier = Carrier::default();
        let mail = leave(&world, Some("mina@example.com"), notice()).await;
        world.faults.arm(fault, call, 1);
        assert_eq!(run(&world, &carrier.sender(), about(&mail)).await, json!([]));
        if world.faults.calls() <= call {
            assert_eq!(call, 3, "to read, to claim, to forget");
            break;
        }
        assert_eq!(carrier.take().len(), 1, "{fault:?} at call {call}");
        assert_eq!(item(&world).await, None, "{fault:?} at call {call}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_stream_tells_again_of_what_the_table_did_not_give() {
    let world = World::new().await;
    let carrier = Carrier::default();
    let mail = leave(&world, Some("mina@example.com"), notice()).await;
    world.faults.arm(Fault::ServerError, 0, FOREVER);
    let failed = run(&world, &carrier.sender(), about(&mail)).await;
    assert_eq!(failed, json!([{"itemIdentifier": "0"}]));
    world.faults.disarm();
    assert_eq!(run(&world, &carrier.sender(), about(&mail)).await, json!([]));
    assert_eq!(carrier.take().len(), 1);
}

/// L6, for codes: no key, no code, and the mail waits for its next time.
#[tokio::test]
async fn without_the_master_key_codes_wait_and_notices_go() {
    let world = World::without_key().await;
    let carrier = Carrier::default();
    let (coded, told) =
        (leave(&world, Some("a@example.com"), code()).await, leave(&world, Some("b@example.com"), notice()).await);
    assert_eq!(run(&world, &carrier.sender(), about(&coded)).await, json!([{"itemIdentifier": "0"}]));
    assert_eq!(run(&world, &carrier.sender(), about(&coded)).await, json!([]), "not due");
    assert!(carrier.take().is_empty());
    run(&world, &carrier.sender(), about(&told)).await;
    assert_eq!(carrier.take().len(), 1);
    assert_eq!(item(&world).await.unwrap()["attempts"], 1);
}

#[tokio::test]
async fn what_fell_due_while_nobody_looked_is_delivered_in_its_order() {
    let world = World::new().await;
    for minute in 0..150 {
        leave(
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

/// On one machine, where no stream tells of mails.
#[tokio::test]
async fn a_write_of_a_mail_wakes_who_waits_for_mails_and_a_read_does_not() {
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
