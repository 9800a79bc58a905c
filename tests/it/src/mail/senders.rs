//! The requests to SES and SMTP servers, and the meaning of their replies.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use mailer::Sender;
use rollcall_domain::{mail::Message, text::Login};
use rollcall_store::Connection;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{
    mail::enqueue,
    support::{ORIGIN, World},
};

const FROM: &str = "\"롤콜\" <rollcall@example.com>";

/// The state of a mail after an attempt with this sender.
async fn state_after_sending(world: &World, sender: &Sender) -> &'static str {
    let message = Message::TotpDisabled { login: Login::parse("mina").unwrap() };
    let mail = enqueue(world, Some("Mina@Bücher.example"), message).await;
    mailer::deliver(&world.context, sender, mail.mail_id).await.unwrap();
    let key = format!("OUTBOX#{}", mail.mail_id);
    match world.dump().await.into_iter().find(|item| item["pk"] == key.as_str()) {
        None => "sent",
        Some(item) if item.get("failed_at").is_some() => "given up",
        Some(_) => "waits",
    }
}

/// A fake SES behind the SDK: it gives the same reply to every request and records the requests.
#[derive(Clone, Debug)]
struct FakeSes {
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    reply: (u16, &'static str, &'static str),
}

impl HttpConnector for FakeSes {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.requests.lock().unwrap().push((format!("{} {}", request.method(), request.uri()), body));
        let (status, error, body) = self.reply;
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        if !error.is_empty() {
            response.headers_mut().insert("x-amzn-errortype", error);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn fake_ses(status: u16, error: &'static str, body: &'static str) -> (FakeSes, Sender) {
    let ses = FakeSes { requests: Arc::default(), reply: (status, error, body) };
    let connector = SharedHttpConnector::new(ses.clone());
    let connection = Connection {
        http_client: http_client_fn(move |_, _| connector.clone()),
        ..rollcall::Data::temporary().unwrap().in_process()
    };
    (ses, Sender::ses(&connection, Some("http://ses.local".to_owned()), FROM).unwrap())
}

#[tokio::test]
async fn ses_gets_both_parts_in_one_request() {
    let world = World::new().await;
    let (ses, sender) = fake_ses(200, "", r#"{"MessageId": "1"}"#);
    assert_eq!(state_after_sending(&world, &sender).await, "sent");
    let [(line, body)] = ses.requests.lock().unwrap().clone().try_into().unwrap();
    assert_eq!(line, "POST http://ses.local/v2/email/outbound-emails");
    assert_eq!(body["FromEmailAddress"], "=?utf-8?b?66Gk7L2c?= <rollcall@example.com>");
    assert_eq!(body["Destination"], json!({"ToAddresses": ["Mina@xn--bcher-kva.example"]}));
    let message = &body["Content"]["Simple"];
    assert_eq!(message["Subject"], json!({"Data": "Two-factor sign-in is off", "Charset": "UTF-8"}));
    let text = message["Body"]["Text"]["Data"].as_str().unwrap();
    assert!(
        text.starts_with("Since 2026-11-20 12:00:00 UTC, signing in as mina requires only the password."),
        "{text}"
    );
    assert!(message["Body"]["Html"]["Data"].as_str().unwrap().starts_with("<!doctype html>"));
    let id = message["Headers"][0]["Value"].as_str().unwrap();
    assert_eq!(message["Headers"][0]["Name"], "X-Mail-ID");
    assert!(id.starts_with('<') && id.ends_with("@console.example.com>"), "{id}");
    assert_eq!(message["Headers"][1], json!({"Name": "Auto-Submitted", "Value": "auto-generated"}));
}

#[tokio::test(start_paused = true)]
async fn a_mail_is_given_up_only_if_ses_rejects_the_mail_itself() {
    let world = World::new().await;
    let unverified = fake_ses(400, "MessageRejected", r#"{"message": "Email address is not verified."}"#).1;
    assert_eq!(state_after_sending(&world, &unverified).await, "waits");
    for (status, error, expected, requests) in [
        (400, "MessageRejected", "given up", 1),
        (400, "BadRequestException", "given up", 1),
        (400, "AccountSuspendedException", "waits", 1),
        (400, "SendingPausedException", "waits", 1),
        (400, "MailFromDomainNotVerifiedException", "waits", 1),
        (403, "AccessDeniedException", "waits", 1),
        (429, "TooManyRequestsException", "waits", 3),
        (503, "", "waits", 3),
    ] {
        let (ses, sender) = fake_ses(status, error, r#"{"message": "Mina@xn--bcher-kva.example is odd"}"#);
        assert_eq!(state_after_sending(&world, &sender).await, expected, "{error}");
        assert_eq!(ses.requests.lock().unwrap().len(), requests, "{error}");
    }
}

/// Starts an SMTP server that accepts everything except the commands in `refusals`, and records the lines it gets.
async fn smtp_server(refusals: &'static [(&'static str, &'static str)]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut reply = "220 here".to_owned();
            let mut in_mail = false;
            loop {
                if !reply.is_empty() && stream.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                    break;
                }
                let mut line = String::new();
                if !stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    break;
                }
                let line = line.trim_end().to_owned();
                let refusal =
                    refusals.iter().find(|(command, _)| (!in_mail || line == ".") && line.starts_with(command));
                let accepted = match line.as_str() {
                    "." => "250 taken",
                    "DATA" => "354 go on",
                    _ if in_mail => "",
                    _ => "250 fine",
                };
                in_mail = line == "DATA" && refusal.is_none() || in_mail && line != ".";
                reply = refusal.map_or(accepted, |(_, reply)| reply).to_owned();
                recorded.lock().unwrap().push(line);
            }
        }
    });
    (url, received)
}

#[tokio::test]
async fn an_smtp_server_gets_a_mail_with_both_parts() {
    let world = World::new().await;
    let (url, received) = smtp_server(&[]).await;
    assert_eq!(state_after_sending(&world, &Sender::smtp(&url, FROM).unwrap()).await, "sent");
    let received = received.lock().unwrap();
    let has = |line: &str| received.iter().any(|received| received == line);
    assert!(has("EHLO example.com"), "the domain of the sender: {received:?}");
    assert!(has("MAIL FROM:<rollcall@example.com>"), "{received:?}");
    assert!(has("RCPT TO:<Mina@xn--bcher-kva.example>"), "{received:?}");
    assert!(has("From: =?utf-8?b?66Gk7L2c?= <rollcall@example.com>"), "{received:?}");
    assert!(has("To: Mina@xn--bcher-kva.example") && has("Subject: Two-factor sign-in is off"), "{received:?}");
    assert!(has("Auto-Submitted: auto-generated") && has("MIME-Version: 1.0"), "{received:?}");
    let starting = |text: &str| received.iter().filter(|line| line.starts_with(text)).count();
    assert_eq!((starting("Message-ID: <"), starting("Date: "), starting("RCPT")), (1, 1, 1));
    assert_eq!((starting("Content-Type: text/plain"), starting("Content-Type: text/html")), (1, 1));
}

#[tokio::test]
async fn the_path_of_the_url_is_the_name_in_the_greeting() {
    let world = World::new().await;
    let (url, received) = smtp_server(&[]).await;
    let sender = Sender::smtp(&format!("{url}/mail.example.net"), FROM).unwrap();
    assert_eq!(state_after_sending(&world, &sender).await, "sent");
    assert!(received.lock().unwrap().iter().any(|line| line == "EHLO mail.example.net"));
}

#[tokio::test]
async fn a_mail_is_given_up_only_if_the_smtp_server_rejects_the_mail_itself() {
    let world = World::new().await;
    for (refusals, expected) in [
        (&[("RCPT", "550 no such user")][..], "given up"),
        (&[(".", "554 looks like spam")], "given up"),
        (&[("DATA", "554 not from you")], "given up"),
        (&[("RCPT", "451 come back later")], "waits"),
        (&[("RCPT", "452 full")], "waits"),
        (&[("MAIL", "530 sign in first")], "waits"),
        (&[("MAIL", "501 what?")], "waits"),
        (&[("RCPT", "what?")], "waits"),
    ] {
        let (url, _) = smtp_server(refusals).await;
        assert_eq!(state_after_sending(&world, &Sender::smtp(&url, FROM).unwrap()).await, expected, "{refusals:?}");
    }
    let unreachable = Sender::smtp("smtp://127.0.0.1:1", FROM).unwrap();
    assert_eq!(state_after_sending(&world, &unreachable).await, "waits");
}

#[test]
fn an_invalid_configuration_is_reported_without_the_password() {
    let connection = rollcall::Data::temporary().unwrap().in_process();
    let read = |from: Option<&str>, url: &str| {
        Sender::read(&connection, &|name| match name {
            "MAIL_FROM" => from.map(str::to_owned),
            "PUBLIC_ORIGIN" => Some(ORIGIN.to_owned()),
            "SMTP_URL" => Some(url.to_owned()).filter(|url| !url.is_empty()),
            _ => None,
        })
    };
    for good in
        ["", "smtp://localhost:25", "smtps://user:secret@smtp.example.com", "smtp://u:secret@h:587?tls=required"]
    {
        assert!(read(Some(FROM), good).is_ok(), "{good}");
    }
    assert_eq!(read(None, "").unwrap_err(), "MAIL_FROM must be set");
    assert!(read(Some("rollcall"), "").unwrap_err().starts_with("MAIL_FROM must be an address"));
    for bad in
        ["secret", "smtp.example.com:25", "https://u:secret@h", "smtp://u:secret@h?tls=never", "smtp://", "smtps:"]
    {
        let error = read(Some(FROM), bad).unwrap_err();
        assert!(error.starts_with("SMTP_URL must be") && !error.contains("secret"), "{bad}: {error}");
    }
}
