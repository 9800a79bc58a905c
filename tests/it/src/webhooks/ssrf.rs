//! Names of webhooks that lead, or come to lead, to addresses inside.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use notifier::Outbound;

use super::*;

/// Channels that resolve every name to the next of these addresses, and the number of times they did.
fn resolving(answers: Vec<Vec<&'static str>>, port: u16) -> (Channels, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let resolve = move |_: String, _: u16| -> notifier::Resolving {
        let index = counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let addresses = answers[index].iter().map(|address| SocketAddr::new(address.parse().unwrap(), port)).collect();
        Box::pin(async move { Ok(addresses) })
    };
    (Channels { outbound: Outbound::new(Arc::new(resolve)), event_bus: None }, count)
}

async fn send_with(world: &World, channels: &Channels) {
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    notifier::send_due(&world.context, channels, "test", Instant::now() + NOTIFIER_TIME).await.unwrap();
}

async fn last_delivery(client: &Client, path: &str) -> Value {
    client.get(&format!("{path}/deliveries?limit=1")).await.is(200).body["items"][0].clone()
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_before_a_connection() {
    let world = World::new().await;
    let admin = world.admin().await;
    let receiver = Receiver::new(200).await;
    let port = receiver.port;
    for address in [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
    ] {
        let url = format!("https://hooks.example.com:{port}/");
        let created = admin.post("/v1/webhooks", &json!({"url": url})).await;
        let path = format!("/v1/webhooks/{}", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap());
        // A public address beside it changes nothing.
        for answer in [vec![address], vec!["1.1.1.1", address]] {
            let (channels, _) = resolving(vec![answer], port);
            send_with(&world, &channels).await;
            let delivery = last_delivery(&admin, &path).await;
            assert_eq!(delivery["error"], "address_not_allowed", "{address}: {delivery}");
            assert_eq!(delivery["status"], Value::Null);
        }
        admin.delete(&path).await.is(204);
    }
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn a_name_cannot_lead_elsewhere_between_check_and_use() {
    let world = World::new().await;
    let admin = world.admin().await;
    let meant = Receiver::new(200).await;
    admin.post("/v1/webhooks", &json!({"url": "http://localhost:1/", "types": ["webhook.create"]})).await.is(201);
    // The second answer would be refused, and nothing listens there.
    let (channels, count) = resolving(vec![vec!["127.0.0.1"], vec!["10.0.0.1"]], meant.port);
    send_with(&world, &channels).await;
    assert_eq!((meant.take().len(), count.load(Ordering::SeqCst)), (1, 1), "resolved once, connected to that address");
}

#[tokio::test]
async fn http_to_another_machine_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let receiver = Receiver::new(200).await;
    let created = admin.post("/v1/webhooks", &json!({"url": "http://localhost:1/"})).await;
    let path = format!("/v1/webhooks/{}", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap());
    let (channels, _) = resolving(vec![vec!["1.1.1.1"]], receiver.port);
    send_with(&world, &channels).await;
    let delivery = last_delivery(&admin, &path).await;
    assert_eq!(delivery["error"], "address_not_allowed");
    // Functions that do not allow it do not send to a webhook that was created where it was allowed.
    let elsewhere = world.restarted(&[("WEBHOOK_LOOPBACK", "off")]);
    let admin = world.stranger_to(&elsewhere).with("authorization", admin.headers["authorization"].to_str().unwrap());
    let sent = admin.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(sent.is(200).body["error"], "address_not_allowed");
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_properly_is_a_failure_with_a_reason() {
    let world = World::new().await;
    let admin = world.admin().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let created = admin.post("/v1/webhooks", &json!({"url": format!("http://{address}/")})).await;
    let path = format!("/v1/webhooks/{}/test", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap());
    let test = async || admin.post(&path, &json!({})).await.is(200).body.clone();
    let serve = async |reply: &'static [u8]| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(reply).await.unwrap();
    };
    let long_head: &'static [u8] = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(5_000)).leak().as_bytes();
    for (reply, error) in [
        (&b""[..], json!("invalid_reply")),
        (&b"no HTTP\r\n\r\n"[..], json!("invalid_reply")),
        (long_head, json!("invalid_reply")),
        (&b"HTTP/1.1 200 OK\r\n\r\n"[..], Value::Null),
    ] {
        let (delivery, ()) = tokio::join!(test(), serve(reply));
        assert_eq!(delivery["error"], error, "{delivery}");
    }
    // The connection stays open until both are done.
    let (delivery, _connection) = tokio::join!(test(), listener.accept());
    assert_eq!(delivery["error"], "timed_out");
    drop(listener);
    assert_eq!(test().await["error"], "connection_failed");
}
