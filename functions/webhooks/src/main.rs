//! The `webhooks` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(webhooks::routes())
}
