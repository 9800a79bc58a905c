//! The operations of S3 that Rollcall uses. All others get status 501.

use std::{fs, io, path::PathBuf, time::UNIX_EPOCH};

use async_trait::async_trait;
use s3s::{
    S3, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput, CreateMultipartUploadOutput,
        DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput,
        HeadObjectOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsV2Input,
        ListObjectsV2Output, ListPartsInput, ListPartsOutput, MultipartUpload, Object, PutObjectInput, PutObjectOutput,
        StreamingBlob, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{
    BUCKET,
    files::{Files, MAX_WRITE_BYTES, Part, failed},
};

/// The smallest part but the last, and the highest number of a part, as in S3.
const MIN_PART_BYTES: u64 = rollcall_objects::MIN_PART_BYTES as u64;
const MAX_PARTS: i32 = 10_000;

/// The most parts of one list.
const MAX_LISTED_PARTS: usize = 1_000;

/// How many bytes of a file are read at once.
const READ_BYTES: usize = 256 * 1024;

#[async_trait]
impl S3 for Files {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let GetObjectInput { bucket, key, range, if_match, .. } = request.input;
        check(&bucket)?;
        let mut file = tokio::fs::File::open(self.object(&key)).await.map_err(missing)?;
        let metadata = file.metadata().await.map_err(failed)?;
        if let Some(ETagCondition::ETag(wanted)) = if_match
            && wanted != tag(&metadata)?
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let whole = 0..metadata.len();
        let read = range.map_or(Ok(whole.clone()), |range| range.check(metadata.len()))?;
        file.seek(io::SeekFrom::Start(read.start)).await.map_err(failed)?;
        let content = ReaderStream::with_capacity(file.take(read.end - read.start), READ_BYTES);
        let content_range =
            range.map(|_| format!("bytes {}-{}/{}", read.start, read.end.saturating_sub(1), metadata.len()));
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::wrap(content)),
            content_length: Some(signed(read.end - read.start)),
            content_range,
            content_type: self.read_media_type(&key).await?,
            e_tag: Some(tag(&metadata)?),
            last_modified: Some(metadata.modified().map_err(failed)?.into()),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let HeadObjectInput { bucket, key, .. } = request.input;
        check(&bucket)?;
        let metadata = tokio::fs::metadata(self.object(&key)).await.map_err(missing)?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(signed(metadata.len())),
            content_type: self.read_media_type(&key).await?,
            e_tag: Some(tag(&metadata)?),
            last_modified: Some(metadata.modified().map_err(failed)?.into()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let ListObjectsV2Input { bucket, prefix, .. } = request.input;
        check(&bucket)?;
        let keys = self.keys(prefix.unwrap_or_default()).await?;
        let listed = |key| Object { key: Some(key), ..Object::default() };
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(bucket),
            is_truncated: Some(false),
            contents: Some(keys.into_iter().map(listed).collect()),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let ListMultipartUploadsInput { bucket, prefix, .. } = request.input;
        check(&bucket)?;
        let uploads = self.uploads(prefix.unwrap_or_default()).await?;
        let listed = |(key, id)| MultipartUpload { key: Some(key), upload_id: Some(id), ..MultipartUpload::default() };
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(bucket),
            is_truncated: Some(false),
            uploads: Some(uploads.into_iter().map(listed).collect()),
            ..ListMultipartUploadsOutput::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput { bucket, key, content_type, body, content_length, .. } = request.input;
        check(&bucket)?;
        check_length(content_length)?;
        self.write(&key, content_type, content(body)).await?;
        let metadata = tokio::fs::metadata(self.object(&key)).await.map_err(failed)?;
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(tag(&metadata)?), ..PutObjectOutput::default() }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput { bucket, key, .. } = request.input;
        check(&bucket)?;
        self.delete(&key).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let CreateMultipartUploadInput { bucket, key, content_type, .. } = request.input;
        check(&bucket)?;
        let upload_id = self.begin(key.clone(), content_type).await?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(upload_id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let UploadPartInput { bucket, key, upload_id, part_number, body, content_length, .. } = request.input;
        check(&bucket)?;
        check_length(content_length)?;
        if !(1..=MAX_PARTS).contains(&part_number) {
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and {MAX_PARTS}"));
        }
        let part = self.write_part(&upload_id, &key, part_number, content(body)).await?;
        let metadata = tokio::fs::metadata(part).await.map_err(failed)?;
        Ok(S3Response::new(UploadPartOutput { e_tag: Some(tag(&metadata)?), ..UploadPartOutput::default() }))
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let ListPartsInput { bucket, key, upload_id, max_parts, part_number_marker, .. } = request.input;
        check(&bucket)?;
        let mut parts = self.parts(&upload_id, &key).await?;
        parts.retain(|part| part_number_marker.is_none_or(|marker| part.number > marker));
        let most = max_parts.and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_LISTED_PARTS);
        let most = most.min(MAX_LISTED_PARTS);
        let is_truncated = parts.len() > most;
        parts.truncate(most);
        let listed = |part: &Part| {
            Ok(s3s::dto::Part {
                part_number: Some(part.number),
                size: Some(signed(part.metadata.len())),
                e_tag: Some(tag(&part.metadata)?),
                ..s3s::dto::Part::default()
            })
        };
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(upload_id),
            is_truncated: Some(is_truncated),
            next_part_number_marker: parts.last().map(|part| part.number),
            parts: Some(parts.iter().map(listed).collect::<S3Result<_>>()?),
            ..ListPartsOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let CompleteMultipartUploadInput { bucket, key, upload_id, multipart_upload, .. } = request.input;
        check(&bucket)?;
        let asked = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let parts = chosen(&self.parts(&upload_id, &key).await?, &asked)?;
        self.complete(&upload_id, &key, parts).await?;
        let metadata = tokio::fs::metadata(self.object(&key)).await.map_err(failed)?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(tag(&metadata)?),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let AbortMultipartUploadInput { bucket, key, upload_id, .. } = request.input;
        check(&bucket)?;
        self.abort(&upload_id, &key).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

/// The files of the parts that a request names, if each was written as it says.
fn chosen(parts: &[Part], asked: &[CompletedPart]) -> S3Result<Vec<PathBuf>> {
    if !asked.is_sorted_by(|one, next| one.part_number < next.part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let mut chosen = Vec::with_capacity(asked.len());
    for (index, asked_part) in asked.iter().enumerate() {
        let part = parts.iter().find(|part| Some(part.number) == asked_part.part_number);
        let part = part.ok_or_else(|| s3_error!(InvalidPart))?;
        if asked_part.e_tag.as_ref() != Some(&tag(&part.metadata)?) {
            return Err(s3_error!(InvalidPart));
        }
        if index + 1 < asked.len() && part.metadata.len() < MIN_PART_BYTES {
            return Err(s3_error!(EntityTooSmall));
        }
        chosen.push(part.path.clone());
    }
    if chosen.is_empty() { Err(s3_error!(MalformedXML, "An upload has at least one part")) } else { Ok(chosen) }
}

fn check(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
}

/// Refuses a body that says beforehand that it is too long.
fn check_length(content_length: Option<i64>) -> S3Result<()> {
    let is_too_long =
        content_length.is_some_and(|length| u64::try_from(length).is_ok_and(|bytes| bytes > MAX_WRITE_BYTES));
    if is_too_long { Err(s3_error!(EntityTooLarge)) } else { Ok(()) }
}

fn content(body: Option<StreamingBlob>) -> StreamingBlob {
    body.unwrap_or_else(|| StreamingBlob::from(s3s::Body::empty()))
}

fn missing(error: io::Error) -> s3s::S3Error {
    if error.kind() == io::ErrorKind::NotFound { s3_error!(NoSuchKey) } else { failed(error) }
}

/// A tag that changes when the file is written again. Clients take tags as they are, so it needs no digest.
fn tag(metadata: &fs::Metadata) -> S3Result<ETag> {
    let modified = metadata.modified().map_err(failed)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(ETag::Strong(format!("{:x}-{:x}", modified.as_nanos(), metadata.len())))
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
