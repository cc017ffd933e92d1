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
    ports.copy_from_slice(&several(N)?);
    Ok(ports)
}

/// The same for a number that is known only when the program runs.
pub fn several(count: usize) -> Result<Vec<u16>> {
    let mut ports = Vec::new();
    // The listeners are kept until all are chosen, so that no port is chosen twice.
    let mut held = Vec::new();
    for _ in 0..MOST_ATTEMPTS {
        if held.len() == count {
            break;
        }
        let port = rand::random_range(RANGE);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            ports.push(port);
            held.push(listener);
        }
    }
    ensure!(held.len() == count, "no free ports were found");
    Ok(ports)
}
