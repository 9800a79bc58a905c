//! The export function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(export::routes())
}
