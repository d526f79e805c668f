use std::net::SocketAddr;
use std::time::Instant;

use http_body_util::Full;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use super::*;
use crate::testing::exchange;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A server whose handler takes `pause` to answer with the client's address.
async fn start(limits: ServerLimits, pause: Duration) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let handler = move |request: Request<Incoming>| async move {
        sleep(pause).await;
        let client = request.extensions().get::<SocketAddr>().map(ToString::to_string);
        Response::new(Full::new(Bytes::from(client.unwrap_or_default())))
    };
    let server = tokio::spawn(serve(listener, limits, shutdown.clone(), handler));
    (address, shutdown, server)
}

#[tokio::test]
async fn answers_tell_who_asked() {
    let (address, shutdown, server) = start(ServerLimits::default(), Duration::ZERO).await;
    let answer = exchange(address, REQUEST).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\r\n\r\n127.0.0.1:"), "{answer}");
    shutdown.cancel();
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn requests_in_flight_are_answered_after_the_shutdown() {
    let (address, shutdown, server) = start(ServerLimits::default(), Duration::from_millis(200)).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let asking = tokio::spawn(exchange(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
    sleep(Duration::from_millis(100)).await;
    shutdown.cancel();
    assert!(asking.await.unwrap().starts_with("HTTP/1.1 200 OK"));
    server.await.unwrap();
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0, "an idle connection is closed");
}

#[tokio::test]
async fn draining_ends_at_its_limit() {
    let limits = ServerLimits { drain: Duration::from_millis(50), ..ServerLimits::default() };
    let (address, shutdown, server) = start(limits, Duration::from_secs(3600)).await;
    let asking = tokio::spawn(exchange(address, REQUEST));
    sleep(Duration::from_millis(100)).await;
    shutdown.cancel();
    server.await.unwrap();
    assert_eq!(asking.await.unwrap(), "");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let limits = ServerLimits { connections: 1, ..ServerLimits::default() };
    let (address, _shutdown, _server) = start(limits, Duration::ZERO).await;
    let first = TcpStream::connect(address).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    let mut second = tokio::spawn(exchange(address, REQUEST));
    assert!(timeout(Duration::from_millis(100), &mut second).await.is_err());
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn slow_and_long_heads_are_cut_off() {
    let limits = ServerLimits { header_timeout: Duration::from_millis(100), ..ServerLimits::default() };
    let (address, _shutdown, _server) = start(limits, Duration::ZERO).await;
    let begun = Instant::now();
    exchange(address, b"GET / HTTP/1.1\r\nhost:").await;
    exchange(address, b"").await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    let long = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", "a".repeat(20_000));
    let answer = exchange(address, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_connection_that_breaks_off_harms_no_other() {
    let (address, _shutdown, _server) = start(ServerLimits::default(), Duration::ZERO).await;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"\x16\x03\x01 not http\r\n\r\n").await.unwrap();
    }
    assert!(exchange(address, REQUEST).await.starts_with("HTTP/1.1 200 OK"));
}
