//! The `registration` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(registration::routes())
}
