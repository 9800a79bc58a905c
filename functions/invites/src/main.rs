//! The `invites` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(invites::routes())
}
