//! The `me` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::http(me::routes())
}
