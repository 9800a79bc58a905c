//! The guards in the commits of teams, roles and invitations.

use rollcall_domain::{
    breaker::Breaker,
    credential::{Credential, PasswordHash},
    id::{CustomRoleId, InvitationId, TeamId},
    invitation::{Invitation, NewInvitation},
    limits::MAX_LIVE_INVITATIONS,
    new_user::NewUser,
    permission::{Permission, Preset, UserType},
    role::Role,
    role_id::RoleId,
    team::{LastAdmin, Member, Team},
    text::{Login, RoleName, TeamName, Username},
    user::User,
};
use rollcall_store::{
    Commit, breaker, invitation,
    member::{join, leave, still_authorised},
    role::{create_role, delete_role},
    team,
    throttle::ThrottleId,
    user,
};

use super::*;

impl Table {
    async fn team(&self) -> Team {
        let team_id = TeamId::new(self.clock.uuid().unwrap());
        // Tests of another implementation share one database, in which names are unique.
        let team = Team::create(team_id, TeamName::parse(&team_id.to_string()).unwrap(), self.now());
        self.writer().commit(team::create(&team, None).unwrap()).await.unwrap();
        team
    }

    /// A user who is a member of the team.
    async fn member(&self, team: &Team, role: &Role) -> User {
        let user_id = UserId::new(self.clock.uuid().unwrap());
        let login = Login::parse(&user_id.to_string()).unwrap();
        let user = NewUser::named(Username::parse("Mina").unwrap(), login, UserType::Member);
        let user = user.create(user_id, self.now()).joined(team.team_id, role.role_id.into(), self.now()).unwrap();
        let password = PasswordHash { phc: String::new(), pepper: String::new() };
        let member = Member::join(user_id, role.role_id.into(), self.now());
        let commit = user::create(&user, &Credential::new(user_id, Some(password))).unwrap();
        self.commit(commit.extended(join(team.team_id, (&user, &member), role).unwrap())).await.unwrap();
        user
    }

    async fn role(&self, team: &Team) -> (CustomRoleId, Role) {
        let role_id = CustomRoleId::new(self.clock.uuid().unwrap());
        let (name, permissions) = (RoleName::parse("Custom").unwrap(), [Permission::TeamRead].into());
        let role = Role { role_id: RoleId::Custom(role_id), name, permissions, version: 1 };
        self.commit(create_role(team.team_id, role_id, &role).unwrap()).await.unwrap();
        (role_id, role)
    }

    fn invitation(&self, team: &Team, role: &Role, issuer: &User) -> Invitation {
        let (role, team_id) = (role.clone(), team.team_id);
        let new = NewInvitation { team_id, role, login: None, note: None, membership_days: None };
        let hash = self.clock.uuid().unwrap().to_string();
        Invitation::issue(
            new,
            InvitationId::new(self.clock.uuid().unwrap()),
            ("42".to_owned(), hash),
            issuer,
            self.now(),
        )
    }

    async fn commit(&self, commit: Commit) -> Result<(), Code> {
        refused(self.writer().commit(commit).await)
    }
}

#[tokio::test]
async fn the_last_admin_of_a_team_cannot_leave_unless_permitted() {
    let table = Table::new().await;
    let (team, admin) = (table.team().await, Role::from(Preset::Admin));
    let (one, other) = (table.member(&team, &admin).await, table.member(&team, &admin).await);
    let team = table.store.team(team.team_id).await.unwrap().unwrap();
    assert_eq!(team.admins, [one.user_id, other.user_id].into());
    let leave_team =
        |user: &User, last| Commit::new(leave(&team, user, (admin.role_id.into(), &admin), last, table.now()));
    table.commit(leave_team(&one, LastAdmin::Protected)).await.unwrap();
    assert_eq!(table.commit(leave_team(&other, LastAdmin::Protected)).await, Err(Code::LastTeamAdmin));
    assert_eq!(table.store.member(team.team_id, other.user_id).await.unwrap().map(|member| member.version), Some(1));
    table.commit(leave_team(&other, LastAdmin::Removable)).await.unwrap();
    assert!(table.store.members(team.team_id, table.now()).await.unwrap().is_empty());
    assert!(table.store.team(team.team_id).await.unwrap().unwrap().admins.is_empty());
}

#[tokio::test]
async fn a_commit_requires_the_unchanged_role_of_the_actor() {
    let table = Table::new().await;
    let team = table.team().await;
    let (_, role) = table.role(&team).await;
    let user = table.member(&team, &role).await;
    let check =
        |role: &Role| Commit::new(still_authorised(&user, Some((team.team_id, role)), table.now(), Code::Forbidden));
    table.commit(check(&role)).await.unwrap();
    assert_eq!(table.commit(check(&Preset::Developer.into())).await, Err(Code::Forbidden));
    assert_eq!(table.commit(check(&Role { version: 2, ..role })).await, Err(Code::Conflict));
}

#[tokio::test]
async fn a_role_in_use_cannot_be_deleted() {
    let table = Table::new().await;
    let team = table.team().await;
    let (role_id, role) = table.role(&team).await;
    let user = table.member(&team, &role).await;
    let delete = || delete_role(team.team_id, role_id, &role);
    assert_eq!(table.commit(delete()).await, Err(Code::RoleInUse));
    let departure = leave(&team, &user, (role.role_id.into(), &role), LastAdmin::Protected, table.now());
    table.commit(Commit::new(departure)).await.unwrap();
    table.commit(delete()).await.unwrap();
    assert_eq!(table.store.role(team.team_id, role.role_id).await.unwrap(), None);
    assert_eq!(table.commit(delete()).await, Err(Code::NotFound));
}

#[tokio::test]
async fn an_invitation_ends_once_together_with_its_code() {
    let table = Table::new().await;
    let (team, role) = (table.team().await, Role::from(Preset::Developer));
    let issuer = table.member(&team, &Preset::Admin.into()).await;
    let before = table.invitation(&team, &role, &issuer);
    table.commit(invitation::issue(&before).unwrap()).await.unwrap();
    let throttle = ThrottleId {
        kind: rollcall_domain::throttle::ThrottleKind::Redeemer,
        is_known_device: false,
        hash: "x".to_owned(),
    };
    let find = async || {
        let lookup = table
            .store
            .look_up_code(std::slice::from_ref(&throttle), &["none".to_owned(), before.code_hash.clone()])
            .await
            .unwrap();
        lookup.pointer
    };
    let pointer = find().await;
    let (invited, _) = table.store.invitation_details(&pointer, None).await.unwrap();
    let invited = invited.unwrap();
    assert_eq!((&invited.invitation, invited.issuer.user_id), (&before, issuer.user_id));
    let end = || invitation::end(&before, &before.clone().revoked(), &role).unwrap();
    table.commit(end()).await.unwrap();
    assert!(table.store.invitation_details(&find().await, None).await.unwrap().0.is_none());
    assert_eq!(table.commit(end()).await, Err(Code::Conflict));
}

#[tokio::test]
async fn a_team_has_at_most_a_hundred_live_invitations() {
    let table = Table::new().await;
    let (team, role) = (table.team().await, Role::from(Preset::Developer));
    let issuer = table.member(&team, &Preset::Admin.into()).await;
    let issue = async || {
        let invitation = table.invitation(&team, &role, &issuer);
        table.commit(invitation::issue(&invitation).unwrap()).await
    };
    for _ in 0..MAX_LIVE_INVITATIONS {
        issue().await.unwrap();
    }
    assert_eq!(issue().await, Err(Code::TooManyInvitations));
    assert_eq!(table.store.invitations(team.team_id, None, 60).await.unwrap().items.len(), 60);
}

#[tokio::test]
async fn a_team_with_applications_cannot_be_deleted() {
    let table = Table::new().await;
    let team = table.team().await;
    let new = NewApp { name: AppName::parse("App").unwrap(), team_id: Some(team.team_id) };
    let app = new.create(AppId::new(table.clock.uuid().unwrap()), table.now());
    table.commit(app::create(&app).unwrap()).await.unwrap();
    let delete = || team::delete(&team, team::NameMarker::Own, table.now()).unwrap();
    assert_eq!(table.commit(delete()).await, Err(Code::TeamNotEmpty));
    let elsewhere = App { team_id: None, version: 2, ..app.clone() };
    table.commit(app::change(&app, &elsewhere).unwrap()).await.unwrap();
    table.commit(delete()).await.unwrap();
    assert_eq!(table.store.team(team.team_id).await.unwrap(), None);
    assert_eq!(table.commit(delete()).await, Err(Code::NotFound));
    let back = App { version: 3, ..app };
    assert_eq!(table.commit(app::change(&elsewhere, &back).unwrap()).await, Err(Code::Conflict));
}

#[tokio::test]
async fn the_breaker_counts_an_attempt_only_if_unchanged_since_it_was_read() {
    let table = Table::new().await;
    let before = table.store.breaker().await.unwrap();
    let reserved = before.reserve(table.now()).unwrap();
    let reserve = || Commit::new([breaker::reserve(&reserved, table.now())]);
    table.commit(reserve()).await.unwrap();
    let after: Breaker = table.store.breaker().await.unwrap();
    assert!(after.tries >= 1 && after.since.is_some());
    table.commit(Commit::new([breaker::undo_attempt()])).await.unwrap();
    assert_eq!(table.store.breaker().await.unwrap().tries, after.tries - 1);
}
