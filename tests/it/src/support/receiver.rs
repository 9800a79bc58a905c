//! A receiver of webhooks on a loopback address.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, RwLock},
};

/// A request that a receiver got.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    /// A header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The body.
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What a receiver was sent, and what it answers.
#[derive(Clone, Debug)]
pub struct Receiver {
    pub url: String,
    pub port: u16,
    /// Notified of each request.
    pub arrived: Arc<Notify>,
    /// While somebody holds it for writing, no request is answered.
    pub held: Arc<RwLock<()>>,
    received: Arc<Mutex<Vec<Received>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    /// A receiver that answers with this status.
    pub async fn new(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver = Self {
            url: format!("http://127.0.0.1:{port}/hook"),
            port,
            arrived: Arc::default(),
            held: Arc::default(),
            received: Arc::default(),
            status: Arc::new(AtomicU16::new(status)),
        };
        let routes = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    /// Answers with this status from now on.
    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What it was sent since this was last asked.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap())
    }

    /// The ids of the events that it was sent since this was last asked.
    pub fn take_ids(&self) -> Vec<String> {
        self.take().iter().map(|received| received.header("webhook-id").to_owned()).collect()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    receiver.received.lock().unwrap().push(Received { headers, body });
    receiver.arrived.notify_one();
    drop(receiver.held.read().await);
    let status = StatusCode::from_u16(receiver.status.load(Ordering::SeqCst)).unwrap();
    // A redirect that must not be followed, and more text than is read.
    (status, [("location", "/elsewhere")], "x".repeat(10_000))
}
