//! The uploaded file of an import that waits for its start.

use rollcall_api::Problem;
use rollcall_domain::{
    Code, Refusal,
    job::{Job, JobStatus},
};
use rollcall_files::read::Unreadable;
use rollcall_objects::Objects;
use transfer::Uploaded;

/// The file of an import that waits for its start or, although the file is there, still for its upload.
pub(crate) async fn uploaded(objects: &Objects, job: &Job) -> Result<Uploaded, Problem> {
    let is_waiting = matches!(job.status, JobStatus::AwaitingUpload | JobStatus::AwaitingStart);
    if !is_waiting {
        return Err(Code::WrongStatus.into());
    }
    let uploaded = Uploaded::find(objects, job).await?;
    uploaded.ok_or_else(|| Refusal::new(Code::WrongStatus, "The file is not uploaded yet.").into())
}

/// The refusal of a file that cannot be read.
pub(crate) fn unreadable(unreadable: Unreadable) -> Problem {
    match unreadable {
        Unreadable::Io(error) => Problem::Unavailable(format!("an uploaded file cannot be read: {error}")),
        other => Refusal::new(Code::UnreadableFile, other.to_string()).into(),
    }
}
