//! Why a command failed: what it prints, and its exit code.

use std::{error::Error, process::ExitCode};

use serde_json::Value;

/// The end of a command that did not do what it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    exit: Exit,
    /// The code of the problem with which the server refused.
    code: Option<String>,
    message: String,
}

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// The server refused, the job failed for some rows, or going on would not be safe.
    Refused = 1,
    /// The command line is wrong. Clap uses the same code.
    Usage = 2,
    /// Nothing of Rollcall answers.
    NoServer = 3,
    /// The custom of shells: 128 and the number of SIGINT.
    Interrupted = 130,
}

impl Failure {
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::new(Exit::Refused, reason)
    }

    /// A refusal of the server. The problem is printed as it came, so that programs can read it.
    pub(crate) fn problem(problem: &Value) -> Self {
        let code = problem["code"].as_str().map(str::to_owned);
        Self { exit: Exit::Refused, code, message: format!("{problem:#}") }
    }

    pub(crate) fn usage(reason: impl Into<String>) -> Self {
        Self::new(Exit::Usage, reason)
    }

    pub(crate) fn no_server(reason: impl Into<String>) -> Self {
        Self::new(Exit::NoServer, reason)
    }

    /// A connection that could not be made, or was lost. URLs are left out: links to files are secrets.
    pub(crate) fn connection(error: reqwest::Error) -> Self {
        Self::no_server(with_causes(&error.without_url()))
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    fn new(exit: Exit, reason: impl Into<String>) -> Self {
        Self { exit, code: None, message: format!("rollcall: {}", reason.into()) }
    }

    /// Says also how to go on.
    pub(crate) fn advise(self, advice: &str) -> Self {
        Self { message: format!("{}\n{advice}", self.message), ..self }
    }

    /// Whether the server refused with the problem of this code.
    pub(crate) fn is_problem(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether somebody pressed Ctrl-C.
    pub(crate) fn is_interruption(&self) -> bool {
        self.exit == Exit::Interrupted
    }

    /// Whether no server answered, or the connection was lost.
    pub(crate) fn is_no_server(&self) -> bool {
        self.exit == Exit::NoServer
    }

    /// Prints the reason and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("{}", self.message);
        ExitCode::from(self.exit as u8)
    }
}

/// An error and what it was caused by. The HTTP client's own words do not say why a connection failed.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
