//! The network of a client. It is enough for a person to recognize a session, and it is not the address of one device.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The parts of an address that are kept. A site gets at most a /48 of IPv6 (RFC 6177), so more would tell its networks apart.
const IPV4_BITS: u32 = 24;
const IPV6_BITS: u32 = 48;

/// An address with zeros in place of what is more exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => {
                let mask = u32::MAX << (u32::BITS - IPV4_BITS);
                Ipv4Addr::from_bits(address.to_bits() & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX << (u128::BITS - IPV6_BITS);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
        })
    }
}

/// In the notation of CIDR (RFC 4632).
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = match self.0 {
            IpAddr::V4(_) => IPV4_BITS,
            IpAddr::V6(_) => IPV6_BITS,
        };
        write!(f, "{}/{bits}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shortened_to_its_network() {
        for (address, network) in [
            ("203.0.113.9", "203.0.113.0/24"),
            ("255.255.255.255", "255.255.255.0/24"),
            ("::ffff:203.0.113.9", "203.0.113.0/24"),
            (
                "2001:db8:1234:5678:9abc:def0:1234:5678",
                "2001:db8:1234::/48",
            ),
            ("::1", "::/48"),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(Network::from(parsed).to_string(), network, "{address}");
        }
    }
}
