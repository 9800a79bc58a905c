//! The master key, and the keys derived from it: one per purpose, by HKDF-SHA256.
//!
//! The key file (or secret) is JSON: `{"key": "…", "previous": [{"key": "…"}]}`. A key is at least 43 characters of
//! `A–Z a–z 0–9`, which is 256 bits. The current key is used for everything new. Data that names a previous key is read
//! with that key until the operator removes it.
//!
//! New data names its key by an id that is derived from the key, so that no two keys have the same id. An `id` beside a
//! key is the name that older data has for it.

use std::{collections::HashSet, fmt};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{clock::random, problem::Problem};

/// What a derived key is for. The labels are part of the derivation and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Peppers password hashes.
    Pepper,
    /// Authenticates list cursors.
    Cursor,
    /// Encrypts the replies stored under an `Idempotency-Key`.
    Idempotency,
    /// Computes mailed codes.
    MailedCode,
    /// Hashes the subjects of throttles, so that the table does not reveal them.
    Throttle,
    /// Encrypts TOTP secrets.
    Totp,
    /// Encrypts device marks.
    Device,
    /// Hashes invitation codes.
    InvitationCode,
    /// Signs the links to files on one machine.
    ObjectLink,
    /// Encrypts the secrets of webhooks.
    WebhookSecret,
}

impl KeyPurpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Pepper => b"rollcall/v1/pepper",
            Self::Cursor => b"rollcall/v1/cursor",
            Self::Idempotency => b"rollcall/v1/idempotency",
            Self::MailedCode => b"rollcall/v1/mailed-code",
            Self::Throttle => b"rollcall/v1/lane",
            Self::Totp => b"rollcall/v1/totp",
            Self::Device => b"rollcall/v1/device",
            Self::InvitationCode => b"rollcall/v1/invitation-code",
            Self::ObjectLink => b"rollcall/v1/object-link",
            Self::WebhookSecret => b"rollcall/v1/webhook-secret",
        }
    }
}

/// One master key.
#[derive(Zeroize, ZeroizeOnDrop)]
struct MasterKey {
    id: String,
    old_id: Option<String>,
    key: String,
}

impl MasterKey {
    fn new(key: String, old_id: Option<String>) -> Self {
        let mut id = [0; ID_BYTES];
        expand(&key, b"rollcall/v1/key-id", &mut id);
        Self { id: HEXLOWER.encode(&id), old_id, key }
    }

    fn is_named(&self, id: &str) -> bool {
        self.id == id || self.old_id.as_deref() == Some(id)
    }
}

/// Bytes of a key's id. They tell keys apart by 64 bits and reveal nothing of the key.
const ID_BYTES: usize = 8;

/// Minimum length of a master key: 43 characters of an alphabet of 62 carry 256 bits.
const MIN_KEY_CHARS: usize = 43;

/// Bytes of a nonce: long enough to be drawn at random.
const NONCE_BYTES: usize = 24;

/// The master keys, the current one first. Never empty, never printed.
pub struct Keyring(Vec<MasterKey>);

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

impl Keyring {
    /// Reads the JSON of the key file. An error does not quote the file.
    pub fn parse(json: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct KeyFile {
            #[serde(flatten)]
            current: Entry,
            #[serde(default)]
            previous: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            id: Option<String>,
            key: String,
        }
        let is_alphanumeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let file: KeyFile = serde_json::from_str(json).map_err(|error| {
            format!(
                "it is not JSON of the form {{\"key\": \"…\", \"previous\": []}} (line {}, column {})",
                error.line(),
                error.column()
            )
        })?;
        let keys: Vec<_> = std::iter::once(file.current).chain(file.previous).collect();
        let (mut known_keys, mut known_ids) = (HashSet::new(), HashSet::new());
        for Entry { id, key } in &keys {
            if key.len() < MIN_KEY_CHARS || !is_alphanumeric(key) {
                return Err(format!("a key in it is not at least {MIN_KEY_CHARS} letters A–Z, a–z and digits"));
            }
            if id.as_ref().is_some_and(|id| id.is_empty() || !is_alphanumeric(id)) {
                return Err("an id in it is empty or has other characters than A–Z, a–z and digits".to_owned());
            }
            if !known_keys.insert(key) {
                return Err("a key is in it twice: keep one of the two".to_owned());
            }
            if id.as_ref().is_some_and(|id| !known_ids.insert(id)) {
                return Err("two keys in it have the same id: only one of them could be the older data's".to_owned());
            }
        }
        Ok(Self(keys.into_iter().map(|Entry { id, key }| MasterKey::new(key, id)).collect()))
    }

    /// A new key file with one random key.
    pub fn generate() -> Result<String, getrandom::Error> {
        let key = HEXLOWER.encode(&random::<32>()?);
        Ok(serde_json::json!({"key": key, "previous": []}).to_string())
    }

    /// The id of the current key.
    pub fn current_id(&self) -> &str {
        &self.0[0].id
    }

    /// Whether this is the id of the current key or of a previous one.
    pub fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    fn find(&self, id: &str) -> Option<&MasterKey> {
        self.0.iter().find(|key| key.is_named(id))
    }

    /// The ids of all keys, the current one first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// The authentication code of `message` under the key of this id; `None` if the key was removed.
    pub fn mac(&self, id: &str, purpose: KeyPurpose, message: &[u8]) -> Option<[u8; 32]> {
        let key = self.find(id)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&derived(key, purpose)).ok()?;
        mac.update(message);
        Some(mac.finalize().into_bytes().into())
    }

    /// Encrypts `plaintext` under the current key, bound to `context`: it can be decrypted for the same context only.
    pub fn seal(&self, purpose: KeyPurpose, context: &[u8], plaintext: &[u8]) -> Result<String, Problem> {
        let nonce = random::<NONCE_BYTES>()?;
        let cipher = XChaCha20Poly1305::new(&derived(&self.0[0], purpose).into());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: context })
            .map_err(|_| Problem::Internal("a plaintext is too long to be encrypted".to_owned()))?;
        Ok(format!("{}.{}", self.current_id(), BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat())))
    }

    /// Decrypts what was sealed for this purpose and context, under the key it names; `None` if that is not possible.
    pub fn open(&self, purpose: KeyPurpose, context: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let (id, text) = sealed.split_once('.')?;
        let key = self.find(id)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let cipher = XChaCha20Poly1305::new(&derived(key, purpose).into());
        cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
    }
}

fn derived(key: &MasterKey, purpose: KeyPurpose) -> [u8; 32] {
    let mut bytes = [0; 32];
    expand(&key.key, purpose.label(), &mut bytes);
    bytes
}

fn expand(key: &str, label: &[u8], bytes: &mut [u8]) {
    Hkdf::<Sha256>::new(None, key.as_bytes()).expand(label, bytes).expect("HKDF-SHA256 gives up to 8160 bytes");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ring(keys: &[&str]) -> Keyring {
        Keyring(keys.iter().map(|key| MasterKey::new(key.repeat(MIN_KEY_CHARS), None)).collect())
    }

    #[test]
    fn a_sealed_text_opens_only_in_its_context_and_still_after_a_key_rotation() {
        let sealed = ring(&["a"]).seal(KeyPurpose::Idempotency, b"here", b"text").unwrap();
        assert_eq!(ring(&["b", "a"]).open(KeyPurpose::Idempotency, b"here", &sealed).as_deref(), Some(&b"text"[..]));
        assert_eq!(ring(&["a"]).open(KeyPurpose::Idempotency, b"there", &sealed), None);
        assert_eq!(ring(&["a"]).open(KeyPurpose::Cursor, b"here", &sealed), None);
        assert_eq!(ring(&["b"]).open(KeyPurpose::Idempotency, b"here", &sealed), None);
    }

    #[test]
    fn two_keys_have_different_ids_whatever_the_file_calls_them() {
        let named = |key: &str| Keyring::parse(&json!({"id": "k1", "key": key.repeat(43)}).to_string()).unwrap();
        let (one, other) = (named("a"), named("b"));
        assert_ne!(one.current_id(), other.current_id());
        assert_eq!(one.current_id(), ring(&["a"]).current_id(), "the id depends on the key alone");
        assert_eq!(one.current_id().len(), 2 * ID_BYTES);
        assert!(!Keyring::generate().unwrap().contains("\"id\""));
    }

    #[test]
    fn data_that_names_its_key_by_the_id_in_the_file_stays_readable() {
        let text = json!({"key": "b".repeat(43), "previous": [{"id": "k1", "key": "a".repeat(43)}]}).to_string();
        let keyring = Keyring::parse(&text).unwrap();
        let old = ring(&["a"]);
        assert_eq!(keyring.mac("k1", KeyPurpose::Pepper, b"x"), old.mac(old.current_id(), KeyPurpose::Pepper, b"x"),);
        let sealed = old.seal(KeyPurpose::Totp, b"user", b"secret").unwrap();
        let renamed = format!("k1.{}", sealed.split_once('.').unwrap().1);
        assert_eq!(keyring.open(KeyPurpose::Totp, b"user", &renamed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(keyring.mac("k2", KeyPurpose::Pepper, b"x"), None);
    }

    #[test]
    fn a_weak_or_malformed_key_file_is_refused_and_not_quoted() {
        assert!(Keyring::parse(&Keyring::generate().unwrap()).is_ok());
        let key = "secret".repeat(8);
        for bad in [
            String::new(),
            "{}".to_owned(),
            json!({"key": "secret"}).to_string(),
            json!({"key": format!("{key}!")}).to_string(),
            json!({"id": "", "key": key}).to_string(),
            json!({"id": "secret!", "key": key}).to_string(),
            json!({"key": key, "previous": key}).to_string(),
            json!({"key": key, "previous": [{"key": "secret"}]}).to_string(),
            json!({"key": key, "previous": [{"id": "k1", "key": key}]}).to_string(),
            json!({"id": "k1", "key": key, "previous": [{"id": "k1", "key": format!("{key}2")}]}).to_string(),
        ] {
            let error = Keyring::parse(&bad).unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_debug_output_of_a_keyring_shows_ids_only() {
        let keyring = ring(&["b", "a"]);
        assert_eq!(format!("{keyring:?}"), format!("{:?}", keyring.ids().collect::<Vec<_>>()));
    }
}
