//! Request bodies: each is declared once, for its reader and for the API document.

use crate::{
    fields::{Fields, FromField},
    patch::{PatchDefault, PatchOptional, PatchRequired},
};

/// Declares a request body: a struct, its schema for the API document, and a reader that reports all violations.
///
/// ```text
/// request_body! {
///     /// A change of a role.
///     #[schema(as = RolePatch)]
///     pub(crate) struct RolePatchBody {
///         name: PatchRequired<RoleName>,
///         permissions: PatchRequired<BoundedList<Permission, 11>>,
///         note: Text<Note>,
///     }
/// }
///
/// let patch = call.fields()?.parse(RolePatchBody::read)?;
/// let name = patch.name.apply(role.name);
/// ```
///
/// The struct's and the members' doc comments and attributes go to `utoipa::ToSchema`. A member's type says how its
/// field is read ([`BodyField`]):
///
/// | Type | Absent | `null` | `""` |
/// |---|---|---|---|
/// | `T`, [`BoundedList<T, MAX>`](BoundedList) | refused | refused | read as a `T` |
/// | `Option<T>` | `None` | `None` | read as a `T` |
/// | [`Text<T>`](Text) | `None` | `None` | `None` |
/// | [`PatchRequired<T>`](PatchRequired) | keeps | refused | read as a `T` |
/// | `PatchRequired<Option<T>>` | keeps | clears | read as a `T` |
/// | [`PatchDefault<T>`](PatchDefault) | keeps | resets to the default | read as a `T` |
/// | [`PatchOptional<T>`](PatchOptional) | keeps | clears | clears |
///
/// A member whose rule needs more than the value of its field has a custom reader after `=`: an expression of type
/// `Option<member type>` that is `None` after a violation was reported. It can use the members above it, as
/// `Option<member type>`, and the inputs listed after `from`. The first input is the `&mut Fields`:
///
/// ```text
/// request_body! {
///     /// A new password.
///     struct PasswordChange from (fields, rule: &PasswordRule, names: &[&str]) {
///         #[schema(value_type = String)]
///         current_password: Password,
///         #[schema(value_type = String)]
///         password: Password = rule.read_twice(fields, names),
///         #[schema(value_type = String)]
///         password_confirmation: ReadElsewhere,
///     }
/// }
///
/// let change = call.fields()?.parse(|fields| PasswordChange::read(fields, &rule, &names))?;
/// ```
///
/// A member whose type has no schema (a password, a code, a role id) needs `#[schema(value_type = …)]`. A field whose
/// name is a Rust keyword is a raw identifier: `r#type`.
#[macro_export]
macro_rules! request_body {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident { $($members:tt)* }) => {
        $crate::request_body! { $(#[$attribute])* $visibility struct $name from (fields) { $($members)* } }
    };
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident
        from ($fields:ident $(, $input:ident: $input_type:ty)*) { $($members:tt)* }) => {
        $crate::request_body! {
            @members { { $(#[$attribute])* } { $visibility } $name $fields { $($input: $input_type),* } }
            {} $($members)*
        }
    };

    // Each step takes one member. Its type decides the schema attribute.
    (@members $body:tt $done:tt $(#[$attribute:meta])* $visibility:vis
        $member:ident: BoundedList<$type:ty, $max:tt> $(= $reader:expr)?, $($rest:tt)*) => {
        $crate::request_body! { @member $body $done
            { $(#[$attribute])* #[schema(value_type = Vec<$type>, min_items = 1, max_items = $max)] $visibility }
            $member { BoundedList<$type, $max> } { $($reader)? } $($rest)* }
    };
    (@members $body:tt $done:tt $(#[$attribute:meta])* $visibility:vis
        $member:ident: PatchRequired<BoundedList<$type:ty, $max:tt>> $(= $reader:expr)?, $($rest:tt)*) => {
        $crate::request_body! { @member $body $done
            { $(#[$attribute])*
              #[schema(value_type = Vec<$type>, required = false, min_items = 1, max_items = $max)] $visibility }
            $member { PatchRequired<BoundedList<$type, $max>> } { $($reader)? } $($rest)* }
    };
    (@members $body:tt $done:tt $(#[$attribute:meta])* $visibility:vis
        $member:ident: Option<$type:ty> $(= $reader:expr)?, $($rest:tt)*) => {
        $crate::request_body! { @member $body $done
            { $(#[$attribute])* $visibility } $member { Option<$type> } { $($reader)? } $($rest)* }
    };
    (@members $body:tt $done:tt $(#[$attribute:meta])* $visibility:vis
        $member:ident: PatchRequired<$type:ty> $(= $reader:expr)?, $($rest:tt)*) => {
        $crate::request_body! { @member $body $done
            { $(#[$attribute])* #[schema(value_type = $type, required = false)] $visibility }
            $member { PatchRequired<$type> } { $($reader)? } $($rest)* }
    };
    (@members $body:tt $done:tt $(#[$attribute:meta])* $visibility:vis
        $member:ident: PatchDefault<$type:ty> $(= $reader:expr)?, $($rest:tt)*) => {
        $crate::request_body! { @member $body $done
            { $(#[$attribute])* #[schema(value_type = Option<$type>)] $visibility }
            $member { PatchDefault<$type> } { $($reader)? } $($rest)* }
    };
    // `Text` and `PatchOptional`: `""` is as good as null. The API document turns this default into that alternative.
    (@members $body:tt $done:tt $(#[$attribute:meta])* $visibility:vis
        $member:ident: $nullable:ident<$type:ty> $(= $reader:expr)?, $($rest:tt)*) => {
        $crate::request_body! { @member $body $done
            { $(#[$attribute])* #[schema(value_type = Option<$type>, default = "")] $visibility }
            $member { $nullable<$type> } { $($reader)? } $($rest)* }
    };
    (@members $body:tt $done:tt $(#[$attribute:meta])* $visibility:vis
        $member:ident: $type:ty $(= $reader:expr)?, $($rest:tt)*) => {
        $crate::request_body! { @member $body $done
            { $(#[$attribute])* $visibility } $member { $type } { $($reader)? } $($rest)* }
    };
    (@member $body:tt { $($done:tt)* } $head:tt $member:ident $type:tt $reader:tt $($rest:tt)*) => {
        $crate::request_body! { @members $body { $($done)* { $head $member $type $reader } } $($rest)* }
    };

    (@members { { $(#[$attribute:meta])* } { $visibility:vis } $name:ident $fields:ident { $($inputs:tt)* } }
        { $({ { $($head:tt)* } $member:ident { $($type:tt)* } { $($reader:expr)? } })* }) => {
        #[derive(utoipa::ToSchema)]
        $(#[$attribute])*
        $visibility struct $name {
            $($($head)* $member: $($type)*,)*
        }

        impl $name {
            /// Reads the body. Returns `None` only after reporting a violation.
            $visibility fn read($fields: &mut $crate::fields::Fields, $($inputs)*) -> Option<Self> {
                $(let $member: Option<$($type)*> = $crate::request_body!(@read $fields $member $($reader)?);)*
                Some(Self { $($member: $member?,)* })
            }
        }

        // Not derived: derived impls do not count as use, so members that only the schema needs would be dead code.
        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.debug_struct(stringify!($name))$(.field(stringify!($member), &self.$member))*.finish()
            }
        }
    };
    (@read $fields:ident $member:ident) => {
        $crate::body::BodyField::read($fields, $crate::body::field_name(stringify!($member)))
    };
    (@read $fields:ident $member:ident $reader:expr) => { $reader };
}

/// The name of the JSON field of a member.
pub fn field_name(member: &str) -> &str {
    member.strip_prefix("r#").unwrap_or(member)
}

/// A type that a member of a request body can have.
pub trait BodyField: Sized {
    /// Reads the field. Returns `None` only after reporting a violation.
    fn read(fields: &mut Fields, name: &str) -> Option<Self>;
}

impl<T: FromField> BodyField for T {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.required(name)
    }
}

impl<T: FromField> BodyField for Option<T> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        Some(fields.optional(name))
    }
}

/// An optional text: absent, null and `""` are all `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<T>(pub Option<T>);

impl<T: FromField> BodyField for Text<T> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        Some(Self(fields.text(name)))
    }
}

/// A list of 1 to `MAX` entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundedList<T, const MAX: usize>(pub Vec<T>);

impl<T: FromField, const MAX: usize> BodyField for BoundedList<T, MAX> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.list(name, MAX).map(Self)
    }
}

impl<T: BodyField> BodyField for PatchRequired<T> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        if fields.has(name) { T::read(fields, name).map(Self::Set) } else { Some(Self::Keep) }
    }
}

impl<T: FromField + Default> BodyField for PatchDefault<T> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.patch_default(name)
    }
}

impl<T: FromField> BodyField for PatchOptional<T> {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        fields.patch(name, T::from_field)
    }
}

/// A field that the schema describes and that the reader of another member reads, such as the confirmation of a
/// password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadElsewhere;

impl BodyField for ReadElsewhere {
    fn read(_: &mut Fields, _: &str) -> Option<Self> {
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Note, RoleName};
    use serde_json::{Value, json};

    request_body! {
        /// One field of each kind.
        struct Sample from (fields, largest: u32) {
            name: RoleName,
            r#type: Option<bool>,
            note: Text<Note>,
            sizes: BoundedList<u32, 2>,
            title: PatchRequired<RoleName>,
            remark: PatchOptional<Note>,
            size: u32 = fields.required("size").filter(|size| *size <= largest),
            #[schema(value_type = Option<String>)]
            unit: ReadElsewhere,
        }
    }

    fn read(body: Value) -> Result<Sample, Value> {
        let read = Fields::of(body).parse(|fields| Sample::read(fields, 9));
        read.map_err(|refusal| serde_json::to_value(refusal.violations).unwrap())
    }

    #[test]
    fn every_field_is_read_by_its_type() {
        let body = json!({"name": "a", "type": true, "note": "", "sizes": [1, 2], "remark": null, "size": 9});
        let sample = read(body).unwrap();
        assert_eq!((sample.name.as_str(), sample.r#type, sample.note), ("a", Some(true), Text(None)));
        assert_eq!((sample.sizes.0, sample.size), (vec![1, 2], 9));
        assert_eq!((sample.title, sample.remark), (PatchRequired::Keep, PatchOptional::Clear));
    }

    #[test]
    fn every_violation_is_reported_in_the_order_of_the_fields() {
        let body = json!({"name": 1, "type": 1, "note": 1, "sizes": [], "title": null, "remark": 1, "unit": "m"});
        let violations = read(body).unwrap_err();
        let pointers: Vec<_> = violations.as_array().unwrap().iter().map(|violation| &violation["pointer"]).collect();
        assert_eq!(pointers, ["/name", "/type", "/note", "/sizes", "/title", "/remark", "/size", "/unit"]);
    }

    #[test]
    fn the_schema_names_required_fields_and_bounds() {
        let schema = serde_json::to_value(<Sample as utoipa::PartialSchema>::schema()).unwrap();
        assert_eq!(schema["required"], json!(["name", "sizes", "size"]));
        assert_eq!(schema["properties"]["sizes"]["maxItems"], 2);
        assert_eq!(schema["properties"]["title"]["$ref"], "#/components/schemas/RoleName");
        assert_eq!(schema["properties"]["remark"]["oneOf"][1], json!({"type": "null"}));
        assert_eq!(schema["properties"]["remark"]["default"], "");
        assert!(schema["properties"].get("type").is_some());
    }
}
