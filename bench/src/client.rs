//! An HTTP/1.1 client with one connection, kept until the server closes it. It is small, so that its own time hardly
//! counts.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection to a server on this machine.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    port: u16,
    /// The server closes the connection after the last answer.
    is_over: bool,
}

/// What a server answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let reader = BufReader::with_capacity(64 * 1024, stream.try_clone()?);
        Ok(Self { stream, reader, port, is_over: false })
    }

    /// Asks for a path. The headers are lines, each with its line end.
    pub(crate) fn get(&mut self, path: &str, headers: &str) -> Result<Answer> {
        self.exchange(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes())
    }

    /// Sends a request, head and body in one, and reads the answer to its end.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        if self.is_over {
            *self = Self::connect(self.port)?;
        }
        self.stream.write_all(request)?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).unwrap_or_default();
        let mut answer = Answer { status: status.parse().context("no status line")?, ..Answer::default() };
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let (is, value) = (|wanted: &str| name.eq_ignore_ascii_case(wanted), value.trim());
            if is("content-length") {
                length = value.parse().context("content-length")?;
            } else if is("content-type") {
                value.clone_into(&mut answer.content_type);
            } else if is("transfer-encoding") {
                chunked = value.eq_ignore_ascii_case("chunked");
            } else if is("connection") {
                self.is_over = value.eq_ignore_ascii_case("close");
            }
        }
        if chunked {
            self.read_chunks(&mut answer.body)?;
        } else {
            self.read_part(length, &mut answer.body)?;
        }
        Ok(answer)
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim(), 16).context("chunk size")?;
            self.read_part(size, body)?;
            self.reader.read_line(&mut line)?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn read_part(&mut self, length: u64, body: &mut Vec<u8>) -> Result<()> {
        let read = self.reader.by_ref().take(length).read_to_end(body)?;
        ensure!(read as u64 == length, "the answer ended early");
        Ok(())
    }
}

impl Answer {
    /// The answer itself if its status is of success: any other would measure something else.
    pub(crate) fn successful(self) -> Result<Self> {
        ensure!((200..300).contains(&self.status), "the answer has status {}", self.status);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that closes after every answer, as some do, is asked again on a connection of its own.
    #[test]
    fn a_closed_connection_is_opened_again() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = std::thread::spawn(move || {
            for stream in listener.incoming().take(3) {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                lines.map_while(Result::ok).find(String::is_empty).unwrap();
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok")
                    .unwrap();
            }
        });
        let mut client = Client::connect(port).unwrap();
        for _ in 0..3 {
            assert_eq!(client.get("/", "").unwrap().body, b"ok");
        }
        serving.join().unwrap();
    }
}
