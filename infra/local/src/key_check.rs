//! Whether the master key is the one that the database was used with.

use std::path::Path;

use rollcall_api::{Context, Problem, keyring::Keyring};
use rollcall_store::{Store, master_key};

/// What the database says of the current master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyCheck {
    /// The database was never used, or only before it recorded its key.
    New,
    /// It is the key that the database was last used with.
    Same,
    /// It is the successor of that key, which this id names.
    Successor(String),
}

/// Compares the keys with the one that the database was last used with. Another key is refused: every password would be
/// wrong and every code unknown.
pub(crate) async fn check(store: &Store, keyring: &Keyring, key_file: &Path) -> Result<KeyCheck, String> {
    match store.master_key_id().await.map_err(|fault| format!("cannot check the master key: {fault}"))? {
        None => Ok(KeyCheck::New),
        Some(id) if id == keyring.current_id() => Ok(KeyCheck::Same),
        Some(id) if keyring.has(&id) => Ok(KeyCheck::Successor(id)),
        Some(id) => Err(format!(
            "{} holds the key {}, but the database was used with the key {id}. Put the file of that key back from a \
             backup, or list the key under \"previous\" in the file.",
            key_file.display(),
            keyring.current_id()
        )),
    }
}

/// Records the current key in the database, after [`check`].
pub(crate) async fn record(context: &Context, keyring: &Keyring, check: KeyCheck) -> Result<(), String> {
    let previous = match check {
        KeyCheck::Same => return Ok(()),
        KeyCheck::New => None,
        KeyCheck::Successor(id) => Some(id),
    };
    let write = master_key::record(keyring.current_id(), previous.as_deref());
    context.record([write]).await.map_err(|error| format!("cannot record the master key: {}", Problem::from(error)))
}
