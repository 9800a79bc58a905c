//! The `accounts` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(accounts::routes())
}
