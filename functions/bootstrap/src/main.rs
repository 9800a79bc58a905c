//! The bootstrap function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::event(bootstrap::run)
}
