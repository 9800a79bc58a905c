//! The invites function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(invites::routes())
}
