//! Unused ports, below the range that the kernel uses for outgoing connections.

use std::{
    net::{Ipv4Addr, TcpListener},
    ops::Range,
};

use anyhow::{Result, ensure};

const RANGE: Range<u16> = 10_240..32_000;
const MOST_ATTEMPTS: usize = 10_000;

/// Different ports that are free at this moment.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    // The listeners are kept until all are chosen, so that no port is chosen twice.
    let mut held = Vec::new();
    for _ in 0..MOST_ATTEMPTS {
        if held.len() == N {
            return Ok(ports);
        }
        let port = rand::random_range(RANGE);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            ports[held.len()] = port;
            held.push(listener);
        }
    }
    ensure!(held.len() == N, "no free ports were found");
    Ok(ports)
}
