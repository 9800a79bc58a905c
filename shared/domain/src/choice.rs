//! Enumerations whose values have names in JSON.

/// Declares enumerations, with the name of each value in JSON. The crate that uses it depends on `serde`, `serde_json`
/// and `utoipa`.
#[macro_export]
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:tt,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of the value in JSON and in files.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value with this name, if there is one.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::fields::FromField for $name {
            fn from_field(value: &serde_json::Value) -> Result<Self, $crate::violation::Invalid> {
                let word = <String as $crate::fields::FromField>::from_field(value)?;
                Self::parse(&word).ok_or_else(|| $crate::violation::Invalid::none_of(&[$($word),*]))
            }
        }
    )*};
}

pub(crate) use choices;
