//! Networks from which an API key may be used.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{
    fields::FromField,
    violation::{Invalid, ViolationCode},
};

/// A network: an address, or an address prefix without host bits. It is shown as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    text: String,
    prefix: IpNet,
}

impl Network {
    /// Parses an address or an address prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.parse::<IpAddr>().ok().map(IpNet::from);
        let prefix = address.or_else(|| text.parse().ok())?;
        // Addresses of clients are compared in their own form, so a prefix in the other one would match none.
        let is_canonical = prefix.addr().to_canonical() == prefix.addr();
        (is_canonical && prefix == prefix.trunc()).then(|| Self { text: text.to_owned(), prefix })
    }

    /// Whether the address is in the network. An IPv4 address in IPv6 form counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.prefix.contains(&address.to_canonical())
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.text
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a network"))
    }
}

impl PartialSchema for Network {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(49));
        let description = "An address, or an address prefix without host bits.";
        schema.description(Some(description)).examples(["203.0.113.0/24"]).into()
    }
}

impl ToSchema for Network {}

impl FromField for Network {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        Self::parse(&String::from_field(value)?).ok_or_else(|| {
            let rule = "must be an address, or an address prefix without host bits such as 203.0.113.0/24";
            Invalid::new(ViolationCode::BadFormat, rule)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.0/24", "::ffff:203.0.113.9", "2001:db8::1"),
            ("0.0.0.0/0", "198.51.100.1", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(network.contains(inside.parse().unwrap()) && !network.contains(outside.parse().unwrap()));
        }
    }

    #[test]
    fn host_bits_and_other_texts_are_refused() {
        for text in [
            "203.0.113.7/24",
            "203.0.113.0/33",
            "203.0.113",
            "2001:db8::1/32",
            "localhost",
            "",
            "1.2.3.4/",
            "::ffff:1.2.3.4",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
