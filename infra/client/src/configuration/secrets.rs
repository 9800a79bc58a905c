//! Where the secrets of new webhooks go: each is shown once, and nobody can ask for it again.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use serde_json::json;

use super::object::ObjectName;
use crate::failure::Failure;

/// The place for secrets.
#[derive(Debug)]
pub(super) enum Secrets {
    /// The standard output, among the steps.
    Output,
    /// A file that nobody else can read, with a line of JSON for each.
    File(File),
}

impl Secrets {
    /// Opens the file before anything is changed, so that no secret is without a place. It replaces no other.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Output) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let failed = |error| Failure::refused(format!("cannot create {} for the secrets: {error}", path.display()));
        file.map(Self::File).map_err(failed)
    }

    /// Hands a secret over.
    pub(super) fn write(&mut self, name: &ObjectName, secret: &str) -> Result<(), Failure> {
        let written = match self {
            Self::Output => writeln!(io::stdout(), "    Its secret, which is shown only now:\n    {secret}"),
            Self::File(file) => {
                let line = json!({"team": name.team, "url": name.name, "secret": secret});
                writeln!(file, "{line}").and_then(|()| file.sync_all())
            }
        };
        let lost = |error| format!("the secret of the {name} could not be written and is lost: {error}\nRotate it.");
        written.map_err(|error| Failure::refused(lost(error)))
    }
}
