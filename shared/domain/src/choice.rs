//! Enumerations whose values are words: one of a few, by name.

/// Declares an enumeration: its words are its wire form.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:tt,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The value's word on the wire and in files.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value of this word, if it is one.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl $crate::FromField for $name {
            fn from_field(value: &$crate::Value) -> Result<Self, $crate::Invalid> {
                let words = [$($word),*].join(", ");
                Self::parse(&<String as $crate::FromField>::from_field(value)?)
                    .ok_or_else(|| $crate::Invalid::new($crate::ViolationCode::NotAllowed, format!("takes one of: {words}")))
            }
        }
    )*};
}

pub(crate) use choices;
