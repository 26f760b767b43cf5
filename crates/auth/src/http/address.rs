use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address reaches (the IANA special-purpose address registries, RFC 6890).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// The Internet.
    Public,
    /// This machine, or networks that those outside cannot reach.
    Inside,
    /// No server's business: link-local with the clouds' instance metadata, multicast, documentation, reserved.
    Never,
}

/// Where clouds answer any process with credentials of the machine, beside 169.254.169.254.
const INSTANCE_METADATA: [IpAddr; 4] = [
    // Alibaba Cloud
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    // Azure
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    // AWS
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    // Google Cloud
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

impl Reach {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            _ if INSTANCE_METADATA.contains(&address) => Self::Never,
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    #[expect(clippy::match_same_arms, reason = "each row with its own reason")]
    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Inside,
            // Shared address space (RFC 6598): providers' NAT, and Tailscale.
            [100, 64..=127, ..] => Self::Inside,
            // Benchmarking (RFC 2544); proxies that take over the whole system answer every name with one of these.
            [198, 18..=19, ..] => Self::Inside,
            [0 | 224..=255, ..] | [169, 254, ..] => Self::Never,
            // Protocol assignments, documentation, 6to4 relays.
            [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] => Self::Never,
            _ => Self::Public,
        }
    }

    #[expect(clippy::match_same_arms, reason = "each row with its own reason")]
    fn of_v6(address: Ipv6Addr) -> Self {
        let segments = address.segments();
        let embedded = |high: u16, low: u16| {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Self::of(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        };
        match segments {
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Inside,
            // IPv4-mapped, and the deprecated IPv4-compatible (RFC 4291 §2.5.5).
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => embedded(high, low),
            // IPv4-translated (RFC 2765), NAT64 (RFC 6052).
            [0, 0, 0, 0, 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
            // NAT64 of this network's own (RFC 8215).
            [0x64, 0xff9b, 1, _, _, _, high, low] => embedded(high, low).max(Self::Inside),
            // 6to4 (RFC 3056).
            [0x2002, high, low, ..] => embedded(high, low),
            // Benchmarking (RFC 5180).
            [0x2001, 2, 0, ..] => Self::Inside,
            // Protocol assignments with Teredo and ORCHID, documentation.
            [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Self::Never,
            [0x2000..=0x3fff, ..] => Self::Public,
            // Unique local (RFC 4193), and site-local, its predecessor.
            [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Self::Inside,
            // Unspecified, link-local, multicast, and what nobody was given.
            _ => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_by_their_reach() {
        for (reach, addresses) in [
            (
                Reach::Public,
                &[
                    "1.1.1.1",
                    "93.184.215.14",
                    "172.15.255.255",
                    "172.32.0.0",
                    "100.63.255.255",
                    "100.128.0.0",
                    "192.0.1.1",
                    "198.17.255.255",
                    "198.20.0.0",
                    "223.255.255.255",
                    "2606:4700::1111",
                    "2a00:1450::1",
                    "::ffff:1.1.1.1",
                    "64:ff9b::1.1.1.1",
                    "2002:101:101::1",
                ][..],
            ),
            (
                Reach::Inside,
                &[
                    "10.0.0.1",
                    "10.255.255.255",
                    "172.16.0.1",
                    "172.31.255.255",
                    "192.168.1.1",
                    "127.0.0.1",
                    "127.255.255.254",
                    "100.64.0.1",
                    "100.127.255.255",
                    "198.18.0.1",
                    "198.19.255.255",
                    "::1",
                    "::ffff:10.0.0.1",
                    "::ffff:127.0.0.1",
                    "::127.0.0.1",
                    "::ffff:0:192.168.0.1",
                    "64:ff9b::10.0.0.1",
                    "64:ff9b:1::1.1.1.1",
                    "2002:a00:1::1",
                    "2002:7f00:1::",
                    "2001:2::1",
                    "fc00::1",
                    "fdff::1",
                    "fec0::1",
                ],
            ),
            (
                Reach::Never,
                &[
                    "0.0.0.0",
                    "0.1.2.3",
                    "169.254.0.1",
                    "169.254.169.254",
                    "100.100.100.200",
                    "168.63.129.16",
                    "192.0.0.192",
                    "192.0.2.1",
                    "192.88.99.1",
                    "198.51.100.1",
                    "203.0.113.1",
                    "224.0.0.1",
                    "239.255.255.255",
                    "240.0.0.1",
                    "255.255.255.255",
                    "::",
                    "::ffff:169.254.169.254",
                    "64:ff9b::169.254.169.254",
                    "64:ff9b:1::169.254.169.254",
                    "2002:a9fe:a9fe::",
                    "::ffff:224.0.0.1",
                    "fe80::1",
                    "febf::1",
                    "ff02::1",
                    "2001::1",
                    "2001:10::1",
                    "2001:db8::1",
                    "3fff::1",
                    "100::1",
                    "fd00:ec2::254",
                    "fd20:ce::254",
                    "5f00::1",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
            }
        }
    }
}
