//! Whether what was found after a round, and every answer in it, comes of its operations one after the other, in some
//! order.

use rollcall_domain::Code;

use super::{
    choice::NOTHING,
    operation::Operation,
    rules::{Actor, Outcome},
    state::State,
};

/// An operation and what it was answered.
#[derive(Debug)]
pub struct Answered {
    pub actor: Actor,
    pub operation: Operation,
    /// The id of what it made, where it made something; or why it did nothing.
    pub answer: Result<String, Code>,
    /// Whether so many codes were tried that no more may be.
    pub is_throttled: bool,
    /// By which its audit records are found.
    pub request_id: String,
    pub status: u16,
}

impl Answered {
    fn outcome(&self, state: &State) -> Outcome {
        let made = self.answer.as_ref().map_or(NOTHING, |made| if made.is_empty() { NOTHING } else { made });
        state.after(&self.actor, &self.operation, made)
    }

    /// Whether a refusal is what comes of the operation as things are here, or of losing one's rights while it was
    /// done.
    fn is_explained(&self, state: &State, refused: Code, is_alone: bool) -> bool {
        let Err(due) = self.outcome(state) else { return false };
        let is_meanwhile = match due {
            // Whoever is nobody any more may have found its rights gone, or what it had them for.
            Code::Unauthenticated => {
                matches!(refused, Code::Forbidden | Code::NotFound | Code::LastSuperAdmin | Code::LastTeamAdmin)
            }
            Code::Forbidden | Code::NotFound => matches!(refused, Code::Forbidden | Code::LastTeamAdmin),
            // A team of which one is a member no more is an unknown one in a body.
            Code::ValidationFailed => {
                matches!(self.operation, Operation::CreateApp { .. }) && refused == Code::Forbidden
            }
            _ => false,
        };
        due == refused || (is_meanwhile && !is_alone)
    }
}

/// Whether some order of the operations comes to `found`, each that was done being possible when its turn comes, and
/// each that was refused being refused so at some moment. Only who meets others may be told of a conflict.
pub fn is_explained(before: &State, found: &State, answers: &[Answered]) -> bool {
    let is_alone = answers.len() == 1;
    // Whoever gets another role while it uses the one it had is refused, even if both would do.
    let is_moved = |of: &Answered| {
        let moves =
            |operation: &Operation| matches!(operation, Operation::Move { user, .. } if Some(*user) == of.actor.user);
        answers.iter().any(|it| it.answer.is_ok() && moves(&it.operation))
    };
    let is_passing = |it: &&Answered| match it.answer {
        Err(Code::Conflict) => !is_alone,
        Err(Code::TooManyAttempts) => it.is_throttled,
        Err(Code::Forbidden) => is_moved(it),
        _ => false,
    };
    let refused: Vec<_> = answers.iter().filter(|it| it.answer.is_err() && !is_passing(it)).collect();
    let done: Vec<_> = answers.iter().filter(|it| it.answer.is_ok()).collect();
    search(before, found, &done, &refused, is_alone)
}

fn search(state: &State, found: &State, done: &[&Answered], refused: &[&Answered], is_alone: bool) -> bool {
    let is_open = |it: &&&Answered| !it.answer.as_ref().is_err_and(|code| it.is_explained(state, *code, is_alone));
    let refused: Vec<_> = refused.iter().filter(is_open).copied().collect();
    if done.is_empty() {
        return refused.is_empty() && state == found;
    }
    (0..done.len()).any(|index| {
        let rest: Vec<_> = done.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, it)| *it).collect();
        done[index].outcome(state).is_ok_and(|next| search(&next, found, &rest, &refused, is_alone))
    })
}
