//! Replies as they came, without the SDK's reading of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeDeserializationInterceptorContextMut},
    operation::query::QueryOutput,
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::context::{Error, Output},
        orchestrator::{HttpResponse, OrchestratorError},
        ser_de::{DeserializeResponse, SharedResponseDeserializer},
    },
};

/// Keeps the body of the reply to a query. Everything else stays with the SDK: signing, timeouts, errors.
///
/// The SDK reads each attribute into a map of its own values, which takes most of the time that an export needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawReply(Arc<Mutex<Vec<u8>>>);

impl RawReply {
    /// The body, once the request has succeeded.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.body())
    }

    fn body(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for RawReply {
    fn name(&self) -> &'static str {
        "RawReply"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Errors are read by the SDK.
        if context.response().status().is_success() {
            config.interceptor_state().store_put(SharedResponseDeserializer::new(self.clone()));
        }
        Ok(())
    }
}

impl DeserializeResponse for RawReply {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        *self.body() = response.body().bytes().unwrap_or_default().to_vec();
        Ok(Output::erase(QueryOutput::builder().build()))
    }
}
