//! The files of jobs: objects in one private bucket of S3, and links to them that expire.
//!
//! It knows nothing of jobs. An object is written in parts and read in ranges, so no caller holds a whole file in
//! memory.

mod link;
mod multipart;
mod reader;

use std::sync::Arc;

use aws_sdk_s3::{
    Client,
    config::{RequestChecksumCalculation, ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig},
    error::{DisplayErrorContext, SdkError},
};
use bytes::Bytes;
use rollcall_domain::limits::{CONNECT_TIMEOUT, OBJECT_ATTEMPT_TIMEOUT};
use rollcall_store::{Connection, Fault};
use tokio::time::timeout;

pub use link::UploadLink;
pub use multipart::{MIN_PART_BYTES, Upload};
pub use reader::{ObjectReader, is_replaced};

/// The largest object of S3, in bytes.
const MAX_OBJECT_BYTES: u64 = 50 * 1024 * 1024 * 1024 * 1024;

/// How often a piece of an object is asked for if its reply breaks off.
const MAX_BROKEN_REPLIES: u32 = 3;

const NOT_FOUND: u16 = 404;
const PRECONDITION_FAILED: u16 = 412;
const RANGE_NOT_SATISFIABLE: u16 = 416;

/// An object as it was at one moment. Its key may name another one since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The key.
    pub key: String,
    /// The size in bytes.
    pub size: u64,
    /// The entity tag, which changes when the object is written again.
    pub tag: String,
}

/// A bucket. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Objects {
    client: Client,
    bucket: Arc<str>,
}

/// The objects of the bucket that `JOBS_BUCKET` names.
pub fn of(connection: &Connection, variable: &(dyn Fn(&str) -> Option<String> + '_)) -> Result<Objects, String> {
    let bucket = variable("JOBS_BUCKET").ok_or("JOBS_BUCKET must be set")?;
    Ok(Objects::new(connection, &bucket))
}

impl Objects {
    /// The objects of this bucket. It sends no request.
    pub fn new(connection: &Connection, bucket: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(OBJECT_ATTEMPT_TIMEOUT)
            .build();
        let mut config = aws_sdk_s3::config::Builder::from(&connection.sdk_config());
        config.set_endpoint_url(connection.s3_endpoint.clone());
        let config = config
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts)
            // Only the endpoints of AWS have a host name for every bucket.
            .force_path_style(connection.s3_endpoint.is_some())
            // The signature covers the SHA-256 of what is sent, so a CRC32 of it proves nothing more.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self { client: Client::from_conf(config), bucket: bucket.into() }
    }

    /// Writes a small object at once, in place of the one that had this key.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<(), Fault> {
        let request = self.client.put_object().bucket(&*self.bucket).key(key).body(content.into());
        request.send().await.map(drop).map_err(unavailable("PutObject"))
    }

    /// The size of an object in bytes; `None` if it does not exist.
    pub async fn size(&self, key: &str) -> Result<Option<u64>, Fault> {
        Ok(self.find(key).await?.map(|found| found.size))
    }

    /// What an object is now; `None` if it does not exist.
    pub async fn find(&self, key: &str) -> Result<Option<ObjectVersion>, Fault> {
        match self.client.head_object().bucket(&*self.bucket).key(key).send().await {
            Ok(head) => {
                let size = head.content_length().and_then(|bytes| u64::try_from(bytes).ok());
                let found = size.zip(head.e_tag).map(|(size, tag)| ObjectVersion { key: key.to_owned(), size, tag });
                let incomplete = || "the reply has no size or no tag".to_owned();
                found.map(Some).ok_or_else(|| Fault::Unavailable { operation: "HeadObject", reason: incomplete() })
            }
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(None),
            Err(error) => Err(unavailable("HeadObject")(error)),
        }
    }

    /// Reads up to `length` bytes of an object from `offset`: fewer at its end, none beyond.
    pub async fn read(&self, key: &str, offset: u64, length: u64) -> Result<Bytes, Fault> {
        let read = self.read_if(key, None, offset, length).await?;
        read.ok_or_else(|| Fault::Unavailable { operation: "GetObject", reason: "a condition failed".to_owned() })
    }

    /// Reads like [`Objects::read`]; `None` if there is another object under the key now.
    pub(crate) async fn read_version(
        &self,
        version: &ObjectVersion,
        offset: u64,
        length: u64,
    ) -> Result<Option<Bytes>, Fault> {
        self.read_if(&version.key, Some(version.tag.clone()), offset, length).await
    }

    async fn read_if(&self, key: &str, tag: Option<String>, offset: u64, length: u64) -> Result<Option<Bytes>, Fault> {
        let Some(more) = length.checked_sub(1) else { return Ok(Some(Bytes::new())) };
        let last = offset.saturating_add(more).min(MAX_OBJECT_BYTES);
        let request = self.client.get_object().bucket(&*self.bucket).key(key).set_if_match(tag);
        let request = request.range(format!("bytes={offset}-{last}"));
        let mut broken = 0;
        loop {
            let reply = match request.clone().send().await {
                Ok(reply) => reply,
                Err(error) if status(&error) == Some(RANGE_NOT_SATISFIABLE) => return Ok(Some(Bytes::new())),
                Err(error) if status(&error) == Some(PRECONDITION_FAILED) => return Ok(None),
                Err(error) => return Err(unavailable("GetObject")(error)),
            };
            // The SDK repeats what fails up to the head of the reply.
            let body = timeout(OBJECT_ATTEMPT_TIMEOUT, reply.body.collect()).await;
            let reason = match body {
                Ok(Ok(body)) => return Ok(Some(body.into_bytes())),
                Ok(Err(error)) => DisplayErrorContext(&error).to_string(),
                Err(_) => "the reply did not end in time".to_owned(),
            };
            broken += 1;
            if broken == MAX_BROKEN_REPLIES {
                return Err(Fault::Unavailable { operation: "GetObject", reason });
            }
        }
    }

    /// The keys that begin with this prefix.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let request = self.client.list_objects_v2().bucket(&*self.bucket).prefix(prefix);
        let mut pages = request.into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(unavailable("ListObjectsV2"))?;
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }

    /// Deletes an object. Idempotent.
    pub async fn delete(&self, key: &str) -> Result<(), Fault> {
        let request = self.client.delete_object().bucket(&*self.bucket).key(key);
        request.send().await.map(drop).map_err(unavailable("DeleteObject"))
    }
}

fn status<Error>(error: &SdkError<Error>) -> Option<u16> {
    error.raw_response().map(|reply| reply.status().as_u16())
}

fn unavailable<Error>(operation: &'static str) -> impl Fn(SdkError<Error>) -> Fault
where
    Error: std::error::Error + 'static,
{
    move |error| Fault::Unavailable { operation, reason: DisplayErrorContext(&error).to_string() }
}
