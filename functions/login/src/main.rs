//! The login function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(login::routes())
}
