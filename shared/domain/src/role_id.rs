//! The id of a role: a preset's id or a custom role's UUID.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{
    fields::FromField,
    id::CustomRoleId,
    permission::Preset,
    violation::{Invalid, ViolationCode},
};

/// The id of a preset, which every team has, or of a custom role, which one team made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoleId {
    /// A preset, by its name.
    Preset(Preset),
    /// A custom role, by its UUID.
    Custom(CustomRoleId),
}

impl RoleId {
    /// Reads a preset's id or a custom role's UUID.
    pub fn parse(text: &str) -> Option<Self> {
        Preset::of_id(text).map(Self::Preset).or_else(|| CustomRoleId::parse(text).map(Self::Custom))
    }

    /// The UUID of a custom role; `None` for a preset.
    pub fn custom(self) -> Option<CustomRoleId> {
        match self {
            Self::Preset(_) => None,
            Self::Custom(id) => Some(id),
        }
    }

    /// Whether members with this role are the team's admins.
    pub fn is_admin(self) -> bool {
        self == Self::Preset(Preset::Admin)
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(preset) => formatter.write_str(preset.id()),
            Self::Custom(id) => id.fmt(formatter),
        }
    }
}

impl From<Preset> for RoleId {
    fn from(preset: Preset) -> Self {
        Self::Preset(preset)
    }
}

impl From<RoleId> for String {
    fn from(role_id: RoleId) -> Self {
        role_id.to_string()
    }
}

impl TryFrom<String> for RoleId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a role id"))
    }
}

impl FromField for RoleId {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        Self::parse(&String::from_field(value)?).ok_or_else(unknown_role)
    }
}

impl PartialSchema for RoleId {
    fn schema() -> RefOr<Schema> {
        let presets: Vec<_> = Preset::ALL.iter().map(|preset| preset.id()).collect();
        let pattern = format!("^({}|[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})$", presets.join("|"));
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
        schema.description(Some("A preset's name or a custom role's UUID.")).examples(["developer"]).into()
    }
}

impl ToSchema for RoleId {}

/// The violation of a role id that does not exist in the team.
pub fn unknown_role() -> Invalid {
    Invalid::new(ViolationCode::UnknownReference, "must be the id of a preset or of a custom role of this team")
}
