//! The database and the files of jobs behind loopback sockets, as on AWS they are behind a network. It counts what is
//! asked of the table, and can answer late.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Sub,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::HttpConnector,
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bench::Failure;
use bytes::Bytes;
use http_body_util::BodyExt;
use rollcall::{Data, Embedded, create_if_missing};
use rollcall_objects::Objects;
use rollcall_store::Connection;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;

/// The key with which requests to S3 are signed.
pub(crate) const KEY: &str = "local";

/// What was asked of the table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) requests: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            read_units: self.read_units - before.read_units,
            write_units: self.write_units - before.write_units,
        }
    }
}

/// A running installation.
pub(crate) struct Server {
    /// The table, without a socket.
    pub(crate) connection: Connection,
    /// The files, without a socket.
    pub(crate) objects: Objects,
    pub(crate) database: SocketAddr,
    pub(crate) files: SocketAddr,
    pub(crate) key_file: PathBuf,
    usage: Arc<Mutex<Usage>>,
}

impl Server {
    /// Starts an empty installation on a thread of its own, with its table in memory. Each request to the table takes
    /// `latency` longer than it has to.
    pub(crate) async fn start(latency: Duration) -> Result<Self, Failure> {
        let (started, starting) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || -> Result<(), Failure> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let data = Data::temporary()?;
                create_if_missing(&data.in_process()).await?;
                let (database, files) = (listener().await?, listener().await?);
                let usage = Arc::default();
                let server = Self {
                    connection: data.in_process(),
                    objects: data.objects("http://localhost"),
                    database: database.local_addr()?,
                    files: files.local_addr()?,
                    key_file: data.key_file.clone(),
                    usage: Arc::clone(&usage),
                };
                drop(started.send(server));
                let table = Table { embedded: data.database.clone(), latency, usage };
                let table = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(table);
                let s3 = data.s3.serve(files, (KEY, KEY), std::future::pending());
                let table = axum::serve(database, table);
                tokio::try_join!(s3, async { table.await })?;
                Ok(())
            })
        });
        Ok(starting.await?)
    }

    /// What was asked of the table over its socket so far.
    pub(crate) fn usage(&self) -> Usage {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listener() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

#[derive(Clone)]
struct Table {
    embedded: Embedded,
    latency: Duration,
    usage: Arc<Mutex<Usage>>,
}

async fn answer(State(table): State<Table>, request: Request) -> Response {
    match table.answer(request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

impl Table {
    async fn answer(&self, request: Request) -> Result<Response, Failure> {
        let (head, body) = request.into_parts();
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let is_read = ["Query", "GetItem"].iter().any(|operation| target.ends_with(operation));
        let body = body.collect().await?.to_bytes();
        // Asks for the units, which the functions do not want to know.
        let priced = [br#"{"ReturnConsumedCapacity":"TOTAL","#, body.get(1..).unwrap_or_default()].concat();
        let request = HttpRequest::try_from(axum::http::Request::from_parts(head, SdkBody::from(priced)))?;
        tokio::time::sleep(self.latency).await;
        let reply = self.embedded.call(request).await?;
        self.count(&reply, is_read)?;
        let status = StatusCode::from_u16(reply.status().as_u16())?;
        let body = Bytes::copy_from_slice(reply.body().bytes().unwrap_or_default());
        Ok((status, Body::from(body)).into_response())
    }

    fn count(&self, reply: &HttpResponse, is_read: bool) -> Result<(), Failure> {
        let reply: Reply = serde_json::from_slice(reply.body().bytes().unwrap_or_default())?;
        // Transactions and batches report a list, other operations one entry.
        let entries = match reply.consumed_capacity {
            Value::Array(entries) => entries,
            entry => vec![entry],
        };
        let units: f64 = entries.iter().filter_map(|entry| entry["CapacityUnits"].as_f64()).sum();
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        usage.requests += 1.0;
        *(if is_read { &mut usage.read_units } else { &mut usage.write_units }) += units;
        Ok(())
    }
}

/// The part of a reply that says what the request cost.
#[derive(Deserialize)]
struct Reply {
    #[serde(default, rename = "ConsumedCapacity")]
    consumed_capacity: Value,
}
