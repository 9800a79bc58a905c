//! The accounts function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(accounts::routes())
}
