//! What is logged, and how a function on Lambda logs it.
//!
//! The SDK and the runtime of Lambda log whole requests and replies at the levels DEBUG and TRACE: passwords as a
//! browser sent them, and their hashes as they are stored. So these two levels are for Rollcall's own crates.

use std::io::IsTerminal;

use lambda_http::tracing::{
    Level, Metadata,
    subscriber::{
        self,
        filter::{EnvFilter, FilterFn, LevelFilter, filter_fn},
        fmt,
        layer::SubscriberExt,
        util::SubscriberInitExt,
    },
};

/// A filter that drops what other crates log below INFO, whatever `RUST_LOG` asks for.
pub fn without_details_of_dependencies() -> FilterFn {
    filter_fn(|metadata: &Metadata<'_>| *metadata.level() <= Level::INFO || metadata.target().starts_with("rollcall"))
}

/// Whether the log is coloured: only on a terminal, and not against the wish of its user.
pub fn is_coloured(output: &impl IsTerminal) -> bool {
    output.is_terminal() && crate::config::environment("NO_COLOR").is_none()
}

/// Logs to standard output, as `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL` ask for. `RUST_LOG` refines the
/// level. Every line has its time: Lambda takes a line without one as one of the level INFO.
pub(crate) fn init_function() {
    let variable = crate::config::environment;
    let level = variable("AWS_LAMBDA_LOG_LEVEL").or_else(|| variable("RUST_LOG"));
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    let registry = subscriber::registry().with(filter).with(without_details_of_dependencies());
    // A log that cannot be written is no reason to fail a request.
    let format = fmt::layer().with_target(true).log_internal_errors(false);
    let format = format.with_ansi(is_coloured(&std::io::stdout()));
    if variable("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json")) {
        registry.with(format.json()).init();
    } else {
        registry.with(format).init();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use lambda_http::tracing::{self, Event, Subscriber, subscriber::layer};

    use super::*;

    /// Keeps the level and the target of each event.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<(Level, &'static str)>>>);

    impl<S: Subscriber> subscriber::Layer<S> for Logged {
        fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
            self.0.lock().unwrap().push((*event.metadata().level(), event.metadata().target()));
        }
    }

    #[test]
    fn other_crates_log_no_details() {
        let logged = Logged::default();
        let registry = subscriber::registry().with(without_details_of_dependencies()).with(logged.clone());
        ::tracing::subscriber::with_default(registry, || {
            tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", "a whole request");
            tracing::debug!(target: "lambda_runtime::requests", "a whole event");
            tracing::info!(target: "lambda_runtime", "started");
            tracing::trace!(target: "rollcall_api::password", "hashed");
        });
        let expected = [(Level::INFO, "lambda_runtime"), (Level::TRACE, "rollcall_api::password")];
        assert_eq!(*logged.0.lock().unwrap(), expected);
    }
}
