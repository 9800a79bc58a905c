//! The `export` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(export::routes())
}
