pub(crate) mod client;

use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::{JoinHandle, JoinSet};

use self::client::{eventually, exchange};
use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

const NOW: &[u8] = b"GET /now HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// A server whose handler takes `pause` to answer with the client's address, except for these paths: `/now` and
/// `/healthz` are answered at once, `/body` once the body is read, and a number with as many bytes.
async fn start(limits: ServerLimits, pause: Duration) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    start_with(Arc::default(), limits, pause).await
}

async fn start_with(
    access: Arc<Access>,
    limits: ServerLimits,
    pause: Duration,
) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let handler = move |request: Request<Incoming>| async move {
        let client = request.extensions().get::<SocketAddr>().map(ToString::to_string);
        let path = request.uri().path().strip_prefix('/').unwrap_or_default().to_owned();
        match path.as_str() {
            "now" | "healthz" => {}
            "body" => drop(request.into_body().collect().await),
            path => match path.parse() {
                Ok(bytes) => return Response::new(Full::new(vec![b'a'; bytes].into())),
                Err(_) => sleep(pause).await,
            },
        }
        Response::new(Full::new(Bytes::from(client.unwrap_or_default())))
    };
    let server = tokio::spawn(serve(listener, access, limits, shutdown.clone(), handler));
    (address, shutdown, server)
}

/// A server that has few requests in flight, and lets a connection idle for a minute.
async fn start_full(connections: usize, pause: Duration) -> (SocketAddr, Arc<Access>, JoinHandle<()>) {
    let access = Arc::<Access>::default();
    let header_timeout = Duration::from_secs(60);
    let is_health = |path: &str| path == "/healthz";
    let limits = ServerLimits { connections, header_timeout, is_health, ..ServerLimits::default() };
    let (address, _, server) = start_with(Arc::clone(&access), limits, pause).await;
    (address, access, server)
}

/// Idle connections, as many as there can be beside the requests in flight.
async fn extra_connections(address: SocketAddr) -> Vec<TcpStream> {
    let mut idle = Vec::new();
    for _ in 0..EXTRA_CONNECTIONS {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    sleep(Duration::from_millis(100)).await;
    idle
}

#[tokio::test]
async fn the_handler_gets_the_address_of_the_client() {
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
async fn requests_beyond_the_limit_are_refused_at_once() {
    let (address, access, _server) = start_full(1, Duration::from_millis(500)).await;
    let in_flight = tokio::spawn(exchange(address, REQUEST));
    sleep(Duration::from_millis(100)).await;
    let body = "a".repeat(1 << 20);
    let delivery = format!("POST /now HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    for request in [NOW, delivery.as_bytes()] {
        let refused = exchange(address, request).await;
        assert!(
            refused.starts_with("HTTP/1.1 503 ") && refused.contains("\r\nretry-after: 1\r\n"),
            "{refused}"
        );
    }
    assert!(!in_flight.is_finished());
    assert!(exchange(address, HEALTH).await.starts_with("HTTP/1.1 200 OK"));
    assert!(in_flight.await.unwrap().starts_with("HTTP/1.1 200 OK"));
    assert!(exchange(address, NOW).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(access.refused().read(RefusalReason::Busy), 2);
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

/// Idle connections are closed, before their first request or after one. A request in flight stays.
#[tokio::test]
async fn a_new_connection_takes_the_place_of_the_one_that_idles_longest() {
    let (address, access, _server) = start_full(2, Duration::from_secs(1)).await;
    let in_flight = tokio::spawn(exchange(address, REQUEST));
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut kept = TcpStream::connect(address).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let mut idle = extra_connections(address).await;
    // There is one more than can be open.
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
    for _ in 0..2 {
        // A request puts the connection at the end of the queue.
        kept.write_all(b"GET /now HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        assert_ne!(kept.read(&mut [0; 1024]).await.unwrap(), 0);
        assert!(exchange(address, NOW).await.starts_with("HTTP/1.1 200 OK"));
    }
    assert_eq!(idle[0].read(&mut [0; 1]).await.unwrap(), 0);
    assert!(timeout(Duration::from_millis(100), idle[1].read(&mut [0; 1])).await.is_err());
    assert_eq!(access.refused().read(RefusalReason::Displaced), 2);
    assert!(in_flight.await.unwrap().starts_with("HTTP/1.1 200 OK"));
    // All but one that came before `kept` idled, then that one, then `kept` itself.
    idle.extend(extra_connections(address).await);
    assert!(timeout(Duration::from_millis(100), kept.read(&mut [0; 1])).await.is_err());
    idle.push(TcpStream::connect(address).await.unwrap());
    idle.push(TcpStream::connect(address).await.unwrap());
    let closed = timeout(Duration::from_secs(10), kept.read(&mut [0; 1])).await.unwrap();
    assert_eq!(closed.unwrap(), 0, "it idles longest now");
}

/// A response that its reader has yet to take is in flight, though the handler is done with it.
#[tokio::test]
async fn a_response_that_is_read_slowly_is_not_cut_off() {
    const BYTES: usize = 32 << 20;
    let (address, access, _server) = start_full(1, Duration::ZERO).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /{BYTES} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let idle = (extra_connections(address).await, extra_connections(address).await);
    assert!(exchange(address, NOW).await.starts_with("HTTP/1.1 503 "));
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    assert!(answer.len() > BYTES);
    assert!(exchange(address, NOW).await.starts_with("HTTP/1.1 200 OK"));
    assert!(access.refused().read(RefusalReason::Displaced) >= EXTRA_CONNECTIONS as u64);
    drop(idle);
}

/// One of many clients that take all the time there is, and come again when they are closed.
async fn be_slow(address: SocketAddr, number: usize) {
    let (begin, goes_on) = [
        ("", false),
        ("GET / HTTP/1.1\r\nhost:", true),
        ("POST /body HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n", true),
        ("POST /healthz HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", false),
        ("GET /50000000 HTTP/1.1\r\nhost: a\r\n\r\n", false),
        ("GET /now HTTP/1.1\r\nhost: a\r\n\r\n", false),
    ][number % 6];
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        let mut write = stream.write_all(begin.as_bytes()).await;
        while goes_on && write.is_ok() {
            sleep(Duration::from_millis(20)).await;
            write = stream.write_all(b"a").await;
        }
        // Wakes when the server closes the connection, or soon.
        timeout(Duration::from_millis(200), stream.readable()).await.ok();
    }
}

/// Health checks are answered though hundreds of slow and idle clients take every place.
#[tokio::test]
async fn health_checks_are_answered_among_slow_clients() {
    let (address, access, _server) = start_full(16, Duration::ZERO).await;
    let mut clients = JoinSet::new();
    (0..300).for_each(|number| drop(clients.spawn(be_slow(address, number))));
    eventually(|| access.refused().read(RefusalReason::Busy) > 16).await;
    for _ in 0..50 {
        let health = timeout(Duration::from_secs(5), exchange(address, HEALTH)).await.unwrap();
        assert!(health.starts_with("HTTP/1.1 200 OK"), "{health}");
    }
    assert!(access.refused().read(RefusalReason::Displaced) > 0);
}

/// A client may close its side as soon as it has sent its request.
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
async fn connections_without_a_valid_request_are_counted() {
    let access = Arc::<Access>::default();
    let limits = ServerLimits { header_timeout: Duration::from_millis(200), ..ServerLimits::default() };
    let (address, _shutdown, _server) = start_with(Arc::clone(&access), limits, Duration::ZERO).await;
    let long = "a".repeat(20_000);
    let cases = [
        ("nonsense\r\n\r\n".to_owned(), "400", RefusalReason::BadRequest),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), "400", RefusalReason::BadRequest),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "", RefusalReason::BadRequest),
        (format!("GET / HTTP/1.1\r\nhost: {long}\r\n\r\n"), "431", RefusalReason::HeadTooLarge),
        ("GET / HTTP/1.1\r\nhost:".to_owned(), "", RefusalReason::Timeout),
    ];
    for (request, status, reason) in cases {
        let before = access.refused().read(reason);
        let answer = exchange(address, request.as_bytes()).await;
        assert_eq!(answer.split(' ').nth(1).unwrap_or_default(), status, "{answer}");
        eventually(|| access.refused().read(reason) == before + 1).await;
    }
    // A connection that only idled is not counted.
    exchange(address, b"").await;
    exchange(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let counts = RefusalReason::ALL.map(|reason| access.refused().read(reason));
    assert_eq!(counts.iter().sum::<u64>(), 5, "{counts:?}");
}

/// A client that reads nothing of its response does not keep it in memory.
#[tokio::test]
async fn a_client_that_reads_nothing_is_closed() {
    let limits = ServerLimits { header_timeout: Duration::from_millis(200), ..ServerLimits::default() };
    let (address, shutdown, server) = start(limits, Duration::ZERO).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"GET /50000000 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(700)).await;
    // The bytes that were sent before are there; the rest never comes.
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).await.ok();
    assert!(answer.len() < 50_000_000, "{}", answer.len());
    shutdown.cancel();
    server.await.unwrap();
}
