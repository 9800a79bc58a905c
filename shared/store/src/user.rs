//! Users, their credentials, and the set of those who run the platform.

use rollcall_domain::{
    Code, Timestamp,
    id::{TeamId, UserId},
    team::Team,
    text::Login,
    user::User,
};
use serde::{Deserialize, Serialize};

use crate::{
    app::admins,
    commit::{Commit, Meaning, Write},
    error::Fault,
    item::{from_item, indexed, number, string, to_item, value},
    keys,
    table::Store,
};

/// What a login is proved with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// Whose it is.
    pub user_id: UserId,
    /// The peppered Argon2id hash, in PHC form.
    pub password_hash: String,
    /// The id of the key that peppered it.
    pub pepper: String,
}

#[derive(Deserialize)]
struct SuperAdmins {
    user_ids: Vec<UserId>,
}

impl Store {
    /// The credential of a login. A login that could not exist is looked up like one that nobody has.
    pub async fn credential(&self, login: Option<&Login>) -> Result<Option<Credential>, Fault> {
        self.get(&keys::credential(login)).await
    }

    /// The user of this id.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, Fault> {
        self.get(&keys::user(user_id)).await
    }

    /// The teams of these ids, by id.
    pub async fn teams(&self, team_ids: impl IntoIterator<Item = TeamId>) -> Result<Vec<Team>, Fault> {
        let keys: Vec<_> = team_ids.into_iter().map(keys::team).collect();
        let items = self.batch_get(&keys).await?;
        let mut teams = items.into_iter().map(from_item).collect::<Result<Vec<Team>, _>>()?;
        teams.sort_unstable_by_key(|team| team.team_id);
        Ok(teams)
    }

    /// The enabled super admins; none before the platform is set up.
    pub async fn super_admins(&self) -> Result<Vec<UserId>, Fault> {
        let set: Option<SuperAdmins> = self.get(&keys::super_admins()).await?;
        Ok(set.map(|set| set.user_ids).unwrap_or_default())
    }
}

/// A new user and what its login is proved with.
pub fn create(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    Ok(Commit::new([
        put_user(user)?.only_if_absent(Code::Conflict),
        put_credential(&user.login, credential)?.only_if_absent(Code::Conflict),
    ]))
}

/// The first super admin: there must be none yet.
pub fn found(user: &User, credential: &Credential) -> Result<Commit, Fault> {
    let values = vec![(":ids", admins([user.user_id.to_string()]))];
    let founding = Write::update(keys::super_admins(), "SET #user_ids = :ids", values);
    Ok(create(user, credential)?.and(founding.only_if_absent(Code::SuperAdminExists)))
}

/// A new state of a user together with a new password.
pub fn reset(before: &User, after: &User, credential: &Credential) -> Result<Commit, Fault> {
    Ok(Commit::new([put_user(after)?.only_if_version(before.version), put_credential(&after.login, credential)?]))
}

/// Remembers when a user signed in, which is no change of the user. What was checked must still hold: the password's
/// hash, and the epoch that every reset and every loss of rights raises.
pub fn signed_in(user: &User, credential: &Credential, now: Timestamp) -> Result<[Write; 2], Fault> {
    let refused = Meaning::Always(Code::InvalidCredentials);
    let hash = vec![(":hash", string(&credential.password_hash))];
    let proof = Write::check(keys::credential(Some(&user.login))).only_if("#password_hash = :hash", hash, refused);
    let seen = vec![(":now", string(now.to_string()))];
    let epoch = vec![(":epoch", number(user.epoch)), (":status", value(&user.status)?)];
    let unchanged = "#epoch = :epoch AND #status = :status";
    let user = Write::update(keys::user(user.user_id), "SET #last_login_at = :now", seen);
    Ok([proof, user.only_if(unchanged, epoch, refused)])
}

/// A team as it is.
pub fn put_team(team: &Team) -> Result<Write, Fault> {
    Ok(Write::put(to_item(&keys::team(team.team_id), team)?))
}

fn put_user(user: &User) -> Result<Write, Fault> {
    Ok(Write::put(indexed(to_item(&keys::user(user.user_id), user)?, keys::users_index(user.user_id))))
}

fn put_credential(login: &Login, credential: &Credential) -> Result<Write, Fault> {
    Ok(Write::put(to_item(&keys::credential(Some(login)), credential)?))
}
