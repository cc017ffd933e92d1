//! The client's address: the peer's, or where the peer is a trusted proxy, the rightmost one in X-Forwarded-For
//! that is not. The client itself may have written the addresses left of that one. No other field is read: many proxies
//! pass X-Real-Ip and Forwarded on as the client sent them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
};
use ipnet::IpNet;

use crate::Problem;

/// Loopback, private (RFC 1918, 6598, 4193) and link-local ranges: where an ingress of the same cluster is.
const PRIVATE: &str = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,::1/128,fc00::/7,fe80::/10";
/// More proxies than a request passes in practice.
const MAX_HOPS: usize = 32;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct ProxySettings {
    /// Proxies whose X-Forwarded-For is trusted, as comma-separated CIDRs; all private ranges by default. If clients
    /// have private addresses too, list only the ingress controller's; otherwise clients can forge their address.
    #[arg(long, env = "TRUSTED_PROXIES", default_value_t)]
    pub trusted_proxies: TrustedProxies,
}

/// The client address of a request, as the address layer determined it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

#[derive(Debug, thiserror::Error)]
#[error("the route has no layer that finds the client's address")]
struct NoAddressLayer;

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get().copied();
        found.ok_or_else(|| Problem::internal(&NoAddressLayer))
    }
}

/// Shared, as every request gets one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// The client address of this request.
    pub fn client(&self, request: &Request) -> IpAddr {
        // A server without the addresses of its peers counts them as one.
        let peer = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip());
        let peer = peer
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
            .to_canonical();
        self.walk(peer, request.headers())
    }

    /// From the nearest hop outwards, as long as a trusted proxy wrote the address. An unreadable address ends the walk
    /// like an untrusted one, so that nothing left of it counts.
    fn walk(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let fields = headers.get_all("x-forwarded-for").iter().rev();
        let hops = fields.flat_map(|field| field.as_bytes().rsplit(|byte| *byte == b','));
        let mut client = peer;
        for hop in hops.take(MAX_HOPS) {
            if !self.contains(client) {
                break;
            }
            match address(hop.trim_ascii()) {
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
        let parsed = networks.map(|network| match network.parse::<IpAddr>() {
            Ok(address) => Ok(address.into()),
            Err(_) => network.parse(),
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&networks.join(","))
    }
}

/// An address with or without a port, brackets and zone.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let bare = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            if !port.is_empty() {
                port.strip_prefix(':')?.parse::<u16>().ok()?;
            }
            without_zone(address).parse().map(IpAddr::V6).ok()
        }
        None => without_zone(text)
            .parse()
            .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
            .ok(),
    };
    bare.map(|address| address.to_canonical())
}

/// The zone (RFC 4007) has a meaning only on the machine that wrote it.
fn without_zone(text: &str) -> &str {
    text.split_once('%').map_or(text, |(address, _)| address)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let values = forwarded.iter().map(|text| text.as_bytes());
        walked(&TrustedProxies::default(), peer, values)
    }

    fn walked<'a>(
        proxies: &TrustedProxies,
        peer: &str,
        forwarded: impl Iterator<Item = &'a [u8]>,
    ) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value).unwrap());
        }
        proxies.walk(peer.parse().unwrap(), &headers).to_string()
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
        for (forwarded, expected) in [
            (vec!["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            (
                vec!["198.51.100.1", "203.0.113.9:4711, 10.0.0.2"],
                "203.0.113.9",
            ),
            (vec!["[2001:db8::1]:443"], "2001:db8::1"),
            (vec!["[2001:db8::1]"], "2001:db8::1"),
            (vec!["2001:db8::1%eth0"], "2001:db8::1"),
            (vec!["203.0.113.9,[fe80::7%25eth0]:4711"], "203.0.113.9"),
            (vec!["::ffff:203.0.113.9"], "203.0.113.9"),
            (vec!["\t203.0.113.9 ,\t10.0.0.2 "], "203.0.113.9"),
        ] {
            assert_eq!(client("10.42.0.7", &forwarded), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk() {
        for (forwarded, expected) in [
            (vec![], "10.42.0.7"),
            (vec![""], "10.42.0.7"),
            (vec!["203.0.113.9, unknown, 10.0.0.2"], "10.0.0.2"),
            (vec!["203.0.113.9,, 10.0.0.2"], "10.0.0.2"),
            (vec!["203.0.113.9, 10.0.0.3:99999"], "10.42.0.7"),
            (vec!["203.0.113.9, [10.0.0.3"], "10.42.0.7"),
            (vec!["203.0.113.9, 10.0.0.256"], "10.42.0.7"),
            (vec!["203.0.113.9, 10.0.0.3; 10.0.0.4"], "10.42.0.7"),
        ] {
            assert_eq!(client("10.42.0.7", &forwarded), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn a_field_that_is_no_text_hides_the_fields_before_it() {
        // The first line is the client's; its proxy appended to the second.
        let forwarded: [&[u8]; 2] = [b"198.51.100.1", b"\xff"];
        let untrusted = walked(
            &TrustedProxies::default(),
            "10.42.0.7",
            forwarded.into_iter(),
        );
        assert_eq!(untrusted, "10.42.0.7");
        let appended: [&[u8]; 2] = [b"198.51.100.1", b"\xff, 203.0.113.9"];
        let client = walked(
            &TrustedProxies::default(),
            "10.42.0.7",
            appended.into_iter(),
        );
        assert_eq!(client, "203.0.113.9");
    }

    #[test]
    fn repeats_and_length_gain_a_client_nothing() {
        let repeated = vec!["198.51.100.1"; 200];
        let mut fields = repeated.clone();
        fields.push("203.0.113.9");
        assert_eq!(client("10.42.0.7", &fields), "203.0.113.9");
        let long = "198.51.100.1, ".repeat(100_000) + "203.0.113.9";
        assert_eq!(client("10.42.0.7", &[&long]), "203.0.113.9");
        let trusted = "198.51.100.1, ".to_owned() + &"10.0.0.2, ".repeat(1_000) + "10.0.0.3";
        assert_eq!(client("10.42.0.7", &[&trusted]), "10.0.0.2");
    }

    #[test]
    fn a_proxy_is_named_by_its_address_or_its_network() {
        let proxies: TrustedProxies = "10.42.0.7, 10.43.0.0/16,::1".parse().unwrap();
        assert_eq!(proxies.to_string(), "10.42.0.7/32,10.43.0.0/16,::1/128");
        assert!("10.42.0.7/33".parse::<TrustedProxies>().is_err());
    }

    #[test]
    fn no_proxy_is_trusted_when_the_list_is_empty() {
        let none: TrustedProxies = "".parse().unwrap();
        let forwarded: [&[u8]; 1] = [b"203.0.113.9"];
        assert_eq!(
            walked(&none, "10.42.0.7", forwarded.into_iter()),
            "10.42.0.7"
        );
    }
}
