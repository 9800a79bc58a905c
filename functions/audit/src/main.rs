//! The `audit` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(audit::routes())
}
