//! Merge patches of single values (RFC 7396).

/// A change of a value that is always there: an absent field keeps it, null is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchRequired<T> {
    /// Leaves the value as it is.
    Keep,
    /// Replaces the value.
    Set(T),
}

impl<T> PatchRequired<T> {
    /// The value after the patch.
    pub fn apply(self, current: T) -> T {
        match self {
            Self::Keep => current,
            Self::Set(value) => value,
        }
    }
}

/// A change of a value with a default: an absent field keeps it, null resets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchDefault<T> {
    /// Leaves the value as it is.
    Keep,
    /// Replaces the value, by the default if null was sent.
    Set(T),
}

impl<T> PatchDefault<T> {
    /// The value after the patch.
    pub fn apply(self, current: T) -> T {
        match self {
            Self::Keep => current,
            Self::Set(value) => value,
        }
    }
}

/// A change of a value that may be missing: an absent field keeps it, null and `""` clear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchOptional<T> {
    /// Leaves the value, or its absence, as it is.
    Keep,
    /// Removes the value.
    Clear,
    /// Sets or replaces the value.
    Set(T),
}

impl<T> PatchOptional<T> {
    /// The value after the patch.
    pub fn apply(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}
