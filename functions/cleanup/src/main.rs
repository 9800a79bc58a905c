//! The `cleanup` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::event(cleanup::run)
}
