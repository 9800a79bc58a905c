//! The `jobs` Lambda function.

fn main() -> std::process::ExitCode {
    rollcall_api::run::http_with(rollcall_objects::of, jobs::routes())
}
