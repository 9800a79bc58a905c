//! The cleanup function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::event(cleanup::run)
}
