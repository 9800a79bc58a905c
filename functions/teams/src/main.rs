//! The teams function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::http(teams::routes())
}
