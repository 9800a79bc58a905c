//! The table: reads of single items, and commits.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    config::{Builder, retry::RetryConfig},
    error::{BuildError, ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, ReturnValue},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::de::DeserializeOwned;

use crate::{
    commit::Commit,
    connection::Connection,
    error::{CommitError, FailedGuards, Fault},
    expression::{Values, names_in, values_of},
    item::from_item,
    keys::Key,
    retry::{is_condition_failed, transaction_with_retries, unavailable, with_retries},
    write::{FailureCode, Write, WriteKind},
};

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
}

impl Store {
    /// A store on this table. It sends no request.
    pub fn new(connection: &Connection, table: String) -> Self {
        let mut config = Builder::from(&connection.sdk_config());
        config.set_endpoint_url(connection.dynamodb_endpoint.clone());
        let config = config.retry_config(RetryConfig::disabled()).timeout_config(Connection::timeouts()).build();
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
        let reply = with_retries(|| request.clone().send()).await.map_err(unavailable("GetItem"))?;
        reply.item.map(from_item).transpose()
    }

    /// Updates an item and returns its new state; none if the condition did not hold.
    ///
    /// This is for counters and leases that no transaction includes: it saves reading the item first.
    pub(crate) async fn update_and_get<T: DeserializeOwned>(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: &Values,
    ) -> Result<Option<T>, Fault> {
        let request = (self.client.update_item().table_name(self.table()))
            .set_key(Some(key.to_item()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names_in([update, condition]))
            .set_expression_attribute_values(values_of(values))
            .return_values(ReturnValue::AllNew);
        match with_retries(|| request.clone().send()).await {
            Ok(reply) => from_item(reply.attributes.unwrap_or_default()).map(Some),
            Err(error) if is_condition_failed(&error) => Ok(None),
            Err(error) => Err(unavailable("UpdateItem")(error)),
        }
    }

    /// Writes one item and returns whether the condition held.
    pub(crate) async fn write_if(&self, write: Write) -> Result<bool, Fault> {
        match self.commit(Commit::new([write])).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// Commits as `Writer::commit` describes.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        match commit.writes.as_slice() {
            [] => Ok(()),
            [write] => self.write_one(write).await,
            writes => self.transact(writes).await,
        }
    }

    async fn transact(&self, writes: &[Write]) -> Result<(), CommitError> {
        const OPERATION: &str = "TransactWriteItems";
        let items = (writes.iter().map(|write| write.to_transact_item(self.table())))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unbuildable(OPERATION))?;
        let request =
            (self.client.transact_write_items()).set_transact_items(Some(items)).client_request_token(request_token());
        // A cancellation is transient unless a condition failed: the other reasons are conflicts and throttling.
        let is_transient = |error: &_| !cancellation_reasons(error).iter().any(is_failed_condition);
        let Err(error) = transaction_with_retries(|| request.clone().send(), is_transient).await else { return Ok(()) };
        let reasons = error.as_service_error().map(cancellation_reasons).unwrap_or_default();
        let failures: Vec<_> = (reasons.iter().zip(writes))
            .filter(|(reason, _)| is_failed_condition(reason))
            .map(|(reason, write)| (write.key.clone(), write.failure.of(reason.item())))
            .collect();
        if failures.is_empty() {
            return Err(unavailable(OPERATION)(error).into());
        }
        Err(CommitError::Refused(FailedGuards::new(failures)))
    }

    /// Writes one item without a transaction, at half the price.
    async fn write_one(&self, write: &Write) -> Result<(), CommitError> {
        // The SDK's request builders have the same setters but no common trait.
        macro_rules! send {
            ($operation:literal, $request:expr) => {{
                let request = $request
                    .table_name(self.table())
                    .set_condition_expression(write.condition.as_deref().map(str::to_owned))
                    .set_expression_attribute_names(write.names())
                    .set_expression_attribute_values(write.values());
                let sent = with_retries(|| request.clone().send()).await;
                sent.map(drop).map_err(|error| write_error(write, $operation, error))
            }};
        }
        let key = Some(write.key.to_item());
        match (&write.kind, write.failure) {
            (WriteKind::Put(item), FailureCode::Fixed(_)) => {
                send!("PutItem", self.client.put_item().set_item(Some(item.clone())))
            }
            (WriteKind::Update(update), FailureCode::Fixed(_)) => {
                send!("UpdateItem", self.client.update_item().set_key(key).update_expression(update.as_ref()))
            }
            (WriteKind::Delete, FailureCode::Fixed(_)) => {
                send!("DeleteItem", self.client.delete_item().set_key(key))
            }
            // Only a transaction can check without writing, and return the item that a condition failed on.
            (WriteKind::Check, _) | (_, FailureCode::ByItem(_)) => self.transact(std::slice::from_ref(write)).await,
        }
    }
}

/// Makes the fault of a request that the SDK refuses to build, which is a mistake in this crate.
pub(crate) fn unbuildable(operation: &'static str) -> impl Fn(BuildError) -> Fault {
    move |error| Fault::Unavailable { operation, reason: error.to_string() }
}

/// Why a transaction was cancelled: one reason per write, in their order.
fn cancellation_reasons(error: &TransactWriteItemsError) -> &[CancellationReason] {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}

fn is_failed_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

fn write_error<E>(write: &Write, operation: &'static str, error: SdkError<E, HttpResponse>) -> CommitError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if is_condition_failed(&error) {
        return CommitError::Refused(FailedGuards::new(vec![(write.key.clone(), write.failure.of(None))]));
    }
    unavailable(operation)(error).into()
}

/// The client request token of a transaction, by which DynamoDB recognises a retry for ten minutes. It is no secret, so
/// it needs no cryptographic randomness; the SDK draws its own tokens the same way.
fn request_token() -> String {
    format!("{:032x}", fastrand::u128(..))
}
