//! A count on the standard error of what a command has done, if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A count without a known end.
pub(crate) fn counter(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {human_pos}, {elapsed}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())).with_message(what)
}
