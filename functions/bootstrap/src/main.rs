//! The `bootstrap` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::event(bootstrap::run)
}
