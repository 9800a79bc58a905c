//! The table: single reads, batched reads and commits, each bounded, retried and told apart.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Region, SharedAsyncSleep, retry::RetryConfig},
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, KeysAndAttributes, PutRequest, WriteRequest},
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rollcall_domain::limits::{MAX_ATTEMPTS, RETRY_BASE};
use serde::de::DeserializeOwned;

use crate::{
    commit::{Commit, Meaning, Write, WriteKind},
    connection::Connection,
    error::{CommitError, FailedGuards, Fault},
    item::{Item, from_item},
    keys::Key,
};

/// Keys of one `BatchGetItem`, by DynamoDB's own limit.
const MAX_BATCH_GET: usize = 100;

/// Items of one `BatchWriteItem`, by DynamoDB's own limit.
const MAX_BATCH_WRITE: usize = 25;

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
}

impl Store {
    /// A store on this table. Nothing is sent yet.
    ///
    /// The SDK's own retries are off: it would repeat a failed condition's transaction as readily as a throttled one.
    pub fn new(connection: &Connection, table: String) -> Self {
        let mut config = Config::builder();
        config.set_endpoint_url(connection.dynamodb_endpoint.clone());
        let config = config
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(connection.region.clone()))
            .credentials_provider(connection.credentials.clone())
            .http_client(connection.http_client.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(Connection::timeouts())
            .build();
        Self { client: Client::from_conf(config), table: table.into() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Reads one item, consistently.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Fault> {
        let request =
            self.client.get_item().table_name(self.table()).set_key(Some(key.to_item())).consistent_read(true);
        let reply = self.retried(|| request.clone().send(), |_| false).await.map_err(unavailable("GetItem"))?;
        reply.item.map(from_item).transpose()
    }

    /// Reads the items of these keys, consistently, in one request per hundred; what is missing is left out.
    ///
    /// The order is the database's: callers that need theirs sort by what the items say.
    pub(crate) async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>, Fault> {
        let mut items = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_BATCH_GET) {
            let keys = keys.iter().map(Key::to_item).collect();
            let wanted = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys));
            let mut wanted = Some(wanted.build().map_err(unbuildable("BatchGetItem"))?);
            let mut attempt = 0;
            while let Some(keys) = wanted {
                let request = self.client.batch_get_item().request_items(self.table(), keys);
                let reply =
                    self.retried(|| request.clone().send(), |_| false).await.map_err(unavailable("BatchGetItem"))?;
                items.extend(reply.responses.unwrap_or_default().into_values().flatten());
                wanted = reply.unprocessed_keys.unwrap_or_default().into_values().next();
                if wanted.is_some() {
                    attempt = unprocessed("BatchGetItem", attempt).await?;
                }
            }
        }
        Ok(items)
    }

    /// Puts items, whatever is there, in one request per twenty-five.
    pub(crate) async fn batch_put(&self, items: Vec<Item>) -> Result<(), Fault> {
        let put = |item: &Item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build();
            put.map(|put| WriteRequest::builder().put_request(put).build())
        };
        for items in items.chunks(MAX_BATCH_WRITE) {
            let mut wanted =
                items.iter().map(put).collect::<Result<Vec<_>, _>>().map_err(unbuildable("BatchWriteItem"))?;
            let mut attempt = 0;
            while !wanted.is_empty() {
                let request = self.client.batch_write_item().request_items(self.table(), wanted);
                let reply =
                    self.retried(|| request.clone().send(), |_| false).await.map_err(unavailable("BatchWriteItem"))?;
                wanted = reply.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
                if !wanted.is_empty() {
                    attempt = unprocessed("BatchWriteItem", attempt).await?;
                }
            }
        }
        Ok(())
    }

    /// See [`Writer::commit`](crate::Writer::commit).
    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        match commit.writes.as_slice() {
            [] => Ok(()),
            [write] => self.write(write).await,
            writes => self.transact(writes).await,
        }
    }

    async fn transact(&self, writes: &[Write]) -> Result<(), CommitError> {
        let items = (writes.iter().map(|write| write.to_transact_item(self.table())))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unbuildable("TransactWriteItems"))?;
        let request = (self.client.transact_write_items())
            .set_transact_items(Some(items))
            .client_request_token(random_token("TransactWriteItems")?);
        let sent = self.retried(|| request.clone().send(), |error| !cancellations(error).any(is_refusal)).await;
        let Err(error) = sent else { return Ok(()) };
        let failures: Vec<_> = (error.as_service_error().into_iter().flat_map(cancellations))
            .zip(writes)
            .filter(|(reason, _)| is_refusal(reason))
            .map(|(reason, write)| (write.key.clone(), write.meaning.of(reason.item())))
            .collect();
        if failures.is_empty() {
            return Err(unavailable("TransactWriteItems")(error).into());
        }
        Err(CommitError::Refused(FailedGuards::new(failures)))
    }

    /// Writes one item without a transaction around it.
    async fn write(&self, write: &Write) -> Result<(), CommitError> {
        let (names, values, condition) = (write.names(), write.values(), write.guard.as_deref().map(str::to_owned));
        // The builders of the requests share their setters but no trait.
        macro_rules! send {
            ($operation:literal, $request:expr) => {{
                let request = ($request)
                    .table_name(self.table())
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                let sent = self.retried(|| request.clone().send(), |_| false).await;
                sent.map(drop).map_err(|error| refused_or_unavailable(write, $operation, error))
            }};
        }
        let key = Some(write.key.to_item());
        match (&write.action, write.meaning) {
            (WriteKind::Put(item), Meaning::Always(_)) => {
                send!("PutItem", self.client.put_item().set_item(Some(item.clone())))
            }
            (WriteKind::Update(update), Meaning::Always(_)) => {
                send!("UpdateItem", self.client.update_item().set_key(key).update_expression(update.as_ref()))
            }
            (WriteKind::Delete, Meaning::Always(_)) => send!("DeleteItem", self.client.delete_item().set_key(key)),
            // A check is a transaction's, and so is asking for the item that was found instead.
            (WriteKind::Check, _) | (_, Meaning::ByItem(_)) => self.transact(std::slice::from_ref(write)).await,
        }
    }

    /// Sends a request until it is answered for good: what conflicts, throttles, fails inside or stays silent is sent
    /// again after a wait, at most [`MAX_ATTEMPTS`] times. `is_passing` tells which of the operation's own errors pass.
    pub(crate) async fn retried<T, E, Sent>(
        &self,
        send: impl Fn() -> Sent,
        is_passing: impl Fn(&E) -> bool,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: ProvideErrorMetadata,
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match send().await {
                Err(error) if attempt < MAX_ATTEMPTS && passes(&error, &is_passing) => wait(attempt).await,
                result => return result,
            }
        }
    }
}

/// Whether the same request may do better in a moment.
fn passes<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, is_passing: impl Fn(&E) -> bool) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            service.raw().status().is_server_error()
                || matches!(
                    code,
                    "ProvisionedThroughputExceededException"
                        | "RequestLimitExceeded"
                        | "ThrottlingException"
                        | "TransactionConflictException"
                        | "TransactionInProgressException"
                )
                || (code == "TransactionCanceledException" && is_passing(service.err()))
        }
        // A request that could not be built, or a kind of failure that the SDK adds one day, is not repeated.
        _ => false,
    }
}

/// Why a transaction was cancelled, one reason a write, in their order.
fn cancellations(error: &TransactWriteItemsError) -> impl Iterator<Item = &CancellationReason> {
    let cancelled = match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => Some(cancelled),
        _ => None,
    };
    cancelled.into_iter().flat_map(aws_sdk_dynamodb::types::error::TransactionCanceledException::cancellation_reasons)
}

/// How a write on its own failed: by its guard, or by the database.
fn refused_or_unavailable<E>(write: &Write, operation: &'static str, error: SdkError<E, HttpResponse>) -> CommitError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if error.code() == Some("ConditionalCheckFailedException") {
        return CommitError::Refused(FailedGuards::new(vec![(write.key.clone(), write.meaning.of(None))]));
    }
    unavailable(operation)(error).into()
}

fn is_refusal(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Waits before the next attempt: up to [`RETRY_BASE`] doubled each time, anywhere in it, so that those who met once
/// do not meet again.
async fn wait(attempt: u32) {
    let most = RETRY_BASE * 2_u32.pow(attempt - 1);
    let mut random = [0; 2];
    // Without randomness the full wait is right, only less well spread.
    let share =
        getrandom::fill(&mut random).map_or(1.0, |()| f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX));
    tokio::time::sleep(Duration::from_secs_f64(most.as_secs_f64() * share)).await;
}

/// Waits before what a batch left undone is sent again, a bounded number of times.
async fn unprocessed(operation: &'static str, attempt: u32) -> Result<u32, Fault> {
    if attempt + 1 == MAX_ATTEMPTS {
        return Err(Fault::Unavailable { operation, reason: "items stayed unprocessed".to_owned() });
    }
    wait(attempt + 1).await;
    Ok(attempt + 1)
}

/// A token by which the database knows a repeated transaction as the same.
fn random_token(operation: &'static str) -> Result<String, Fault> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| Fault::Unavailable { operation, reason: error.to_string() })?;
    Ok(random.iter().fold(String::new(), |mut token, byte| {
        // Writing to a string cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    }))
}

pub(crate) fn unavailable<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> Fault
where
    E: std::error::Error + 'static,
{
    move |error| Fault::Unavailable { operation, reason: DisplayErrorContext(&error).to_string() }
}

/// A request that the SDK will not even build is our own mistake, and is told like a failure of the database.
fn unbuildable(operation: &'static str) -> impl Fn(aws_sdk_dynamodb::error::BuildError) -> Fault {
    move |error| Fault::Unavailable { operation, reason: error.to_string() }
}
