//! A content delivery network in front of the gateway.

use std::{fmt, net::IpAddr};

use axum::http::HeaderMap;
use subtle::ConstantTimeEq;

/// The header in which the network proves that a request comes from it.
const PROOF: &str = "x-edge-secret";

/// Address and port of the viewer, as the network reports them.
const VIEWER: &str = "cloudfront-viewer-address";

/// The least length of a secret, in characters: 128 bits in hexadecimal digits.
const MIN_CHARS: usize = 32;

/// What the network sends with each request, and nobody else knows: `EDGE_SECRET`. It cannot be printed.
#[derive(Clone)]
pub struct EdgeSecret(String);

impl EdgeSecret {
    /// Checks a secret.
    pub fn parse(text: String) -> Result<Self, String> {
        let is_valid = text.len() >= MIN_CHARS && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_valid {
            Ok(Self(text))
        } else {
            Err(format!("EDGE_SECRET must have at least {MIN_CHARS} characters of ASCII"))
        }
    }

    /// The address of the viewer, if the request proves that it comes from the network.
    pub(crate) fn viewer_address(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let is_proved = bool::from(headers.get(PROOF)?.as_bytes().ct_eq(self.0.as_bytes()));
        let (address, _port) = headers.get(VIEWER)?.to_str().ok()?.rsplit_once(':')?;
        is_proved.then(|| address.trim_matches(['[', ']']).parse().ok()).flatten()
    }
}

impl fmt::Debug for EdgeSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EdgeSecret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn viewer(headers: &[(&'static str, &'static str)]) -> Option<IpAddr> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        EdgeSecret::parse(SECRET.to_owned()).unwrap().viewer_address(&headers)
    }

    #[test]
    fn the_viewer_of_a_request_with_the_secret_is_believed() {
        for (address, expected) in [
            ("198.51.100.10:46532", "198.51.100.10"),
            ("2001:db8::1:46532", "2001:db8::1"),
            ("[2001:db8::1]:46532", "2001:db8::1"),
        ] {
            let headers = [(PROOF, SECRET), (VIEWER, address)];
            assert_eq!(viewer(&headers), Some(expected.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_viewer_of_any_other_request_is_not_believed() {
        let address = (VIEWER, "198.51.100.10:46532");
        for headers in [
            &[address][..],
            &[address, (PROOF, "")],
            &[address, (PROOF, "0123456789abcdef0123456789abcdeX")],
            &[(PROOF, SECRET)],
            &[(PROOF, SECRET), (VIEWER, "nobody:1")],
        ] {
            assert_eq!(viewer(headers), None, "{headers:?}");
        }
    }

    #[test]
    fn a_short_secret_is_refused_and_no_secret_is_printed() {
        let short = "0123456789abcdef";
        let error = EdgeSecret::parse(short.to_owned()).unwrap_err();
        assert!(error.contains("EDGE_SECRET") && !error.contains(short), "{error}");
        let secret = EdgeSecret::parse(SECRET.to_owned()).unwrap();
        assert!(!format!("{secret:?}").contains(SECRET));
    }
}
