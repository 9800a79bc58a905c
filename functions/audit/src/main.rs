//! The audit function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(audit::routes())
}
