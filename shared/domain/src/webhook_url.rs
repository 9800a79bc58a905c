//! URLs of webhooks, and the addresses that may be connected to for them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};
use utoipa::ToSchema;

use crate::{
    fields::Fields,
    limits::MAX_WEBHOOK_URL_BYTES,
    public_address::is_public,
    violation::{Invalid, ViolationCode},
};

/// Whether events may be sent without encryption to the machine itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loopback {
    /// They may, by http: for trying webhooks on one machine.
    Allowed,
    /// They may not: a service that trusts its own machine could be reached.
    #[default]
    Refused,
}

/// The URL of a webhook: absolute, https, at most 2,000 bytes, without user and password. A literal address is public.
/// The local server also takes http to a loopback address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(
    value_type = String,
    max_length = 2000,
    format = "uri",
    pattern = r"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+([/?#]\S*)?$",
    example = "https://hooks.example.com/rollcall"
)]
pub struct WebhookUrl(String);

// The schema takes a literal only.
const _: () = assert!(MAX_WEBHOOK_URL_BYTES == 2_000);

impl WebhookUrl {
    /// Parses a URL. A name is not resolved: whatever it leads to is checked whenever an event is sent.
    pub fn parse(text: &str, loopback: Loopback) -> Result<Self, Invalid> {
        let bad_format = |rule| Err(Invalid::new(ViolationCode::BadFormat, rule));
        if text.len() > MAX_WEBHOOK_URL_BYTES {
            return Err(Invalid::new(ViolationCode::TooLong, format!("takes at most {MAX_WEBHOOK_URL_BYTES} bytes")));
        }
        // The parser skips or rewrites these, so that other programs may read the URL differently.
        let is_clean = !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\');
        let url = Url::parse(text).ok().filter(|_| is_clean);
        let Some((url, host)) = url.as_ref().and_then(|url| Some((url, url.host()?))) else {
            return bad_format("must be an absolute https URL");
        };
        // The parser takes URLs with more or fewer slashes before the host, and drops an empty user and password.
        let after_scheme = text.get(url.scheme().len()..).and_then(|rest| rest.strip_prefix("://"));
        let authority = after_scheme.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if authority.is_empty() {
            return bad_format("must be an absolute https URL");
        }
        if authority.contains('@') {
            return bad_format("takes no user and no password");
        }
        let is_local = match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let is_named_or_public = match host {
            Host::Domain(_) => true,
            Host::Ipv4(address) => is_public(address.into()),
            Host::Ipv6(address) => is_public(address.into()),
        };
        match url.scheme() {
            "https" if is_named_or_public => Ok(Self(text.to_owned())),
            "https" => Err(Invalid::new(ViolationCode::NotAllowed, "must not name an address that is not public")),
            "http" if is_local && loopback == Loopback::Allowed => Ok(Self(text.to_owned())),
            _ => bad_format("must be an absolute https URL"),
        }
    }

    /// Reads the field. Returns `None` only after reporting a violation.
    pub fn read(fields: &mut Fields, name: &str, loopback: Loopback) -> Option<Self> {
        let text: String = fields.required(name)?;
        Self::parse(&text, loopback).map_err(|invalid| fields.violation(name, invalid)).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an event for this URL may be sent to an address that its name was resolved to.
    pub fn permits(&self, address: IpAddr, loopback: Loopback) -> bool {
        match Url::parse(&self.0).as_ref().map(Url::scheme) {
            Ok("https") => is_public(address),
            Ok("http") => loopback == Loopback::Allowed && address.is_loopback(),
            Ok(_) | Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_https_and_names_no_address_that_is_not_public() {
        for good in [
            "https://hooks.example.com",
            "https://hooks.example.com:8443/a?b=c@d",
            "HTTPS://Example.com/",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]/",
            "https://localhost/",
            "https://xn--bcher-kva.example/",
        ] {
            assert!(WebhookUrl::parse(good, Loopback::Refused).is_ok(), "{good}");
        }
        for bad in [
            "",
            "hooks.example.com",
            "https://",
            "https:///a",
            "https:/example.com/a",
            "https:example.com",
            "http://hooks.example.com/",
            "ftp://example.com/",
            "http://127.0.0.1/",
            "http://localhost/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::10.0.0.1]/",
            "https://[2002:7f00:1::]/",
            "https://[fe80::1]/",
            "https://10.0.0.1/",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "https://@example.com/",
            "https://:@example.com/",
            "https://example.com\\@10.0.0.1/",
            "https://example.com/a b",
            "https://example.com/\n",
        ] {
            assert!(WebhookUrl::parse(bad, Loopback::Refused).is_err(), "{bad}");
        }
        assert!(WebhookUrl::parse(&format!("https://a.example/{}", "a".repeat(2_000)), Loopback::Refused).is_err());
    }

    #[test]
    fn http_leads_to_the_machine_itself_only_where_that_is_allowed() {
        for local in ["http://127.0.0.1:8080/hook", "http://localhost:1/", "http://[::1]:1/", "http://127.9.9.9/"] {
            assert!(WebhookUrl::parse(local, Loopback::Allowed).is_ok(), "{local}");
        }
        for other in ["https://127.0.0.1/", "http://10.0.0.1/", "http://example.com/", "http://[::ffff:127.0.0.1]/"] {
            assert!(WebhookUrl::parse(other, Loopback::Allowed).is_err(), "{other}");
        }
    }

    #[test]
    fn a_name_may_lead_to_a_public_address_only() {
        let url = WebhookUrl::parse("https://hooks.example.com/", Loopback::Allowed).unwrap();
        for (address, permitted) in [("1.1.1.1", true), ("127.0.0.1", false), ("10.0.0.1", false), ("::1", false)] {
            assert_eq!(url.permits(address.parse().unwrap(), Loopback::Allowed), permitted, "{address}");
        }
        let local = WebhookUrl::parse("http://localhost/", Loopback::Allowed).unwrap();
        for (address, permitted) in [("127.0.0.1", true), ("::1", true), ("1.1.1.1", false), ("10.0.0.1", false)] {
            assert_eq!(local.permits(address.parse().unwrap(), Loopback::Allowed), permitted, "{address}");
            assert!(!local.permits(address.parse().unwrap(), Loopback::Refused), "{address}");
        }
    }
}
