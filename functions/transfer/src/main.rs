//! The transfer function, on Lambda.

fn main() -> std::process::ExitCode {
    rollcall_api::event_with(rollcall_objects::of, transfer::run)
}
