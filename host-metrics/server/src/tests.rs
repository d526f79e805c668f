use std::net::SocketAddr;
use std::time::Instant;

use http_body_util::Full;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use super::*;
use crate::testing::{eventually, exchange};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

const NOW: &[u8] = b"GET /now HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A server whose handler takes `pause` to answer with the client's address, but for `/now`; to the path of a
/// number it answers with as many bytes.
async fn start(limits: ServerLimits, pause: Duration) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    start_behind(Arc::default(), limits, pause).await
}

async fn start_behind(
    door: Arc<Door>,
    limits: ServerLimits,
    pause: Duration,
) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let handler = move |request: Request<Incoming>| async move {
        let path = request.uri().path().strip_prefix('/').unwrap_or_default();
        if let Ok(bytes) = path.parse() {
            return Response::new(Full::new(vec![b'a'; bytes].into()));
        }
        sleep(if path == "now" { Duration::ZERO } else { pause }).await;
        let client = request.extensions().get::<SocketAddr>().map(ToString::to_string);
        Response::new(Full::new(Bytes::from(client.unwrap_or_default())))
    };
    let server = tokio::spawn(serve_behind(door, listener, limits, shutdown.clone(), handler));
    (address, shutdown, server)
}

/// A server of few connections, which it lets idle for a minute.
async fn start_full(connections: usize, pause: Duration) -> (SocketAddr, Arc<Door>, JoinHandle<()>) {
    let door = Arc::<Door>::default();
    let header_timeout = Duration::from_secs(60);
    let limits = ServerLimits { connections, header_timeout, ..ServerLimits::default() };
    let (address, _, server) = start_behind(Arc::clone(&door), limits, pause).await;
    (address, door, server)
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

/// At the limit the idle go, be it before their first request or after one, and the busy stay.
#[tokio::test]
async fn a_newcomer_takes_the_place_of_who_idles_longest() {
    let (address, door, _server) = start_full(2, Duration::from_secs(3)).await;
    let busy = tokio::spawn(exchange(address, REQUEST));
    let mut silent = TcpStream::connect(address).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let mut kept = TcpStream::connect(address).await.unwrap();
    kept.write_all(b"GET /now HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert_ne!(kept.read(&mut [0; 1024]).await.unwrap(), 0);
    assert_eq!(door.refusals().read(Refusal::Displaced), 1);
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(exchange(address, NOW).await.starts_with("HTTP/1.1 200 OK"));
    assert!(busy.await.unwrap().starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_connection_that_idles_after_its_answer_makes_room() {
    let (address, door, _server) = start_full(1, Duration::ZERO).await;
    let mut kept = TcpStream::connect(address).await.unwrap();
    for _ in 0..2 {
        kept.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert_ne!(kept.read(&mut [0; 1024]).await.unwrap(), 0);
    }
    assert!(exchange(address, NOW).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(kept.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(door.refusals().read(Refusal::Displaced), 1);
}

/// An answer that its reader has yet to take is in flight, though the handler is done with it.
#[tokio::test]
async fn an_answer_that_is_read_slowly_is_not_cut_off() {
    const BYTES: usize = 32 << 20;
    let (address, door, _server) = start_full(1, Duration::ZERO).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /{BYTES} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    let newcomer = tokio::spawn(exchange(address, NOW));
    sleep(Duration::from_millis(1500)).await;
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    assert!(answer.len() > BYTES);
    assert!(newcomer.await.unwrap().starts_with("HTTP/1.1 200 OK"));
    assert_eq!(door.refusals().read(Refusal::Displaced), 0);
}

/// A client may say that it has no more to say as soon as it has asked.
#[tokio::test]
async fn a_half_closed_connection_is_answered() {
    let limits = ServerLimits { half_close: true, ..ServerLimits::default() };
    let (address, _shutdown, _server) = start(limits, Duration::from_millis(100)).await;
    for request in [REQUEST, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn what_never_became_a_request_is_counted() {
    let door = Arc::<Door>::default();
    let limits = ServerLimits { header_timeout: Duration::from_millis(200), ..ServerLimits::default() };
    let (address, _shutdown, _server) = start_behind(Arc::clone(&door), limits, Duration::ZERO).await;
    let long = "a".repeat(20_000);
    let cases = [
        ("nonsense\r\n\r\n".to_owned(), "400", Refusal::BadRequest),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), "400", Refusal::BadRequest),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "", Refusal::BadRequest),
        (format!("GET / HTTP/1.1\r\nhost: {long}\r\n\r\n"), "431", Refusal::HeadTooLarge),
        ("GET / HTTP/1.1\r\nhost:".to_owned(), "", Refusal::Timeout),
    ];
    for (request, status, reason) in cases {
        let before = door.refusals().read(reason);
        let answer = exchange(address, request.as_bytes()).await;
        assert_eq!(answer.split(' ').nth(1).unwrap_or_default(), status, "{answer}");
        eventually(|| door.refusals().read(reason) == before + 1).await;
    }
    // Connections that only idled are none of these.
    exchange(address, b"").await;
    exchange(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let counts = Refusal::ALL.map(|reason| door.refusals().read(reason));
    assert_eq!(counts.iter().sum::<u64>(), 5, "{counts:?}");
}

/// A client that takes nothing of its answer does not keep it in memory.
#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up() {
    let limits = ServerLimits { header_timeout: Duration::from_millis(200), ..ServerLimits::default() };
    let (address, shutdown, server) = start(limits, Duration::ZERO).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"GET /50000000 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(700)).await;
    // Whatever had left before is there; the rest never comes.
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).await.ok();
    assert!(answer.len() < 50_000_000, "{}", answer.len());
    shutdown.cancel();
    server.await.unwrap();
}
