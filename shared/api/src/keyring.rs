//! The master key, and the keys derived from it: one per purpose, by HKDF-SHA256.
//!
//! The key file (or secret) is JSON: `{"id": "k2", "key": "…", "previous": [{"id": "k1", "key": "…"}]}`. A key is at
//! least 43 characters of `A–Z a–z 0–9`, which is 256 bits. The current key is used for everything new. Data that names
//! a previous key is read with that key until the operator removes it.

use std::{fmt, path::PathBuf};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rollcall_store::Fault;
use serde::Deserialize;
use sha2::Sha256;
use tokio::sync::OnceCell;
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
        }
    }
}

/// One master key.
#[derive(Clone, Deserialize, Zeroize, ZeroizeOnDrop)]
struct MasterKey {
    id: String,
    key: String,
}

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
    /// Reads the JSON of the key file.
    pub fn parse(json: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct KeyFile {
            #[serde(flatten)]
            current: MasterKey,
            #[serde(default)]
            previous: Vec<MasterKey>,
        }
        let file: KeyFile =
            serde_json::from_str(json).map_err(|error| format!("the master key is not readable: {error}"))?;
        let keys: Vec<_> = std::iter::once(file.current).chain(file.previous).collect();
        for key in &keys {
            let long = key.key.len() >= MIN_KEY_CHARS && key.key.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let named = !key.id.is_empty() && key.id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !long || !named {
                return Err(format!(
                    "master key {:?} must have an alphanumeric id and at least {MIN_KEY_CHARS} alphanumeric characters",
                    key.id
                ));
            }
        }
        Ok(Self(keys))
    }

    /// A new key file with one random key.
    pub fn generate() -> Result<String, getrandom::Error> {
        let key = data_encoding::HEXLOWER.encode(&random::<32>()?);
        Ok(serde_json::json!({"id": "k1", "key": key}).to_string())
    }

    /// The id of the current key.
    pub fn current_id(&self) -> &str {
        &self.0[0].id
    }

    /// The ids of all keys, the current one first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// The authentication code of `message` under the key of this id; `None` if the key was removed.
    pub fn mac(&self, id: &str, purpose: KeyPurpose, message: &[u8]) -> Option<[u8; 32]> {
        let key = self.0.iter().find(|key| key.id == id)?;
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
        let key = self.0.iter().find(|key| key.id == id)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let cipher = XChaCha20Poly1305::new(&derived(key, purpose).into());
        cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
    }
}

fn derived(key: &MasterKey, purpose: KeyPurpose) -> [u8; 32] {
    let mut bytes = [0; 32];
    Hkdf::<Sha256>::new(None, key.key.as_bytes())
        .expand(purpose.label(), &mut bytes)
        .expect("HKDF-SHA256 gives up to 8160 bytes");
    bytes
}

/// Where the master key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file only its owner can read, on one machine.
    File(PathBuf),
    /// A secret of Secrets Manager, on AWS.
    Secret(String),
}

/// The keyring, read when it is first needed and then kept. After a failed read the next request tries again.
#[derive(Debug)]
pub(crate) struct LazyKeyring {
    source: KeySource,
    keyring: OnceCell<Keyring>,
}

impl LazyKeyring {
    pub(crate) fn new(source: KeySource) -> Self {
        Self { source, keyring: OnceCell::new() }
    }

    pub(crate) async fn get(&self, secrets: &rollcall_store::Secrets) -> Result<&Keyring, Problem> {
        self.keyring.get_or_try_init(|| self.read(secrets)).await
    }

    async fn read(&self, secrets: &rollcall_store::Secrets) -> Result<Keyring, Problem> {
        let json = match &self.source {
            KeySource::File(path) => std::fs::read_to_string(path)
                .map_err(|error| Problem::Unavailable(format!("cannot read {}: {error}", path.display())))?,
            KeySource::Secret(id) => secrets.read(id).await.map_err(|fault: Fault| Problem::from(fault))?,
        };
        Keyring::parse(&json).map_err(Problem::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ids: &[&str]) -> Keyring {
        Keyring(ids.iter().map(|id| MasterKey { id: (*id).to_owned(), key: id.repeat(43) }).collect())
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
    fn a_weak_or_malformed_key_file_is_refused() {
        assert!(Keyring::parse(&Keyring::generate().unwrap()).is_ok());
        let short = r#"{"id":"k1","key":"abc"}"#;
        let empty = r#"{"id":"","key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#;
        for bad in ["", "{}", short, empty] {
            assert!(Keyring::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_debug_output_of_a_keyring_shows_ids_only() {
        assert_eq!(format!("{:?}", ring(&["k2", "k1"])), r#"["k2", "k1"]"#);
    }
}
