//! The database of one machine: `DynamoDB`'s semantics on `SQLite`, inside this process.
//!
//! [`Embedded::http_client`] slips under the real SDK in the place of its HTTP stack: a request's `x-amz-target` names
//! the method of the embedded database that answers it, so nothing above the SDK can tell the difference and no request
//! crosses a socket. Signatures are not looked at: whoever holds the client is inside the process already.
//!
//! A file survives `kill -9`: it is a write-ahead log, synced on every commit. What does not survive are the client
//! request tokens of `TransactWriteItems`, which are kept in memory; the requests that could replay them died with them.
//! One process per file: the caller holds the lock.

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

/// An embedded database; clones share it.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    mails: Arc<Notify>,
}

impl Embedded {
    /// An empty database that ends with its last clone.
    pub fn memory() -> Result<Self, DynoxideError> {
        Ok(Self { database: Database::memory()?, mails: Arc::default() })
    }

    /// The database in the file at `path`, which is created if it is not there.
    pub fn open(path: &Path) -> Result<Self, DynoxideError> {
        let path = path
            .to_str()
            .ok_or_else(|| DynoxideError::ValidationException(format!("{} is not a UTF-8 path", path.display())))?;
        Ok(Self { database: Database::new(path)?, mails: Arc::default() })
    }

    /// The HTTP client to give to the SDK's configuration.
    ///
    /// It has no timeouts of its own, as there is no connection to wait for: the SDK's attempt timeout covers a call.
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_settings, _components| connector.clone())
    }

    /// Waits until mails were written: what the table's stream tells on AWS. A write before the waiting counts.
    pub async fn mails_written(&self) {
        self.mails.notified().await;
    }

    /// Serves the wire protocol on `listener` until `shutdown` resolves, for the AWS CLI and other processes.
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
        // `SQLite` blocks, so it runs off the asynchronous threads. A caller that stops waiting does not stop the write;
        // with a remote database it would not either.
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

/// Whether a request writes to the outbox, as far as its text tells: one that only looks so costs a look at what is due.
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

/// The operations the product uses; another one is refused with status 501, which the SDK does not retry.
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
    // The SDK writes well-formed JSON of the right types: what is refused here is a value, such as an empty set.
    let request =
        serde_json::from_slice(body).map_err(|error| DynoxideError::ValidationException(error.to_string()))?;
    let reply = operation(request)?;
    serde_json::to_string(&reply).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
