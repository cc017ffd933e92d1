//! Requests whose path reaches the ingress unchanged: HTTP libraries normalize `..` and `//` before they send.

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{environment, wait::seconds};

/// The status and the text of a response.
pub struct RawAnswer {
    pub status: u16,
    pub text: String,
}

/// Sends one GET with exactly this request target.
pub async fn get(host: &str, target: &str) -> Result<RawAnswer> {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(environment::ingress_address()).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    timeout(seconds(10), stream.read_to_end(&mut answer))
        .await
        .context("no response within 10 s")??;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok());
    Ok(RawAnswer {
        status: status.with_context(|| format!("not an HTTP response: {text}"))?,
        text,
    })
}
