//! The `teams` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(teams::routes())
}
