//! The users function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(users::routes())
}
