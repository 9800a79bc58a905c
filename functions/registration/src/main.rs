//! The registration function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(registration::routes())
}
