//! The embedded database: `DynamoDB`'s semantics on `SQLite`, in this process.
//!
//! [`Embedded::http_client`] replaces the HTTP stack of the real SDK. It passes a request to the method of the embedded
//! database that its `x-amz-target` header names, so code above the SDK runs unchanged and no request crosses a socket.
//! Signatures are not checked, since a caller is inside the process already.
//!
//! The database file survives `kill -9`: its write-ahead log is synced on every commit. One process may open a file;
//! the caller holds the lock.

use std::{fmt, future::Future, io, path::Path, sync::Arc};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError, actions::transact_write_items::TransactWriteItemsRequest, server};
use rollcall_store::{job, outbox};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpListener, sync::Notify, task::spawn_blocking};

use crate::transactions::Transactions;

/// An embedded database. Clones share it.
#[derive(Clone)]
pub struct Embedded {
    /// The connection that writes. A commit keeps it busy while it waits for the disk.
    database: Database,
    /// The connection that reads, so that readings do not wait for commits. In memory there is only one.
    reader: Database,
    transactions: Transactions,
    mails: Arc<Notify>,
    jobs: Arc<Notify>,
}

impl Embedded {
    /// An empty database in memory. It is lost with its last clone.
    pub fn memory() -> Result<Self, DynoxideError> {
        let database = Database::memory()?;
        Ok(Self::new(database.clone(), database))
    }

    /// The database in the file at `path`, which is created if it does not exist.
    pub fn open(path: &Path) -> Result<Self, DynoxideError> {
        let path = path
            .to_str()
            .ok_or_else(|| DynoxideError::ValidationException(format!("{} is not a UTF-8 path", path.display())))?;
        let database = Database::new(path)?;
        Ok(Self::new(database, Database::new(path)?))
    }

    fn new(database: Database, reader: Database) -> Self {
        Self { database, reader, transactions: Transactions::default(), mails: Arc::default(), jobs: Arc::default() }
    }

    /// The HTTP client for the SDK's configuration.
    ///
    /// It has no timeouts of its own, since there is no connection to wait for. The SDK's attempt timeout applies.
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_settings, _components| connector.clone())
    }

    /// Waits until mail was written to the outbox, in place of the table's stream. A write before the wait counts too.
    pub async fn mails_written(&self) {
        self.mails.notified().await;
    }

    /// Waits until a job was queued, in place of the table's stream. A write before the wait counts too.
    pub async fn jobs_written(&self) {
        self.jobs.notified().await;
    }

    /// Serves DynamoDB's protocol on `listener` until `shutdown` resolves, for other processes and the AWS CLI.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        server::serve_with_shutdown(listener, self.database.clone(), shutdown).await.map_err(io::Error::other)
    }
}

impl HttpConnector for Embedded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let embedded = self.clone();
        // `SQLite` blocks, so it runs on a blocking thread. A caller that stops waiting does not stop the write, as
        // with a remote database.
        let answer = spawn_blocking(move || {
            let answer = embedded.answer(&request);
            for (prefix, written) in [(outbox::PREFIX, &embedded.mails), (job::WAKE, &embedded.jobs)] {
                if writes(&request, prefix) {
                    written.notify_one();
                }
            }
            answer
        });
        HttpConnectorFuture::new(
            async move { answer.await.map_err(|panic| ConnectorError::other(panic.into(), None))? },
        )
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.strip_prefix("DynamoDB_20120810.").unwrap_or(target)
}

/// Whether a request may write an item whose key has this prefix, by a search in its text. A false positive only causes
/// a query for what is due.
fn writes(request: &HttpRequest, prefix: &str) -> bool {
    let names = |body: &[u8]| body.windows(prefix.len()).any(|text| text == prefix.as_bytes());
    matches!(operation(request), "PutItem" | "UpdateItem" | "TransactWriteItems")
        && request.body().bytes().is_some_and(names)
}

impl Embedded {
    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let body = request.body().bytes().ok_or_else(|| ConnectorError::user("a streamed request body".into()))?;
        let (status, body) = match self.dispatch(operation(request), body) {
            Ok(body) => (200, body),
            Err(refusal) => (refusal.status_code(), refusal.to_json()),
        };
        let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
        Ok(HttpResponse::new(status, SdkBody::from(body)))
    }

    /// Dispatches the operations that Rollcall uses. Any other one gets status 501, which the SDK does not retry.
    fn dispatch(&self, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
        let Self { database, reader, .. } = self;
        match operation {
            "CreateTable" => run(body, |request| database.create_table(request)),
            "DescribeTable" => run(body, |request| reader.describe_table(request)),
            "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
            "DescribeTimeToLive" => run(body, |request| database.describe_time_to_live(request)),
            "GetItem" => run(body, |request| reader.get_item(request)),
            "BatchGetItem" => run(body, |request| reader.batch_get_item(request)),
            "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
            "Query" => run(body, |request| reader.query(request)),
            "Scan" => run(body, |request| reader.scan(request)),
            "PutItem" => run(body, |request| database.put_item(request)),
            "UpdateItem" => run(body, |request| database.update_item(request)),
            "DeleteItem" => run(body, |request| database.delete_item(request)),
            "TransactWriteItems" => self.transact(parse(body)?),
            unknown => Err(DynoxideError::UnsupportedCapability(unknown.to_owned())),
        }
    }

    fn transact(&self, mut request: TransactWriteItemsRequest) -> Result<String, DynoxideError> {
        let token = request.client_request_token.take();
        self.transactions.run_once(token, || write(&self.database.transact_write_items(request)?))
    }
}

fn run<Request: DeserializeOwned, Reply: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> Result<Reply, DynoxideError>,
) -> Result<String, DynoxideError> {
    write(&operation(parse(body)?)?)
}

/// Reads a request. The SDK sends well-formed ones, so an error is about a value, such as an empty set.
fn parse<Request: DeserializeOwned>(body: &[u8]) -> Result<Request, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()))
}

fn write<Reply: Serialize>(reply: &Reply) -> Result<String, DynoxideError> {
    serde_json::to_string(reply).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
