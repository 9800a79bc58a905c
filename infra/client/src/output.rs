//! The standard output, which has the JSON or the file that a command is asked for, and nothing else.

use std::io::{self, ErrorKind, Write};

use reqwest::Response;
use serde_json::Value;

use crate::{failure::Failure, server::media_type};

/// Prints a line, or several.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    written(writeln!(io::stdout(), "{text}"))
}

/// Prints a value.
pub(crate) fn print(value: &Value) -> Result<(), Failure> {
    written(writeln!(io::stdout(), "{value:#}"))
}

/// Prints the content of a reply: JSON in lines, a file as it is.
pub(crate) async fn print_reply(mut response: Response) -> Result<(), Failure> {
    if media_type(&response) == "application/json" {
        return print(&response.json().await.map_err(Failure::connection)?);
    }
    let mut out = io::stdout();
    while let Some(chunk) = response.chunk().await.map_err(Failure::connection)? {
        written(out.write_all(&chunk))?;
    }
    written(out.flush())
}

/// Who closed the output has read enough.
fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::refused(format!("cannot write: {error}"))),
        Ok(()) | Err(_) => Ok(()),
    }
}
