//! Who may do what: types of users, permissions inside a team, and the preset roles as the documents show them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    choice::choices,
    fields::FromField,
    text::RoleName,
    violation::{Invalid, ViolationCode},
};

choices! {
    /// What kind of console user somebody is, from the least rank to the highest.
    UserType {
        /// Works in teams, by the roles held there.
        Member "member",
        /// Runs the platform; joins no team.
        PlatformAdmin "platform_admin",
        /// Runs the platform and its admins; joins no team.
        SuperAdmin "super_admin",
    }
}

impl UserType {
    /// Whether this type runs the platform instead of working in teams.
    pub fn is_admin(self) -> bool {
        match self {
            Self::Member => false,
            Self::PlatformAdmin | Self::SuperAdmin => true,
        }
    }
}

/// Writes what admins may do to users from one table that looks like the one in the documents.
macro_rules! powers {
    ($($action:ident $words:literal $(#[$doc:meta])* [$($by_super:literal)*] [$($by_platform:literal)*];)*) => {
        /// One thing that admins may do to users.
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

            /// Whether a user of the type `actor` may do this to another one of the type `target`.
            ///
            /// One's own account is changed by its own routes, whatever stands here.
            pub const fn is_allowed(self, actor: UserType, target: UserType) -> bool {
                let (by_super, by_platform) = match self {
                    $(Self::$action => ([$($by_super == 1),*], [$($by_platform == 1),*]),)*
                };
                let column = match target {
                    UserType::SuperAdmin => 0,
                    UserType::PlatformAdmin => 1,
                    UserType::Member => 2,
                };
                match actor {
                    UserType::SuperAdmin => by_super[column],
                    UserType::PlatformAdmin => by_platform[column],
                    UserType::Member => false,
                }
            }
        }
    };
}

#[rustfmt::skip]
powers! {
    //                                                                     by a super admin
    //                                                                             by a platform admin
    //                                                                     on a super admin, platform admin, member
    View           "list, view"          /** List, search and read. */               [1 1 1] [1 1 1];
    Create         "create"              /** Create one of this type. */             [1 1 1] [0 1 1];
    ChangeUsername "change the username" /** Change the username. */                 [1 1 1] [0 0 1];
    ChangeType     "change the type"     /** Change the type, to any. */             [1 1 1] [0 0 0];
    ChangeStatus   "disable, enable"     /** Disable and enable. */                  [1 1 1] [0 0 1];
    ChangeEmail    "unbind, note an email" /** Unbind an address, note another. */   [1 1 1] [0 0 1];
    ResetPassword  "reset the password"  /** Set a password that must be changed. */ [1 1 1] [0 0 1];
    UnbindTotp     "unbind two-factor"   /** Take a second factor off. */            [1 1 1] [0 0 1];
    EndSessions    "end sessions"        /** End all sessions. */                    [1 1 1] [0 0 1];
    Delete         "delete"              /** Delete. */                              [1 1 1] [0 0 1];
}

/// Writes the permissions and the preset roles from one table that looks like the one in the documents.
macro_rules! presets {
    ($($role:ident $id:literal $name:literal),*; $($permission:ident $key:tt $(#[$doc:meta])* [$($tick:literal)*];)*) => {
        /// One thing a role may allow inside its team.
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

        /// A role every team has and nobody can edit.
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

            /// What people call the preset.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$role => $name,)* }
            }

            /// Whether the preset's column has a tick in the permission's row.
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

    /// What people call it, as a role.
    #[expect(clippy::missing_panics_doc, reason = "the names stand above and are tested")]
    pub fn role_name(self) -> RoleName {
        RoleName::parse(self.name()).expect("a preset's name is a role's")
    }

    /// What the preset's column ticks.
    pub fn permissions(self) -> BTreeSet<Permission> {
        Permission::ALL.iter().copied().filter(|permission| self.allows(*permission)).collect()
    }
}

impl FromField for Permission {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let word = String::from_field(value)?;
        let known = Self::ALL.iter().copied().find(|permission| permission.as_str() == word);
        known.ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|permission| permission.as_str()).collect();
            Invalid::new(ViolationCode::NotAllowed, format!("takes one of: {}", words.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written out from the behaviour's table, row by row, so that a slip in the macro's table shows.
    #[test]
    fn the_presets_are_the_documents_table() {
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
