//! The console function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(console::routes())
}
