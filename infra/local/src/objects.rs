//! S3 in this process: the files of jobs, in a folder.
//!
//! [`LocalS3::http_client`] replaces the HTTP stack of the real SDK, as the embedded database does: requests reach the
//! folder without a socket, and signatures are not checked, since a caller is inside the process already. Browsers come
//! in by [`links`].

mod files;
mod links;
mod s3;

use std::{fmt, io, path::Path, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rollcall_domain::Timestamp;
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tokio::{net::TcpListener, task::spawn_blocking};

use files::Files;
pub use links::service;

/// The bucket of this installation.
pub const BUCKET: &str = "rollcall-jobs";

/// How long an object is kept, and the parts of an upload that was not completed, as in the template's bucket.
const OBJECT_AGE: Duration = Duration::from_hours(48);
const UPLOAD_AGE: Duration = Duration::from_hours(24);

/// S3 over a folder. Clones share it.
#[derive(Clone)]
pub struct LocalS3 {
    files: Files,
    service: S3Service,
}

impl LocalS3 {
    /// The objects in this folder. It is created if it does not exist.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let files = Files::open(folder)?;
        let service = S3ServiceBuilder::new(files.clone()).build();
        Ok(Self { files, service })
    }

    /// The HTTP client for the SDK's configuration.
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_settings, _components| connector.clone())
    }

    /// Serves S3's protocol on `listener` until `shutdown` resolves, for requests that are signed with this key.
    pub async fn serve(
        &self,
        listener: TcpListener,
        (access_key, secret_key): (&str, &str),
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let mut builder = S3ServiceBuilder::new(self.files.clone());
        builder.set_auth(SimpleAuth::from_single(access_key, secret_key));
        let service = builder.build();
        let answer = move |request: Request| {
            let service = service.clone();
            async move { answer(&service, request).await }
        };
        axum::serve(listener, Router::new().fallback(answer)).with_graceful_shutdown(shutdown).await
    }

    /// Deletes what is too old at `now`, as the lifecycle of the bucket does on AWS.
    pub(crate) async fn remove_expired(&self, now: Timestamp) -> Result<(), String> {
        let failed = |error: &dyn fmt::Display| format!("old files of jobs could not be removed: {error}");
        let files = self.files.clone();
        let removed = spawn_blocking(move || files.remove_before(now - OBJECT_AGE, now - UPLOAD_AGE));
        removed.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }
}

/// Passes a request on. The reply to one that S3 cannot answer at all says nothing.
async fn answer(service: &S3Service, request: Request) -> Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(?error, "a request for a file failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl HttpConnector for LocalS3 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.service.clone();
        HttpConnectorFuture::new(async move {
            let failed = |error| ConnectorError::other(error, None);
            let mut request = request.try_into_http1x().map_err(|error| failed(error.into()))?;
            request.headers_mut().remove(header::AUTHORIZATION);
            let response = service.call(request.map(s3s::Body::http_body_unsync)).await;
            let response = response.map_err(|error| failed(error.into()))?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(response).map_err(|error| failed(error.into()))
        })
    }
}

impl fmt::Debug for LocalS3 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LocalS3").finish_non_exhaustive()
    }
}
