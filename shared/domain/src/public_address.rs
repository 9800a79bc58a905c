//! Which network addresses are public: globally routable unicast, by the registries of special addresses of IANA.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The blocks of IPv4 that are not globally routable unicast: first address and length of the prefix.
#[rustfmt::skip]
const SPECIAL_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED,            8), // this network
    (Ipv4Addr::new(10, 0, 0, 0),       8), // private
    (Ipv4Addr::new(100, 64, 0, 0),    10), // shared by carriers
    (Ipv4Addr::new(127, 0, 0, 0),      8), // loopback
    (Ipv4Addr::new(169, 254, 0, 0),   16), // link-local, among them the metadata of clouds
    (Ipv4Addr::new(172, 16, 0, 0),    12), // private
    (Ipv4Addr::new(192, 0, 0, 0),     24), // protocols
    (Ipv4Addr::new(192, 0, 2, 0),     24), // documentation
    (Ipv4Addr::new(192, 88, 99, 0),   24), // relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0),   16), // private
    (Ipv4Addr::new(198, 18, 0, 0),    15), // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0),  24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0),   24), // documentation
    (Ipv4Addr::new(224, 0, 0, 0),      4), // multicast
    (Ipv4Addr::new(240, 0, 0, 0),      4), // reserved, and broadcast
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's metadata at a routable address
];

/// The block of IPv6 from which globally routable unicast addresses are given out.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The blocks inside [`GLOBAL_V6`] that are not globally routable unicast.
#[rustfmt::skip]
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0,     0, 0, 0, 0, 0, 0), 23), // protocols, among them Teredo, which embeds IPv4
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0,     0, 0, 0, 0, 0, 0), 16), // 6to4, which embeds IPv4
    (Ipv6Addr::new(0x3fff, 0,     0, 0, 0, 0, 0, 0), 20), // documentation
];

/// The block that embeds addresses of IPv4 for networks without IPv4 (NAT64).
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether an address is globally routable unicast. An address of IPv6 that embeds one of IPv4 counts as that one where
/// networks route it (NAT64), and otherwise as not routable: mapped addresses, 6to4, Teredo.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) if is_in_v6(address, NAT64) => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(address) => {
            is_in_v6(address, GLOBAL_V6) && !SPECIAL_V6.iter().any(|block| is_in_v6(address, *block))
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |(first, length): &(Ipv4Addr, u32)| (address.to_bits() ^ first.to_bits()) >> (32 - length) == 0;
    !SPECIAL_V4.iter().any(is_in)
}

fn is_in_v6(address: Ipv6Addr, (first, length): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ first.to_bits()) >> (128 - length) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_globally_routable_unicast_is_public() {
        for public in ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "223.255.255.255", "2606:4700::1111"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn an_embedded_address_of_ipv4_does_not_hide() {
        for hidden in [
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:1::",
            "2002:808:808::1",
            "2001:0:7f00:1::",
        ] {
            assert!(!is_public(hidden.parse().unwrap()), "{hidden}");
        }
        assert!(is_public("64:ff9b::8.8.8.8".parse().unwrap()), "networks without IPv4 reach it so");
    }
}
