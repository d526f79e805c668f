//! Something between senders and the aggregator that does not do what it should.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is done to a delivery.
#[derive(Clone, Copy)]
pub(crate) enum Tampering {
    /// It is acknowledged and not passed on.
    Lose,
    /// It is passed on twice, under two identities.
    Double,
}

/// A listener that passes deliveries on to an aggregator, but tampers with every nth.
pub(crate) struct Proxy {
    pub(crate) address: String,
    tampered: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) fn before(aggregator: &str, tampering: Tampering, every: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let tampered = Arc::new(AtomicUsize::new(0));
        let (aggregator, count, seen) =
            (aggregator.to_owned(), Arc::clone(&tampered), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for sender in listener.incoming().map_while(Result::ok) {
                let (aggregator, count, seen) = (aggregator.clone(), Arc::clone(&count), Arc::clone(&seen));
                std::thread::spawn(move || {
                    // A sender that goes away ends its connection, and nothing else.
                    let _ = serve(sender, &aggregator, || {
                        let turn = seen.fetch_add(1, Ordering::Relaxed) % every == every - 1;
                        turn.then(|| count.fetch_add(1, Ordering::Relaxed)).map(|_| tampering)
                    });
                });
            }
        });
        Self { address, tampered }
    }

    pub(crate) fn tampered(&self) -> usize {
        self.tampered.load(Ordering::Relaxed)
    }
}

/// Answers the deliveries of one connection.
fn serve(
    mut sender: TcpStream,
    aggregator: &str,
    turn: impl Fn() -> Option<Tampering>,
) -> std::io::Result<()> {
    let mut received = Vec::new();
    while let Some(length) = read_request(&mut sender, &mut received)? {
        let request: Vec<u8> = received.drain(..length).collect();
        let answer = match turn() {
            Some(Tampering::Lose) => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(),
            Some(Tampering::Double) => {
                pass_on(aggregator, &with_another_source(&request))?;
                pass_on(aggregator, &request)?
            }
            None => pass_on(aggregator, &request)?,
        };
        sender.write_all(&answer)?;
    }
    Ok(())
}

/// Reads until a whole request is there, and returns its length; nothing at the end of the connection.
fn read_request(sender: &mut TcpStream, received: &mut Vec<u8>) -> std::io::Result<Option<usize>> {
    let mut chunk = [0; 65_536];
    loop {
        if let Some(length) = request_length(received)
            && received.len() >= length
        {
            return Ok(Some(length));
        }
        match sender.read(&mut chunk)? {
            0 => return Ok(None),
            read => received.extend(&chunk[..read]),
        }
    }
}

/// The length of the request that begins here, once its head is there. Senders state the length of the body.
fn request_length(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&received[..head]).to_lowercase();
    let body =
        text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    Some(head + body.expect("a delivery states its length"))
}

fn with_another_source(request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(request).into_owned();
    assert!(text.contains("portent-source: "), "{text}");
    text.replacen("portent-source: ", "portent-source: another-", 1).into_bytes()
}

/// The aggregator's answer to a request on a connection of its own.
fn pass_on(aggregator: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut upstream = TcpStream::connect(aggregator)?;
    upstream.write_all(request)?;
    upstream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    Ok(answer)
}
