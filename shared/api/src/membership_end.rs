//! The end of a membership, on the user's side.

use rollcall_domain::{
    Timestamp,
    audit::{Action, Change},
    id::TeamId,
    user::{User, change},
};
use rollcall_store::{Commit, credential::CredentialChange};

use crate::problem::Problem;

/// What a user's leaving of a team writes on the user's side, and the change that the log records beside that of the
/// membership. A service account of the team is deleted.
pub fn without_team(user: &User, team_id: TeamId, now: Timestamp) -> Result<(Commit, Option<Change>), Problem> {
    if user.home_team_id == Some(team_id) {
        let deletion = Change { team_id: Some(team_id), ..change(Action::UserDelete, Some(user), None) };
        return Ok((rollcall_store::user::delete(user)?, Some(deletion)));
    }
    let after = user.clone().without_team(team_id, now);
    Ok((rollcall_store::user::change(user, &after, CredentialChange::Kept)?, None))
}
