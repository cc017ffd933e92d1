//! The client's address: the peer's, or where the peer is a trusted proxy, the rightmost one in X-Forwarded-For
//! that is not. What stands left of that one, the client itself may have written.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use axum::extract::{ConnectInfo, Request};
use ipnet::IpNet;

/// Loopback, private (RFC 1918, 6598, 4193) and link-local ranges: where an ingress of the same cluster is.
const PRIVATE: &str = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,::1/128,fc00::/7,fe80::/10";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whose request this is.
    pub fn client(&self, request: &Request) -> IpAddr {
        // A server that does not tell its peers counts them as one.
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip());
        let peer = peer
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
            .to_canonical();
        let forwarded = request
            .headers()
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok());
        self.walk(peer, &forwarded.collect::<Vec<_>>())
    }

    fn walk(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        let hops = forwarded.iter().flat_map(|value| value.split(',')).rev();
        let mut client = peer;
        for hop in hops {
            if !self.contains(client) {
                break;
            }
            match address(hop.trim()) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self(
            PRIVATE
                .split(',')
                .filter_map(|network| network.parse().ok())
                .collect(),
        )
    }
}

impl FromStr for TrustedProxies {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let networks = text
            .split(',')
            .map(str::trim)
            .filter(|network| !network.is_empty());
        networks.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&networks.join(","))
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    bare.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        TrustedProxies::default()
            .walk(peer.parse().unwrap(), forwarded)
            .to_string()
    }

    #[test]
    fn the_default_names_every_private_range() {
        assert_eq!(TrustedProxies::default().to_string(), PRIVATE);
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_the_client_whatever_it_says() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        assert_eq!(
            client("10.42.0.7", &["198.51.100.1, 203.0.113.9"]),
            "203.0.113.9"
        );
        assert_eq!(
            client("10.42.0.7", &["198.51.100.1", "203.0.113.9:4711, 10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(client("10.42.0.7", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client("10.42.0.7", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk() {
        assert_eq!(client("10.42.0.7", &[]), "10.42.0.7");
        assert_eq!(
            client("10.42.0.7", &["203.0.113.9, unknown, 10.0.0.2"]),
            "10.0.0.2"
        );
    }

    #[test]
    fn nobody_is_trusted_when_the_list_is_empty() {
        let nobody: TrustedProxies = "".parse().unwrap();
        assert_eq!(
            nobody
                .walk("10.42.0.7".parse().unwrap(), &["203.0.113.9"])
                .to_string(),
            "10.42.0.7"
        );
    }
}
