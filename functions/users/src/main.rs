//! The `users` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(users::routes())
}
