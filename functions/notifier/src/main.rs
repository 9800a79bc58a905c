//! The notifier function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::event_with(notifier::Channels::read, notifier::run)
}
