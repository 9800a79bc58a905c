//! Looks for an order of a round's operations that explains the state after the round and every response.

use rollcall_domain::Code;

use super::{
    operation::Operation,
    rules::{CallerSession, Outcome},
    state::State,
};
use crate::support::UNKNOWN_ID;

/// An operation and its response.
#[derive(Debug)]
pub struct Completed {
    pub caller: CallerSession,
    pub operation: Operation,
    /// The id of what was created, empty if nothing was; or the code of the refusal.
    pub result: Result<String, Code>,
    /// Whether the caller has used up their attempts at invitation codes.
    pub is_throttled: bool,
    /// Identifies the audit records of the request.
    pub request_id: String,
    pub status: u16,
}

impl Completed {
    fn outcome(&self, state: &State) -> Outcome {
        let new_id =
            self.result.as_ref().map_or(UNKNOWN_ID, |new_id| if new_id.is_empty() { UNKNOWN_ID } else { new_id });
        state.after(&self.caller, &self.operation, new_id)
    }

    /// Whether this state explains the refusal: the operation is refused so here, or the caller lost a right while
    /// their request ran.
    fn is_explained(&self, state: &State, code: Code, is_alone: bool) -> bool {
        let Err(expected) = self.outcome(state) else { return false };
        let is_concurrent_loss = match expected {
            // The caller was deleted, disabled or signed out meanwhile. The request may have noticed that by the
            // condition on their rights, or by what the rights apply to.
            Code::Unauthenticated => {
                matches!(code, Code::Forbidden | Code::NotFound | Code::LastSuperAdmin | Code::LastTeamAdmin)
            }
            Code::Forbidden | Code::NotFound => matches!(code, Code::Forbidden | Code::LastTeamAdmin),
            // A body that names a team of which the caller is no longer a member is refused as if the team did not
            // exist.
            Code::ValidationFailed => matches!(self.operation, Operation::CreateApp { .. }) && code == Code::Forbidden,
            _ => false,
        };
        expected == code || (is_concurrent_loss && !is_alone)
    }
}

/// Whether some order of the operations leads to `found`: each successful operation succeeds in its turn, and each
/// refused one would be refused in the same way at some point. A conflict may be reported only if there were concurrent
/// requests.
pub fn is_explained(before: &State, found: &State, completed: &[Completed]) -> bool {
    let is_alone = completed.len() == 1;
    // A caller whose role changes while they use it is refused, even if the new role has the permission, too.
    let is_caller_moved = |of: &Completed| {
        let is_move =
            |operation: &Operation| matches!(operation, Operation::Move { user, .. } if Some(*user) == of.caller.user);
        completed.iter().any(|other| other.result.is_ok() && is_move(&other.operation))
    };
    let is_explained_alone = |it: &&Completed| match it.result {
        Err(Code::Conflict) => !is_alone,
        Err(Code::TooManyAttempts) => it.is_throttled,
        Err(Code::Forbidden) => is_caller_moved(it),
        _ => false,
    };
    let refused: Vec<_> = completed.iter().filter(|it| it.result.is_err() && !is_explained_alone(it)).collect();
    let successes: Vec<_> = completed.iter().filter(|it| it.result.is_ok()).collect();
    search(before, found, &successes, &refused, is_alone)
}

fn search(state: &State, found: &State, successes: &[&Completed], refused: &[&Completed], is_alone: bool) -> bool {
    let is_unexplained =
        |it: &&&Completed| !it.result.as_ref().is_err_and(|code| it.is_explained(state, *code, is_alone));
    let refused: Vec<_> = refused.iter().filter(is_unexplained).copied().collect();
    if successes.is_empty() {
        return refused.is_empty() && state == found;
    }
    (0..successes.len()).any(|index| {
        let rest: Vec<_> = successes.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, it)| *it).collect();
        successes[index].outcome(state).is_ok_and(|next| search(&next, found, &rest, &refused, is_alone))
    })
}
