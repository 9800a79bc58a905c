//! The `login` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(login::routes())
}
