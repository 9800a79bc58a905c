//! The filters of the list of users.

use rollcall_api::{Context, Parameters, Problem};
use rollcall_domain::{
    Timestamp,
    id::{TeamId, UserId},
    limits::MAX_PAGE,
    permission::UserType,
    search::SearchText,
    user::{Status, User},
};
use rollcall_store::Page;

/// Which users the caller asks for. All filters apply together.
pub(crate) struct UserFilter {
    user_type: Option<UserType>,
    team_id: Option<TeamId>,
    status: Option<Status>,
    /// A part of the username, the login or the email, or a whole `user_id`.
    text: Option<SearchText>,
}

impl UserFilter {
    pub(crate) fn read(parameters: &mut Parameters) -> Self {
        Self {
            user_type: parameters.field("type"),
            team_id: parameters.field("team_id"),
            status: parameters.field("status"),
            text: parameters.field("q"),
        }
    }

    /// Reads candidates by id, after `after`: users of one team if the filter names one, otherwise all.
    pub(crate) async fn users(
        &self,
        context: &Context,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Page<User>, Problem> {
        let takes_all = self.user_type.is_none() && self.status.is_none() && self.text.is_none();
        let limit = if takes_all { limit } else { MAX_PAGE };
        let Some(team_id) = self.team_id else { return Ok(context.store.users(after, limit).await?) };
        match context.store.team(team_id).await? {
            Some(_) => Ok(context.store.users_of_team(team_id, after, limit).await?),
            None => Ok(Page { items: Vec::new(), next: None }),
        }
    }

    pub(crate) fn matches(&self, user: &User, now: Timestamp) -> bool {
        let has_text = |text: &SearchText| {
            let email = user.email.as_ref().map_or("", |email| email.as_str());
            [user.username.as_str(), user.login.as_str(), email].iter().any(|part| text.is_in(part))
                || user.user_id.to_string() == text.as_str()
        };
        self.user_type.is_none_or(|wanted| user.user_type == wanted)
            && self.team_id.is_none_or(|wanted| user.teams.role_at(wanted, now).is_some())
            && self.status.is_none_or(|wanted| user.status == wanted)
            && self.text.as_ref().is_none_or(has_text)
    }
}
