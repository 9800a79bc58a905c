//! The connection to AWS: region, credentials, endpoints and the HTTP client, for the table, for files and for secrets.

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedAsyncSleep, SharedCredentialsProvider, SharedHttpClient,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;
use rollcall_domain::limits::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT};

use crate::error::Fault;

/// Amazon's root certificates, the only ones that a Lambda function needs to trust. Reading the 145 roots of the system
/// takes longer than the rest of a cold start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// How to reach AWS.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The region.
    pub region: String,
    /// The credentials. Lambda's stay valid for the lifetime of the process.
    pub credentials: Credentials,
    /// The endpoint of DynamoDB, if it is not the region's.
    pub dynamodb_endpoint: Option<String>,
    /// The endpoint of S3, if it is not the region's.
    pub s3_endpoint: Option<String>,
    /// The endpoint of Secrets Manager, if it is not the region's.
    pub secrets_endpoint: Option<String>,
    /// The HTTP client.
    pub http_client: SharedHttpClient,
}

impl Connection {
    /// Reads the standard variables of AWS: `AWS_REGION`, the three variables of the credentials, and the endpoints
    /// `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL_SECRETS_MANAGER`. With
    /// `TLS_ROOTS=native` it trusts the system's root certificates, for networks that have their own.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let required = |name: &str| variable(name).ok_or_else(|| format!("{name} must be set"));
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            variable("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let native_roots = match variable("TLS_ROOTS").as_deref() {
            None | Some("amazon") => false,
            Some("native") => true,
            Some(other) => return Err(format!("TLS_ROOTS must be amazon or native, and is {other:?}")),
        };
        Ok(Self {
            region: required("AWS_REGION")?,
            credentials,
            dynamodb_endpoint: variable("AWS_ENDPOINT_URL_DYNAMODB"),
            s3_endpoint: variable("AWS_ENDPOINT_URL_S3"),
            secrets_endpoint: variable("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            http_client: http_client(native_roots)?,
        })
    }

    /// What the clients of all services have in common. Endpoint, retries and timeouts are each client's own.
    pub fn sdk_config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            .http_client(self.http_client.clone())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .build()
    }

    /// How long a client waits for a connection, and for each attempt.
    pub fn timeouts() -> TimeoutConfig {
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build()
    }
}

fn http_client(native_roots: bool) -> Result<SharedHttpClient, String> {
    let mut roots = TrustStore::empty().with_native_roots(native_roots);
    if !native_roots {
        roots.add_pem_certificate(AMAZON_ROOTS);
    }
    let tls = TlsContext::builder().with_trust_store(roots).build().map_err(|error| format!("TLS: {error}"))?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
}

/// Secrets Manager, from which the one secret is read.
#[derive(Debug)]
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
}

impl Secrets {
    /// A client over this connection. It sends no request.
    pub fn new(connection: Connection) -> Self {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&connection.sdk_config());
        config.set_endpoint_url(connection.secrets_endpoint);
        let config = config
            // One retry fits into a request's deadline, and the next request reads the secret again anyway.
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(Connection::timeouts())
            .build();
        Self { client: aws_sdk_secretsmanager::Client::from_conf(config) }
    }

    /// Reads the text of a secret.
    pub async fn read(&self, id: &str) -> Result<String, Fault> {
        let unavailable = |reason: String| Fault::Unavailable { operation: "GetSecretValue", reason };
        let reply = self
            .client
            .get_secret_value()
            .secret_id(id)
            .send()
            .await
            .map_err(|error| unavailable(aws_sdk_secretsmanager::error::DisplayErrorContext(&error).to_string()))?;
        reply.secret_string.ok_or_else(|| unavailable("the secret holds no text".to_owned()))
    }
}
