//! Email addresses: stored as typed, compared in a canonical form.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    characters::is_hidden,
    fields::FromField,
    violation::{Invalid, ViolationCode},
};

/// The maximum number of characters of an address: the path of RFC 5321 without its brackets.
const MAX_EMAIL_CHARS: usize = 254;

/// The maximum number of characters of a local part (RFC 5321).
const MAX_LOCAL_CHARS: usize = 64;

/// An email address, spelled as its owner typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, max_length = 254, format = "email", example = "mina@example.com")]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Parses an address: an ASCII local part without quotes, and a domain that may be international.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > MAX_EMAIL_CHARS {
            let rule = format!("takes at most {MAX_EMAIL_CHARS} characters");
            return Err(Invalid::new(ViolationCode::TooLong, rule));
        }
        let parts = text.split_once('@').filter(|(local, domain)| is_local(local) && is_domain(domain));
        match parts {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(Invalid::new(ViolationCode::BadFormat, "must be one email address such as mina@example.com")),
        }
    }

    /// The address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }

    /// The form in which addresses are unique: the local part in lower case, the domain in its ASCII form.
    pub fn canonical(&self) -> String {
        let (local, domain) = self.wire();
        format!("{}@{domain}", local.to_ascii_lowercase())
    }

    /// The form for mail servers: the local part as typed, the domain in its ASCII form.
    pub fn to_wire(&self) -> String {
        let (local, domain) = self.wire();
        format!("{local}@{domain}")
    }

    fn wire(&self) -> (&str, String) {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        // The domain could be encoded when it was parsed. If a later encoder is stricter, the address must not change
        // owner.
        (local, idna::domain_to_ascii_strict(domain).unwrap_or_else(|_| domain.to_lowercase()))
    }
}

impl FromField for Email {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        Self::parse(&String::from_field(value)?)
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether a local part is a dot-atom (RFC 5322) of valid length.
fn is_local(local: &str) -> bool {
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= MAX_LOCAL_CHARS && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// Whether a domain has at least two labels and an ASCII form.
///
/// Encoding drops invisible characters and replaces look-alike dots. Such domains are refused: people would read
/// another address than the mail server uses.
fn is_domain(domain: &str) -> bool {
    let is_visible = |c: char| !is_hidden(c) && !c.is_whitespace() && !matches!(c, '。' | '．' | '｡');
    let encoded = domain.chars().all(is_visible).then(|| idna::domain_to_ascii_strict(domain).ok()).flatten();
    encoded.is_some_and(|ascii| {
        let last = ascii.rsplit('.').next().unwrap_or_default();
        ascii.contains('.') && !last.is_empty() && !last.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        Email::parse(text).unwrap().canonical()
    }

    #[test]
    fn look_alike_addresses_are_the_same_or_are_refused() {
        assert_eq!(canonical("Mina@EXAMPLE.com"), canonical("mina@example.COM"));
        assert_eq!(canonical("mina@b\u{fc}cher.example"), canonical("mina@bu\u{308}cher.example"));
        assert_eq!(canonical("mina@bücher.example"), "mina@xn--bcher-kva.example");
        assert_eq!(canonical("mina@XN--BCHER-KVA.example"), "mina@xn--bcher-kva.example");
        // These domains can belong to different people, so the addresses differ.
        assert_ne!(canonical("mina@straße.example"), canonical("mina@strasse.example"));
        for bad in
            ["mina@exam\u{200b}ple.com", "mi\u{200d}na@example.com", "mina@example\u{ff0e}com", "mïna@example.com"]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_a_dot_atom_at_a_domain() {
        for good in ["a@b.co", "first.last+tag@example.com", "o'hara@example.com", "x@사이트.kr"] {
            assert_eq!(Email::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "mina",
            "@example.com",
            "mina@",
            "mina@localhost",
            "a@b@example.com",
            ".a@example.com",
            "a..b@example.com",
            "\"a b\"@example.com",
            "a@example.com,b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "a b@example.com",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@-example.com",
            "a@example..com",
            "Mina <mina@example.com>",
            "a@example.com.",
        ] {
            assert_eq!(Email::parse(bad).unwrap_err().code, ViolationCode::BadFormat, "{bad:?}");
        }
        let long = format!("{}@{}.com", "a".repeat(64), "b".repeat(63));
        assert!(Email::parse(&long).is_ok());
        assert_eq!(Email::parse(&format!("a{long}")).unwrap_err().code, ViolationCode::BadFormat);
        assert_eq!(Email::parse(&"a".repeat(255)).unwrap_err().code, ViolationCode::TooLong);
    }
}
