//! `rollcall end-sessions`: ends the sessions of all users, such as those that a restored backup has brought back.

use futures_util::{StreamExt, TryStreamExt, stream};
use rollcall_api::{Authority, Context, Plan, Problem, retry_on_conflict};
use rollcall_domain::{audit::Action, id::UserId, user::change};
use rollcall_store::credential::CredentialChange;

use crate::{
    place::{Opened, Place},
    progress::counter,
};

/// Users of one page.
const PAGE: usize = 100;

/// Users who are written at once.
const USERS_AT_ONCE: usize = 8;

/// Ends the sessions of all users and, with `keys`, their API keys. Returns the number of users.
///
/// If it fails, some users keep theirs. Another run ends all of them again, which does no harm.
pub async fn end_sessions(place: &Place, keys: bool) -> Result<u64, String> {
    let opened = Opened::open(place).await?;
    let (context, progress) = (&opened.context, counter("Users:"));
    let mut after = None;
    loop {
        let page = context.store.users(after, PAGE).await.map_err(|fault| fault.to_string())?;
        let ended = stream::iter(page.items).map(async |user| {
            end(context, user.user_id, keys).await?;
            progress.inc(1);
            Ok::<_, Problem>(())
        });
        let ended = ended.buffer_unordered(USERS_AT_ONCE).try_collect::<()>().await;
        ended.map_err(|problem| format!("stopped after {} users: {problem}", progress.position()))?;
        let Some(next) = page.next else {
            progress.finish();
            return Ok(progress.position());
        };
        after = Some(UserId::parse(&next).ok_or_else(|| format!("the position {next} is no id of a user"))?);
    }
}

async fn end(context: &Context, user_id: UserId, keys: bool) -> Result<(), Problem> {
    retry_on_conflict(|| async {
        let Some(before) = context.store.user(user_id).await? else { return Ok(()) };
        let after = before.clone().signed_out_everywhere();
        let after = if keys { after.with_keys_ended() } else { after };
        let commit = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
        let change = change(Action::UserEndSessions, Some(&before), Some(&after));
        context.commit(Plan::new(Authority::System, commit).audit(change)).await?;
        Ok(())
    })
    .await
}
