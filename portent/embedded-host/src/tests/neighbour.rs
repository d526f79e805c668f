//! Requests to the aggregator of the same process.

use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use hyper::HeaderMap;
use wasmtime_wasi_http::WasiBody;

use super::*;

/// What the neighbour was asked: path, headers and body.
type Asked = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// An address that nobody listens at.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A host whose component may send to the neighbour at this address, by that and by another name. The neighbour
/// answers 202, after so many yields.
fn beside_neighbour(address: SocketAddr, yields: usize) -> (Fixture, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let answer = move |request: Request<WasiBody>| {
        let seen = Arc::clone(&seen);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            let body = String::from_utf8(body.to_vec()).unwrap();
            seen.lock().unwrap().push((head.uri.path().to_owned(), head.headers, body));
            Response::builder().status(202).body(Full::from("taken")).unwrap()
        }
    };
    let neighbour = Some(Neighbour::new(address, answer));
    let options = Options { neighbour, idle_instance_timeout: Duration::from_secs(60), ..Options::default() };
    let port = address.port();
    let hosts = format!(r#""http://{address}", "http://localhost:{port}", "http://127.0.0.2:{port}""#);
    let allowed = format!("allowed_outbound_hosts = [{hosts}]");
    (Fixture::new(guest(), &allowed, options), asked)
}

/// A delivery whose body is complete is answered while it is being sent: the exchange never waits for anything.
#[tokio::test]
async fn a_complete_delivery_is_answered_at_once() {
    let address = free_address();
    let (fixture, asked) = beside_neighbour(address, 0);
    let request = Request::post(format!("/deliver?to={address}")).header("host", "a");
    let request = request.body(Full::new(Bytes::from_static(b"a line"))).unwrap();
    let mut exchange = pin!(fixture.host.handle(request));
    // This runtime has one thread, so no other task runs between these looks. An instance gives way now and then.
    let mut looks = (0..100_000).map(|_| exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    let Some(Poll::Ready(answer)) = looks.find(Poll::is_ready) else {
        panic!("the exchange waits for another task");
    };
    drop(looks);
    assert_eq!(read(answer).await.text(), "202");
    let asked = asked.lock().unwrap();
    let [(path, headers, body)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((path.as_str(), body.as_str()), ("/v1/events", "a line"));
    assert_eq!([&headers["host"], &headers["content-length"]], [address.to_string().as_str(), "6"]);
}

/// One that the neighbour has to wait for is answered later, and one that is sent before it is written too.
#[tokio::test]
async fn other_requests_to_the_neighbour_are_answered_when_they_can_be() {
    let address = free_address();
    let (fixture, asked) = beside_neighbour(address, 3);
    for _ in 0..3 {
        assert_eq!(fixture.send("POST", &format!("/deliver?to={address}"), b"a line").await.text(), "202");
        assert_eq!(fixture.get(&format!("/outbound?url=http://{address}/x")).await.text(), "202 taken");
    }
    assert_eq!(asked.lock().unwrap().len(), 6);
    assert!(fixture.failures().is_empty());
}

/// Another name, and a head that the listener might refuse, take the socket; here nobody is at its other end.
#[tokio::test]
async fn what_is_not_to_the_letter_the_neighbours_takes_the_socket() {
    let address = free_address();
    let (fixture, asked) = beside_neighbour(address, 0);
    let by_name = format!("localhost:{}", address.port());
    for target in [
        format!("/deliver?to=127.0.0.2:{}", address.port()),
        format!("/deliver?to={by_name}"),
        format!("/outbound?url=http://{by_name}/x"),
        format!("/outbound?url=http://{address}/{}", "x".repeat(5000)),
    ] {
        let answer = fixture.send("POST", &target, b"").await;
        assert_eq!(answer.status, 502, "{answer:?}");
        assert!(answer.text().contains("ConnectionRefused"), "{answer:?}");
    }
    assert!(asked.lock().unwrap().is_empty());
}

/// The manifest decides who may send, to the neighbour too.
#[tokio::test]
async fn the_neighbour_is_reached_only_where_it_is_allowed() {
    let (address, other) = (free_address(), free_address());
    let (fixture, asked) = beside_neighbour(address, 0);
    let neighbour = fixture.host.0.options.neighbour.clone();
    let elsewhere = format!("allowed_outbound_hosts = [\"http://{other}\"]");
    let fixture = Fixture::new(guest(), &elsewhere, Options { neighbour, ..Options::default() });
    for target in [format!("/deliver?to={address}"), format!("/outbound?url=http://{address}/x")] {
        let answer = fixture.send("POST", &target, b"").await;
        assert!(answer.text().contains("HttpRequestDenied"), "{answer:?}");
    }
    assert!(asked.lock().unwrap().is_empty());
}

/// A request leaves nothing behind in its instance, so that the next may have it, whichever way the request took.
#[tokio::test]
async fn instances_that_deliver_are_used_again() {
    let address = free_address();
    for yields in [0, 1] {
        let (fixture, _) = beside_neighbour(address, yields);
        check_reuse(&fixture, address).await;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = listener.local_addr().unwrap();
    let serving = crate::server::serve(listener, Default::default(), Default::default(), |_| async {
        Response::builder().status(202).body(Full::<Bytes>::default()).unwrap()
    });
    let serving = tokio::spawn(serving);
    let allowed = format!("allowed_outbound_hosts = [\"http://{other}\"]");
    let options = Options { idle_instance_timeout: Duration::from_secs(60), ..Options::default() };
    check_reuse(&Fixture::new(guest(), &allowed, options), other).await;
    serving.abort();
}

async fn check_reuse(fixture: &Fixture, address: SocketAddr) {
    for _ in 0..40 {
        assert_eq!(fixture.send("POST", &format!("/deliver?to={address}"), b"a line").await.text(), "202");
        // An instance that went on after its answer is back then.
        fixture.host.drain(Duration::from_secs(10)).await;
    }
    assert_eq!(fixture.get("/state").await.text(), "41");
}
