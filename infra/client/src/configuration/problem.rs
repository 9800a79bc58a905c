//! What is wrong with a file, and where.

use std::fmt::{self, Display};

use serde_saphyr::Location;

use crate::failure::Failure;

/// A place in a file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    line: u64,
    column: u64,
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

impl Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// A mistake, with what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    /// `None` if it concerns the file as a whole.
    pub(super) place: Option<Place>,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn at(place: Place, text: impl Into<String>) -> Self {
        Self { place: Some(place), text: text.into() }
    }
}

/// The refusal of a file, with a line for each problem, in the order of the file.
pub(super) fn refusal(path: &str, mut problems: Vec<Problem>) -> Failure {
    problems.sort();
    let path = if path == "-" { "standard input" } else { path };
    let lines = problems.iter().map(|Problem { place, text }| match place {
        Some(place) => format!("\n{path}:{place}: {text}"),
        None => format!("\n{path}: {text}"),
    });
    Failure::refused(format!("the file cannot be used; nothing was changed{}", lines.collect::<String>()))
}
