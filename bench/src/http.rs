//! As much of HTTP/1.1 as the generator needs: one request at a time on a kept connection, and responses with a length.
//! There is no library in between, since the generator shares the CPU with the services that it measures.

use std::{io, net::Ipv4Addr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The parts of a response that the generator uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub replayed: bool,
    /// In seconds.
    pub retry_after: Option<u32>,
    /// The body of a problem; empty otherwise.
    pub body: Vec<u8>,
    closes: bool,
    length: usize,
    /// The length of the status line and the headers.
    head: usize,
}

/// A response as the client sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    pub status: u16,
    /// In the order of the response, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

pub struct Connection {
    port: u16,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// Where the body of the last response begins in the buffer.
    body: usize,
}

impl Connection {
    /// A connection that is opened by the first request.
    pub fn new(port: u16) -> Self {
        Self {
            port,
            stream: None,
            buffer: Vec::with_capacity(4_096),
            body: 0,
        }
    }

    /// The body of the last response.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body..).unwrap_or_default()
    }

    /// Sends a whole request and reads the response. After an error the outcome of the request is unknown. A connection
    /// that failed, or whose response was not waited for, is closed; the next request opens another.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.port).await?,
        };
        stream.write_all(request).await?;
        let answer = read(&mut stream, &mut self.buffer).await?;
        self.body = answer.head;
        if !answer.closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// As [`Self::exchange`], with every header and the body.
    pub async fn exchange_whole(&mut self, request: &[u8]) -> io::Result<Whole> {
        let Answer { status, head, .. } = self.exchange(request).await?;
        let text = std::str::from_utf8(&self.buffer)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let (head, body) = text.split_at(head);
        let headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
        Ok(Whole {
            status,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect(),
            body: body.to_owned(),
        })
    }
}

async fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Answer> {
    buffer.clear();
    let end = loop {
        let before = buffer.len();
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let from = before.saturating_sub(3);
        if let Some(end) = find(&buffer[from..], b"\r\n\r\n") {
            break from + end + 4;
        }
    };
    let mut answer = head(&buffer[..end]).ok_or(io::ErrorKind::InvalidData)?;
    answer.head = end;
    while buffer.len() < end + answer.length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    if answer.status >= 400 {
        answer.body = buffer[end..end + answer.length].to_vec();
    }
    Ok(answer)
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|part| part == pattern)
}

/// Parses the status line and the headers that are used; `None` if it is not HTTP/1.1, or has no length.
fn head(text: &[u8]) -> Option<Answer> {
    let mut lines = std::str::from_utf8(text).ok()?.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let mut answer = Answer {
        status: status.parse().ok()?,
        ..Answer::default()
    };
    let mut length = (answer.status == 204).then_some(0);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("content-length") {
            length = Some(value.parse().ok()?);
        } else if is("location") {
            answer.location = Some(value.to_owned());
        } else if is("idempotent-replayed") {
            answer.replayed = value == "true";
        } else if is("retry-after") {
            answer.retry_after = value.parse().ok();
        } else if is("connection") {
            answer.closes = value.eq_ignore_ascii_case("close");
        }
    }
    answer.length = length?;
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_that_are_used_are_parsed() {
        let answer = head(
            b"HTTP/1.1 201 Created\r\nLocation: /api/v1/orders/1\r\ncontent-length: 12\r\nIdempotent-Replayed: true\r\n\r\n",
        );
        let expected = Answer {
            status: 201,
            location: Some("/api/v1/orders/1".into()),
            replayed: true,
            length: 12,
            ..Answer::default()
        };
        assert_eq!(answer, Some(expected));
        let busy = head(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").unwrap();
        assert_eq!((busy.retry_after, busy.closes), (Some(1), true));
        assert_eq!(
            head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
            None
        );
        assert_eq!(head(b"SSH-2.0\r\n\r\n"), None);
    }

    #[tokio::test]
    async fn answers_that_arrive_in_pieces_are_put_together_and_the_connection_is_kept() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 4];
            for _ in 0..3 {
                stream.read_exact(&mut question).await.unwrap();
                for part in [
                    "HTTP/1.1 409 Conflict\r\nconte",
                    "nt-length: 5\r\n\r",
                    "\nhe",
                    "llo",
                ] {
                    stream.write_all(part.as_bytes()).await.unwrap();
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            }
        });
        let mut connection = Connection::new(port);
        for _ in 0..2 {
            let answer = connection.exchange(b"ping").await.unwrap();
            assert_eq!(
                (answer.status, answer.body.as_slice()),
                (409, b"hello".as_slice())
            );
            assert_eq!(connection.body(), b"hello");
        }
        let whole = connection.exchange_whole(b"ping").await.unwrap();
        let expected = Whole {
            status: 409,
            headers: vec![("content-length".into(), "5".into())],
            body: "hello".into(),
        };
        assert_eq!(whole, expected);
        server.await.unwrap();
        assert!(connection.exchange(b"ping").await.is_err());
    }
}
