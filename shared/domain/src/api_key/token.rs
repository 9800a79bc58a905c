//! The form in which a client sends an API key.

use crate::{
    base62,
    id::{ApiKeyId, UserId},
    session::Secret,
};

/// What every key begins with, so that scanners of source code recognise one.
const PREFIX: &str = "rck";

/// Digits of an id of 128 bits, a secret of 256 bits, and a checksum of 32 bits.
const ID_DIGITS: usize = 22;
const SECRET_DIGITS: usize = 43;
const CHECK_DIGITS: usize = 6;

/// An API key as its client holds it: `rck_<owner and key>_<secret>_<checksum>`.
///
/// The checksum tells a mistyped or cut key from an unknown one without a read. It proves nothing.
#[derive(Clone, Debug)]
pub struct ApiKeyToken {
    /// The owner.
    pub user_id: UserId,
    /// The key.
    pub key_id: ApiKeyId,
    /// The secret, which proves that the client holds the key.
    pub secret: Secret,
}

impl ApiKeyToken {
    /// Parses a key. `None` if its form or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, check) = text.rsplit_once('_')?;
        let (head, secret) = body.rsplit_once('_')?;
        let id = head.strip_prefix(PREFIX)?.strip_prefix('_')?;
        let has_lengths = (id.len(), secret.len()) == (2 * ID_DIGITS, SECRET_DIGITS) && id.is_ascii();
        if !has_lengths || check != checksum(body) {
            return None;
        }
        let (user_id, key_id) = id.split_at(ID_DIGITS);
        Some(Self {
            user_id: UserId::from_bytes(base62::decode(user_id)?),
            key_id: ApiKeyId::from_bytes(base62::decode(key_id)?),
            secret: Secret::new(base62::decode(secret)?),
        })
    }

    /// The last four characters of the secret, by which people recognise a key.
    pub fn hint(&self) -> String {
        self.secret_digits().split_off(SECRET_DIGITS - 4)
    }

    /// The whole key, which is shown once.
    pub fn expose(&self) -> String {
        let owner = base62::encode::<ID_DIGITS>(self.user_id.as_bytes());
        let key = base62::encode::<ID_DIGITS>(self.key_id.as_bytes());
        let body = format!("{PREFIX}_{owner}{key}_{}", self.secret_digits());
        let check = checksum(&body);
        format!("{body}_{check}")
    }

    fn secret_digits(&self) -> String {
        base62::encode::<SECRET_DIGITS>(self.secret.expose())
    }
}

fn checksum(body: &str) -> String {
    base62::encode::<CHECK_DIGITS>(&crc32fast::hash(body.as_bytes()).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> ApiKeyToken {
        let (user_id, key_id) = (UserId::from_bytes([1; 16]), ApiKeyId::from_bytes([2; 16]));
        ApiKeyToken { user_id, key_id, secret: Secret::new([0xff; 32]) }
    }

    #[test]
    fn a_key_is_read_back_and_is_not_printed() {
        let text = token().expose();
        let read = ApiKeyToken::parse(&text).unwrap();
        assert_eq!((read.user_id, read.key_id, read.expose()), (token().user_id, token().key_id, text.clone()));
        assert_eq!(text.len(), "rck_".len() + 2 * ID_DIGITS + 1 + SECRET_DIGITS + 1 + CHECK_DIGITS);
        assert!(text[..text.len() - CHECK_DIGITS - 1].ends_with(&token().hint()));
        assert!(!format!("{:?}", token()).contains(&text[50..80]));
    }

    /// Computed with Python's zlib.crc32, so that it does not repeat the code.
    #[test]
    fn the_checksum_is_a_crc_32_in_six_digits() {
        assert_eq!(checksum("rck_0_0"), "0mi2it");
    }

    #[test]
    fn a_key_with_one_wrong_character_is_refused() {
        let text = token().expose();
        for index in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[index] = if bytes[index] == b'x' { b'y' } else { b'x' };
            assert!(ApiKeyToken::parse(&String::from_utf8(bytes).unwrap()).is_none(), "{index}");
            assert!(ApiKeyToken::parse(&text[..index]).is_none());
        }
        for other in ["", "rck", "rck___", "rck_é_0_0", "rck_0_0_0_0"] {
            assert!(ApiKeyToken::parse(other).is_none(), "{other}");
        }
    }
}
