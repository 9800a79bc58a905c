//! Retries of requests after transient errors.
//!
//! The SDK's own retries are off: they would repeat a transaction whose condition failed as readily as a throttled one.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rollcall_domain::limits::{MAX_ATTEMPTS, RETRY_BASE};

use crate::error::Fault;

/// The error code of a failed condition.
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

/// The error code of a cancelled transaction. Only its cancellation reasons say whether a retry may succeed.
const TRANSACTION_CANCELED: &str = "TransactionCanceledException";

/// Error codes of transient errors, besides those with a 5xx status.
const TRANSIENT: [&str; 5] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Sends a request, and sends it again after a wait if the error is transient: a conflict, throttling, a server error,
/// a lost reply. It makes at most [`MAX_ATTEMPTS`] attempts.
pub(crate) async fn with_retries<T, E, Sent>(send: impl Fn() -> Sent) -> Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata,
    Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    transaction_with_retries(send, |_| false).await
}

/// [`with_retries`] for a transaction. `is_transient` decides whether a cancelled one is sent again.
pub(crate) async fn transaction_with_retries<T, E, Sent>(
    send: impl Fn() -> Sent,
    is_transient: impl Fn(&E) -> bool,
) -> Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata,
    Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        match send().await {
            Err(error) if attempt < MAX_ATTEMPTS && is_retryable(&error, &is_transient) => back_off(attempt).await,
            result => return result,
        }
    }
}

/// Waits before a batch sends again what the database left unprocessed. After [`MAX_ATTEMPTS`] requests it is a fault.
pub(crate) async fn back_off_unprocessed(operation: &'static str, attempts: u32) -> Result<(), Fault> {
    if attempts == MAX_ATTEMPTS {
        return Err(Fault::Unavailable { operation, reason: "items stayed unprocessed".to_owned() });
    }
    back_off(attempts).await;
    Ok(())
}

/// Whether a write failed because its condition did not hold.
pub(crate) fn is_condition_failed<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    error.code() == Some(CONDITION_FAILED)
}

/// Makes the fault of an operation from its last error.
pub(crate) fn unavailable<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> Fault
where
    E: std::error::Error + 'static,
{
    move |error| Fault::Unavailable { operation, reason: DisplayErrorContext(&error).to_string() }
}

fn is_retryable<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, is_transient: impl Fn(&E) -> bool) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            service.raw().status().is_server_error()
                || TRANSIENT.contains(&code)
                || (code == TRANSACTION_CANCELED && is_transient(service.err()))
        }
        // A request that could not be built, or a kind of error that a newer SDK may add.
        _ => false,
    }
}

/// Waits before the next attempt: a random part of [`RETRY_BASE`] doubled with each attempt. Without the randomness,
/// requests that conflicted once would conflict again.
async fn back_off(attempt: u32) {
    let longest = RETRY_BASE * 2_u32.pow(attempt - 1);
    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
}
