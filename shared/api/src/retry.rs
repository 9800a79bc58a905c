//! Deciding anew when others were quicker.

use rollcall_domain::{Code, limits::MAX_REDECISIONS};

use crate::Problem;

/// Runs load → decide → commit again as long as it loses against other changes, a bounded number of times.
///
/// Each round decides on what it read itself, so nobody's change is lost; and a stale `If-Match` shows in the round
/// that reads the newer version.
pub async fn retry_on_conflict<T, Decided>(decide: impl Fn() -> Decided) -> Result<T, Problem>
where
    Decided: Future<Output = Result<T, Problem>>,
{
    for _ in 1..MAX_REDECISIONS {
        match decide().await {
            Err(problem) if problem.is(Code::Conflict) => {}
            retry_on_conflict => return retry_on_conflict,
        }
    }
    decide().await
}
