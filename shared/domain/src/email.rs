//! An email address: kept as it was typed, compared in one canonical form.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    fields::FromField,
    violation::{Invalid, ViolationCode},
};

/// Characters of an address at most: RFC 5321's path without its brackets.
const MAX_EMAIL_CHARS: usize = 254;

/// Characters of a local part at most, by RFC 5321.
const MAX_LOCAL_CHARS: usize = 64;

/// An email address as its owner spells it: that is where mail goes.
///
/// What comes back from storage is trusted, as with every text of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, max_length = 254, format = "email", example = "mina@example.com")]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Reads one address: an ASCII local part without quotes, and a domain that may be international.
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

    /// The form under which an address is unique: the local part in lower case, the domain in its ASCII form.
    pub fn canonical(&self) -> String {
        let (local, domain) = self.wire();
        format!("{}@{domain}", local.to_ascii_lowercase())
    }

    /// The form mail servers take: the local part as typed, the domain in its ASCII form.
    pub fn to_wire(&self) -> String {
        let (local, domain) = self.wire();
        format!("{local}@{domain}")
    }

    fn wire(&self) -> (&str, String) {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        // It was encodable when it was parsed. A stricter encoder one day must not make it somebody else's.
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

/// RFC 5322's dot-atom.
fn is_local(local: &str) -> bool {
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= MAX_LOCAL_CHARS && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// A name of at least two labels that has an ASCII form.
///
/// Encoding drops invisible characters and folds look-alike dots; whoever reads the address would see another one than
/// the mail server, so they are refused before.
fn is_domain(domain: &str) -> bool {
    let is_visible = |c: char| {
        let is_invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        !c.is_control() && !c.is_whitespace() && !is_invisible && !matches!(c, '。' | '．' | '｡')
    };
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

    /// I1.
    #[test]
    fn look_alikes_of_an_address_are_one_address_or_none() {
        assert_eq!(canonical("Mina@EXAMPLE.com"), canonical("mina@example.COM"));
        assert_eq!(canonical("mina@b\u{fc}cher.example"), canonical("mina@bu\u{308}cher.example"));
        assert_eq!(canonical("mina@bücher.example"), "mina@xn--bcher-kva.example");
        assert_eq!(canonical("mina@XN--BCHER-KVA.example"), "mina@xn--bcher-kva.example");
        // Two domains that different people can own stay two addresses.
        assert_ne!(canonical("mina@straße.example"), canonical("mina@strasse.example"));
        for bad in
            ["mina@exam\u{200b}ple.com", "mi\u{200d}na@example.com", "mina@example\u{ff0e}com", "mïna@example.com"]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_one_dot_atom_at_one_domain() {
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
