//! Scopes of API keys: what a key may be used for, at most.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{choice::choices, error::Code, fields::FromField, permission::Permission, violation::Invalid};

choices! {
    /// What a key may be used for beyond the permissions of a team.
    PlatformScope {
        /// List and read console users.
        UsersRead "users.read",
        /// Create service accounts; edit, disable and delete users.
        UsersManage "users.manage",
        /// Create and delete teams.
        TeamsManage "teams.manage",
        /// Manage webhooks.
        WebhooksManage "webhooks.manage",
    }
}

/// One scope of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Every scope whose name ends in `.read`.
    Read,
    /// What needs this permission in a team.
    Team(Permission),
    /// What belongs to the platform.
    Platform(PlatformScope),
}

/// The name of [`Scope::Read`].
const READ: &str = "read";

impl Scope {
    /// The number of scopes.
    pub const COUNT: usize = 1 + Permission::ALL.len() + PlatformScope::ALL.len();

    /// Every scope, in the order of the API document.
    pub fn all() -> impl Iterator<Item = Self> {
        let team = Permission::ALL.iter().copied().map(Self::Team);
        [Self::Read].into_iter().chain(team).chain(PlatformScope::ALL.iter().copied().map(Self::Platform))
    }

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|scope| scope.as_str() == name)
    }

    /// The name of the scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => READ,
            Self::Team(permission) => permission.as_str(),
            Self::Platform(scope) => scope.as_str(),
        }
    }

    fn only_reads(self) -> bool {
        self.as_str().split_once('.').is_some_and(|(_, verb)| verb == "read")
    }
}

impl From<Permission> for Scope {
    fn from(permission: Permission) -> Self {
        Self::Team(permission)
    }
}

impl From<PlatformScope> for Scope {
    fn from(scope: PlatformScope) -> Self {
        Self::Platform(scope)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

impl TryFrom<String> for Scope {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name).ok_or_else(|| format!("{name:?} is not a scope"))
    }
}

impl FromField for Scope {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let known = || Invalid::none_of(&Self::all().map(Self::as_str).collect::<Vec<_>>());
        Self::parse(&String::from_field(value)?).ok_or_else(known)
    }
}

impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::all().map(Self::as_str)))
            .description(Some(
                "What a key may be used for, within what its owner may do: a permission of a team, or a right on the \
                 platform. `read` stands for every scope that ends in `.read`.",
            ))
            .into()
    }
}

impl ToSchema for Scope {}

/// What a request may be used for: anything, or what the scopes of its key allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// The request carries no key.
    All,
    /// The request carries a key with these scopes.
    Only(BTreeSet<Scope>),
}

impl Scopes {
    /// Refuses what none of the scopes allows.
    pub fn check(&self, needed: impl Into<Scope>) -> Result<(), Code> {
        let needed = needed.into();
        match self {
            Self::All => Ok(()),
            Self::Only(scopes) if scopes.contains(&needed) => Ok(()),
            Self::Only(scopes) if needed.only_reads() && scopes.contains(&Scope::Read) => Ok(()),
            Self::Only(_) => Err(Code::InsufficientScope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_stands_for_the_scopes_that_only_read() {
        let reading = Scopes::Only(BTreeSet::from([Scope::Read]));
        let allowed: Vec<_> = Scope::all().filter(|scope| reading.check(*scope).is_ok()).map(Scope::as_str).collect();
        assert_eq!(allowed, ["read", "team.read", "accounts.read", "audit.read", "users.read"]);
    }

    #[test]
    fn a_scope_allows_itself_alone() {
        for scope in Scope::all().filter(|scope| *scope != Scope::Read) {
            let only = Scopes::Only(BTreeSet::from([scope]));
            assert!(Scope::all().all(|needed| only.check(needed).is_ok() == (needed == scope)), "{scope:?}");
        }
    }

    #[test]
    fn every_scope_has_a_name_of_its_own() {
        assert_eq!(Scope::all().map(Scope::as_str).collect::<BTreeSet<_>>().len(), Scope::COUNT);
        assert!(Scope::all().all(|scope| Scope::parse(scope.as_str()) == Some(scope)));
    }
}
