//! Links: requests that are signed in advance, for a browser or another program without credentials.
//!
//! A link begins at the time of the functions, not of the SDK, so that it ends when the reply that contains it says.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use aws_sdk_s3::presigning::PresigningConfig;
use rollcall_domain::Timestamp;
use rollcall_store::Fault;

use crate::{Objects, unavailable};

/// A link to upload an object with PUT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadLink {
    /// The URL.
    pub url: String,
    /// The headers that the request must carry.
    pub headers: BTreeMap<String, String>,
}

impl Objects {
    /// A link to download an object from `now` for `lifetime`, at most a week, as a file of this name.
    pub async fn download_link(
        &self,
        key: &str,
        file_name: &str,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<String, Fault> {
        self.signed_download(key, &rollcall_files::attachment(file_name), now, lifetime).await
    }

    /// [`Self::download_link`] with this `Content-Disposition`.
    pub async fn signed_download(
        &self,
        key: &str,
        disposition: &str,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<String, Fault> {
        let request = self.client.get_object().bucket(&*self.bucket).key(key).response_content_disposition(disposition);
        let signed = request.presigned(valid(now, lifetime)?).await.map_err(unavailable("GetObject"))?;
        Ok(signed.uri().to_owned())
    }

    /// A link to upload an object from `now` for `lifetime`, at most a week. It can be used more than once, and bounds
    /// the size of the object by nothing but S3's own limit of 5 GiB.
    pub async fn upload_link(&self, key: &str, now: Timestamp, lifetime: Duration) -> Result<UploadLink, Fault> {
        let request = self.client.put_object().bucket(&*self.bucket).key(key);
        let signed = request.presigned(valid(now, lifetime)?).await.map_err(unavailable("PutObject"))?;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(UploadLink { url: signed.uri().to_owned(), headers })
    }
}

fn valid(now: Timestamp, lifetime: Duration) -> Result<PresigningConfig, Fault> {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now.unix_seconds()).unwrap_or_default());
    PresigningConfig::builder()
        .start_time(start)
        .expires_in(lifetime)
        .build()
        .map_err(|error| Fault::Unavailable { operation: "signing a link", reason: error.to_string() })
}
