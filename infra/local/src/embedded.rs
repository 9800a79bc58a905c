//! The embedded database: `DynamoDB`'s semantics on `SQLite`, in this process.
//!
//! [`Embedded::http_client`] replaces the HTTP stack of the real SDK. It passes a request to the method of the embedded
//! database that its `x-amz-target` header names, so code above the SDK runs unchanged and no request crosses a socket.
//! Signatures are not checked, since a caller is inside the process already.
//!
//! The database file survives `kill -9`: its write-ahead log is synced on every commit. Client request tokens of
//! `TransactWriteItems` are kept in memory and do not survive, but neither do the requests that could repeat them.
//! One process may open a file; the caller holds the lock.

use std::{fmt, future::Future, io, path::Path, sync::Arc};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError, server};
use rollcall_store::outbox;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpListener, sync::Notify, task::spawn_blocking};

/// An embedded database. Clones share it.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    mails: Arc<Notify>,
}

impl Embedded {
    /// An empty database in memory. It is lost with its last clone.
    pub fn memory() -> Result<Self, DynoxideError> {
        Ok(Self { database: Database::memory()?, mails: Arc::default() })
    }

    /// The database in the file at `path`, which is created if it does not exist.
    pub fn open(path: &Path) -> Result<Self, DynoxideError> {
        let path = path
            .to_str()
            .ok_or_else(|| DynoxideError::ValidationException(format!("{} is not a UTF-8 path", path.display())))?;
        Ok(Self { database: Database::new(path)?, mails: Arc::default() })
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
        let Self { database, mails } = self.clone();
        // `SQLite` blocks, so it runs on a blocking thread. A caller that stops waiting does not stop the write, as
        // with a remote database.
        let answer = spawn_blocking(move || {
            let answer = answer(&database, &request);
            if writes_mail(&request) {
                mails.notify_one();
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

/// Whether a request may write to the outbox, by a search in its text. A false positive only causes a query for due
/// mail.
fn writes_mail(request: &HttpRequest) -> bool {
    let names_mail = |body: &[u8]| body.windows(outbox::PREFIX.len()).any(|text| text == outbox::PREFIX.as_bytes());
    matches!(operation(request), "PutItem" | "UpdateItem" | "TransactWriteItems")
        && request.body().bytes().is_some_and(names_mail)
}

fn answer(database: &Database, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let body = request.body().bytes().ok_or_else(|| ConnectorError::user("a streamed request body".into()))?;

    let (status, body) = match dispatch(database, operation(request), body) {
        Ok(body) => (200, body),
        Err(refusal) => (refusal.status_code(), refusal.to_json()),
    };
    let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    Ok(HttpResponse::new(status, SdkBody::from(body)))
}

/// Dispatches the operations that Rollcall uses. Any other one gets status 501, which the SDK does not retry.
fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    match operation {
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
        "DescribeTimeToLive" => run(body, |request| database.describe_time_to_live(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        unknown => Err(DynoxideError::UnsupportedCapability(unknown.to_owned())),
    }
}

fn run<Request: DeserializeOwned, Reply: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> Result<Reply, DynoxideError>,
) -> Result<String, DynoxideError> {
    // The SDK sends well-formed requests, so an error here is about a value, such as an empty set.
    let request =
        serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let reply = operation(request)?;
    serde_json::to_string(&reply).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
