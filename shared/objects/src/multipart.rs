//! Objects that are written part by part.

use std::collections::BTreeMap;

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    operation::list_parts::ListPartsError,
    types::{CompletedMultipartUpload, CompletedPart},
};
use bytes::Bytes;
use rollcall_store::Fault;
use serde::{Deserialize, Serialize};

use crate::{Objects, unavailable};

/// The smallest part of an object, in bytes; only the last one may be smaller. S3 sets it.
pub const MIN_PART_BYTES: usize = 5 * 1024 * 1024;

/// An object that is being written. It exists once the upload is completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The key of the object. No other upload and no `put` may use it.
    pub key: String,
    /// The id that S3 gave the upload.
    pub upload_id: String,
}

impl Objects {
    /// Begins to write an object in parts.
    pub async fn begin(&self, key: &str, content_type: &str) -> Result<Upload, Fault> {
        let request = self.client.create_multipart_upload().bucket(&*self.bucket).key(key).content_type(content_type);
        let reply = request.send().await.map_err(unavailable("CreateMultipartUpload"))?;
        Ok(Upload { key: key.to_owned(), upload_id: reply.upload_id.unwrap_or_default() })
    }

    /// Writes a part, counted from 1, in any order. Writing it again replaces it. S3 takes at most 10,000 parts.
    pub async fn write_part(&self, upload: &Upload, number: usize, content: Bytes) -> Result<(), Fault> {
        let request = (self.client.upload_part().bucket(&*self.bucket).key(&upload.key))
            .upload_id(&upload.upload_id)
            .part_number(part_number(number))
            .body(content.into());
        request.send().await.map(drop).map_err(unavailable("UploadPart"))
    }

    /// Makes the object of the parts from 1 to `parts`; without any it is empty. Idempotent: an upload that was
    /// completed before is no longer known, but its object exists.
    pub async fn complete(&self, upload: &Upload, parts: usize) -> Result<(), Fault> {
        // An upload needs a part, and the last one may be empty.
        if parts == 0
            && let Err(fault) = self.write_part(upload, 1, Bytes::new()).await
        {
            return if self.size(&upload.key).await?.is_some() { Ok(()) } else { Err(fault) };
        }
        let parts = parts.max(1);
        let completed = match self.tags(upload).await {
            Ok(tags) => completed(&tags, parts)?,
            Err(error) => return self.unless_completed(upload, "ListParts", error).await,
        };
        let request = (self.client.complete_multipart_upload().bucket(&*self.bucket).key(&upload.key))
            .upload_id(&upload.upload_id)
            .multipart_upload(completed);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => self.unless_completed(upload, "CompleteMultipartUpload", error).await,
        }
    }

    /// The tags of the parts that were written, by number.
    async fn tags(&self, upload: &Upload) -> Result<BTreeMap<i32, String>, SdkError<ListPartsError>> {
        let request = self.client.list_parts().bucket(&*self.bucket).key(&upload.key).upload_id(&upload.upload_id);
        let mut pages = request.into_paginator().send();
        let mut tags = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let parts = page?.parts.unwrap_or_default();
            tags.extend(parts.into_iter().filter_map(|part| part.part_number.zip(part.e_tag)));
        }
        Ok(tags)
    }

    /// An unknown upload was completed if its object exists.
    async fn unless_completed<Error>(
        &self,
        upload: &Upload,
        operation: &'static str,
        error: SdkError<Error>,
    ) -> Result<(), Fault>
    where
        Error: ProvideErrorMetadata + std::error::Error + 'static,
    {
        if is_unknown(&error) && self.size(&upload.key).await?.is_some() {
            return Ok(());
        }
        Err(unavailable(operation)(error))
    }

    /// The uploads to keys with this prefix that were neither completed nor aborted.
    pub async fn open_uploads(&self, prefix: &str) -> Result<Vec<Upload>, Fault> {
        let request = self.client.list_multipart_uploads().bucket(&*self.bucket).prefix(prefix);
        let (mut uploads, mut after) = (Vec::new(), (None, None));
        loop {
            let (key, upload_id) = after;
            let page = request.clone().set_key_marker(key).set_upload_id_marker(upload_id).send().await;
            let page = page.map_err(unavailable("ListMultipartUploads"))?;
            let found = page.uploads.unwrap_or_default().into_iter();
            uploads.extend(found.filter_map(|found| Some(Upload { key: found.key?, upload_id: found.upload_id? })));
            if page.is_truncated != Some(true) {
                return Ok(uploads);
            }
            after = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    /// Deletes the parts of an upload that was not completed. Idempotent.
    pub async fn abort(&self, upload: &Upload) -> Result<(), Fault> {
        let request =
            (self.client.abort_multipart_upload().bucket(&*self.bucket).key(&upload.key)).upload_id(&upload.upload_id);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_unknown(&error) => Ok(()),
            Err(error) => Err(unavailable("AbortMultipartUpload")(error)),
        }
    }
}

fn completed(tags: &BTreeMap<i32, String>, parts: usize) -> Result<CompletedMultipartUpload, Fault> {
    let never_written = |number| Fault::Unavailable {
        operation: "CompleteMultipartUpload",
        reason: format!("part {number} of {parts} was never written"),
    };
    let part = |number| {
        let tag = tags.get(&number).ok_or_else(|| never_written(number))?;
        Ok(CompletedPart::builder().part_number(number).e_tag(tag).build())
    };
    let parts = (1..=part_number(parts)).map(part).collect::<Result<_, _>>()?;
    Ok(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
}

/// Whether an upload was completed or aborted, or never begun.
fn is_unknown<Error: ProvideErrorMetadata>(error: &SdkError<Error>) -> bool {
    error.code() == Some("NoSuchUpload")
}

fn part_number(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
