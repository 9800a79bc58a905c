//! Retrying a decision that lost against a concurrent change.

use rollcall_domain::{Code, limits::MAX_CONFLICT_RETRIES};

use crate::problem::Problem;

/// Runs load → decide → commit again, a bounded number of times, while the commit answers `conflict`.
///
/// Each round decides on what it has read itself, so no concurrent change is lost; a stale `If-Match` shows in the
/// round that reads the newer version.
pub async fn retry_on_conflict<T, Decided>(decide: impl Fn() -> Decided) -> Result<T, Problem>
where
    Decided: Future<Output = Result<T, Problem>>,
{
    for _ in 1..MAX_CONFLICT_RETRIES {
        match decide().await {
            Err(problem) if problem.is(Code::Conflict) => {}
            decided => return decided,
        }
    }
    decide().await
}
