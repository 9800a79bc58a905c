//! Bars on the standard error, if it is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often something moves while nothing is known.
const TICK: Duration = Duration::from_millis(100);

/// A bar of the bytes of a file.
pub(crate) fn of_bytes(what: &str, total: u64) -> ProgressBar {
    bar("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}", what, Some(total))
}

/// A bar of the accounts or rows of a job, whose number may be unknown at first.
pub(crate) fn of_rows(what: &str) -> ProgressBar {
    bar("{msg} {wide_bar} {human_pos}/{human_len} {eta}", what, None)
}

/// Waits as long as a server asks for.
pub(crate) async fn wait(time: Duration) {
    let bar = ProgressBar::new_spinner().with_message(format!("The server asks to wait for {} s", time.as_secs()));
    bar.enable_steady_tick(TICK);
    tokio::time::sleep(time).await;
    bar.finish_and_clear();
}

fn bar(template: &str, what: &str, total: Option<u64>) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    bar.with_style(style).with_message(what.to_owned())
}
