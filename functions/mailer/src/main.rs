//! The mailer function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::event_with(mailer::Sender::read, mailer::run)
}
