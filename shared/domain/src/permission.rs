//! Types of users, what admins may do to users, permissions in a team, and the preset roles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{choice::choices, fields::FromField, text::RoleName, violation::Invalid};

choices! {
    /// The type of a user, from the lowest rank to the highest.
    UserType {
        /// A person who works in teams, with a role in each.
        Member "member",
        /// A service account: a program that works in teams, with a role in each. It cannot sign in.
        Service "service",
        /// A service account that manages the platform. It cannot sign in, and cannot be a member of teams.
        PlatformService "platform_service",
        /// Manages the platform. Cannot be a member of teams.
        PlatformAdmin "platform_admin",
        /// Manages the platform and its admins. Cannot be a member of teams.
        SuperAdmin "super_admin",
    }
}

impl UserType {
    /// Whether users of this type are admins of the platform.
    pub fn is_admin(self) -> bool {
        match self {
            Self::Member | Self::Service => false,
            Self::PlatformService | Self::PlatformAdmin | Self::SuperAdmin => true,
        }
    }

    /// Whether users of this type are service accounts: programs, which identify themselves with an API key.
    pub fn is_service(self) -> bool {
        match self {
            Self::Service | Self::PlatformService => true,
            Self::Member | Self::PlatformAdmin | Self::SuperAdmin => false,
        }
    }
}

/// Declares what admins may do to users, as one table.
macro_rules! user_actions {
    ($($action:ident $words:literal $(#[$doc:meta])* [$($by_super:literal)*] [$($by_platform:literal)*];)*) => {
        /// An action of an admin on another user.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum UserAction {
            $($(#[$doc])* $action,)*
        }

        impl UserAction {
            /// Every action, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$action,)*];

            /// The action in words.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$action => $words,)* }
            }

            /// Whether a user of the type `actor` may do this to another user of the type `target`.
            ///
            /// This does not apply to the actor's own user, which has routes of its own.
            pub const fn is_allowed(self, actor: UserType, target: UserType) -> bool {
                let (by_super, by_platform) = match self {
                    $(Self::$action => ([$($by_super == 1),*], [$($by_platform == 1),*]),)*
                };
                let column = match target {
                    UserType::SuperAdmin => 0,
                    UserType::PlatformAdmin => 1,
                    UserType::Member => 2,
                    UserType::Service => 3,
                    UserType::PlatformService => 4,
                };
                match actor {
                    UserType::SuperAdmin => by_super[column],
                    UserType::PlatformAdmin | UserType::PlatformService => by_platform[column],
                    UserType::Member | UserType::Service => false,
                }
            }
        }
    };
}

#[rustfmt::skip]
user_actions! {
    //                                                                       by a super admin
    //                                                                                   by a platform admin or service
    //                                                                       on a super admin, platform admin, member,
    //                                                                       service account, platform service account
    View           "list, view"            /** List, search and read. */               [1 1 1 1 1] [1 1 1 1 1];
    Create         "create"                /** Create one of this type. */             [1 1 1 1 1] [0 1 1 1 0];
    ChangeUsername "change the username"   /** Change the username. */                 [1 1 1 1 1] [0 0 1 1 0];
    ChangeType     "change the type"       /** Change the type, to that of a person. */ [1 1 1 0 0] [0 0 0 0 0];
    ChangeStatus   "disable, enable"       /** Disable and enable. */                  [1 1 1 1 1] [0 0 1 1 0];
    ChangeEmail    "unbind, note an email" /** Remove or replace the email address. */ [1 1 1 0 0] [0 0 1 0 0];
    ResetPassword  "reset the password"    /** Set a password that must be changed. */ [1 1 1 0 0] [0 0 1 0 0];
    UnbindTotp     "unbind two-factor"     /** Turn the second factor off. */          [1 1 1 0 0] [0 0 1 0 0];
    EndSessions    "end sessions"          /** End all sessions. */                    [1 1 1 0 0] [0 0 1 0 0];
    ManageKeys     "create, rename, rotate API keys" /** Create, rename and rotate API keys. */ [0 0 0 1 1] [0 0 0 1 0];
    RevokeKeys     "revoke API keys"       /** Revoke API keys. */                     [1 1 1 1 1] [0 0 1 1 1];
    Delete         "delete"                /** Delete. */                              [1 1 1 1 1] [0 0 1 1 0];
}

/// Declares the permissions and the preset roles, as one table.
macro_rules! presets {
    (
        $($role:ident $id:literal $name:literal),*;
        $($permission:ident $key:tt $(#[$doc:meta])* [$($tick:literal)*];)*
    ) => {
        /// A permission that a role grants in its team.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $key)] $permission,)*
        }

        impl Permission {
            /// Every permission, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$permission,)*];

            /// The permission's name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$permission => $key,)* }
            }
        }

        /// A role that every team has and nobody can edit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Preset {
            $(#[doc = concat!("`", $id, "`")] $role,)*
        }

        impl Preset {
            /// Every preset, in the order of the table's columns.
            pub const ALL: &[Self] = &[$(Self::$role,)*];

            /// The preset's id on the wire.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$role => $id,)* }
            }

            /// The name that people read.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$role => $name,)* }
            }

            /// Whether the preset grants the permission.
            pub const fn allows(self, permission: Permission) -> bool {
                match permission { $(Permission::$permission => [$($tick == 1,)*][self as usize],)* }
            }
        }
    };
}

#[rustfmt::skip]
presets! {
    //                                       admin
    //                                         member_manager
    //                                           senior_developer
    //                                             developer
    //                                               operator
    //                                                 reviewer
    Admin "admin" "Admin", MemberManager "member_manager" "Member manager",
    SeniorDeveloper "senior_developer" "Senior developer", Developer "developer" "Developer",
    Operator "operator" "Operator", Reviewer "reviewer" "Reviewer";
    TeamRead       "team.read"       /** See the team. */                                             [1 1 1 1 1 1];
    TeamEdit       "team.edit"       /** Change the team's name. */                                   [1 1 0 0 0 0];
    MembersManage  "members.manage"  /** Add, create, invite, move and remove members. */             [1 1 0 0 0 0];
    RolesManage    "roles.manage"    /** Create, edit and delete custom roles. */                     [1 1 0 0 0 0];
    AppsManage     "apps.manage"     /** Create, rename, delete applications; lift the lock. */       [1 0 1 0 0 0];
    AccountsRead   "accounts.read"   /** See accounts. */                                             [1 0 1 1 1 1];
    AccountsWrite  "accounts.write"  /** Create, edit and import accounts. */                         [1 0 1 1 1 0];
    AccountsAdmin  "accounts.admin"  /** Set and cancel admins, create accounts of that type. */      [1 0 1 0 0 0];
    AccountsDelete "accounts.delete" /** Delete accounts while the lock is lifted. */                 [1 0 1 0 0 0];
    AccountsExport "accounts.export" /** Export accounts. */                                          [1 0 1 0 1 0];
    AuditRead      "audit.read"      /** Read the team's audit log. */                                [1 0 0 0 0 1];
}

impl Preset {
    /// The preset of this id, if it is one.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|preset| preset.id() == id)
    }

    /// The name that people read, as the name of a role.
    pub fn role_name(self) -> RoleName {
        RoleName::of_preset(self)
    }

    /// The permissions that the preset grants.
    pub fn permissions(self) -> BTreeSet<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.allows(*permission)).collect()
    }
}

impl FromField for Permission {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let word = String::from_field(value)?;
        let known = Self::ALL.iter().copied().find(|permission| permission.as_str() == word);
        known.ok_or_else(|| Invalid::none_of(&Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written out a second time, column by column, so that a slip in the table shows.
    #[test]
    fn each_preset_grants_its_permissions() {
        let granted = |preset: Preset| -> Vec<_> {
            Permission::ALL.iter().filter(|p| preset.allows(**p)).map(|p| p.as_str()).collect()
        };
        assert_eq!(granted(Preset::Admin).len(), 11);
        assert_eq!(granted(Preset::MemberManager), ["team.read", "team.edit", "members.manage", "roles.manage"]);
        assert_eq!(
            granted(Preset::SeniorDeveloper),
            [
                "team.read",
                "apps.manage",
                "accounts.read",
                "accounts.write",
                "accounts.admin",
                "accounts.delete",
                "accounts.export"
            ]
        );
        assert_eq!(granted(Preset::Developer), ["team.read", "accounts.read", "accounts.write"]);
        assert_eq!(granted(Preset::Operator), ["team.read", "accounts.read", "accounts.write", "accounts.export"]);
        assert_eq!(granted(Preset::Reviewer), ["team.read", "accounts.read", "audit.read"]);
    }

    #[test]
    fn ranks_rise_from_member_to_super_admin() {
        assert!(UserType::Member < UserType::PlatformAdmin && UserType::PlatformAdmin < UserType::SuperAdmin);
    }
}
