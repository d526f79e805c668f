//! docs/sender.py delivers to the real program, though answers get lost and deliveries are refused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails is a test that fails")]

#[path = "support/http.rs"]
mod http;
#[path = "support/lines.rs"]
mod lines;
#[path = "support/running.rs"]
mod running;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use lines::{line, requests};
use portent_tests::external;
use running::{Addresses, Running};

/// What stands between the sender and the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Works,
    /// The delivery arrives, the answer does not.
    LosesTheAnswer,
    /// Somebody else refuses it.
    Refuses,
}

#[test]
fn the_page_shows_the_sender() {
    let page = include_str!("../../docs/events.md");
    let shown = page.split_once("```python\n").unwrap().1.split_once("```\n").unwrap().0;
    assert_eq!(shown, include_str!("../../docs/sender.py"));
}

/// Three deliveries, each of which is repeated: everything is counted once.
#[test]
fn a_lost_answer_does_not_count_twice() {
    let course = [Network::LosesTheAnswer, Network::Works].repeat(3);
    let Some((output, scraped)) = deliver(450, &course) else { return };
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(requests(&scraped), 450);
    assert!(scraped.contains("portent_events_duplicate_total 450\n"), "{scraped}");
}

/// What is refused is given up, said, and reported with the next delivery.
#[test]
fn what_is_given_up_is_reported() {
    let Some((output, scraped)) = deliver(450, &[Network::Refuses, Network::Works, Network::Works]) else {
        return;
    };
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "200 events given up: 418 no\n");
    assert_eq!(requests(&scraped), 250);
    assert!(
        scraped.contains("portent_events_dropped_total{app=\"sent\",reason=\"other\"} 200\n"),
        "{scraped}"
    );
}

/// Lets the sender deliver this many lines. Returns what it says, and a scrape afterwards.
fn deliver(events: usize, course: &[Network]) -> Option<(Output, String)> {
    let python = external::program("python3")?;
    let directory = tempfile::tempdir().unwrap();
    let mut running = Running::spawn(&mut running::serve(), &directory.path().join("log"));
    let addresses = running.addresses();
    let between = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/events", between.local_addr().unwrap());
    let output = std::thread::scope(|scope| {
        let passing = scope.spawn(|| course.iter().for_each(|network| pass(&between, &addresses, *network)));
        let mut sender = start_sender(&python, &url);
        let lines = line("sent", "/predict", 200).repeat(events);
        sender.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = sender.wait_with_output().unwrap();
        passing.join().unwrap();
        output
    });
    Some((output, addresses.get("/metrics").body))
}

fn start_sender(python: &Path, url: &str) -> Child {
    let sender = external::workspace().join("docs/sender.py");
    let mut command = Command::new(python);
    command.arg(sender).arg(url).env_remove("http_proxy").env("no_proxy", "*");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Passes one request on, and its answer back.
fn pass(between: &TcpListener, addresses: &Addresses, network: Network) {
    let (mut sender, _) = between.accept().unwrap();
    let request = read_request(&mut sender);
    if network == Network::Refuses {
        return sender
            .write_all(b"HTTP/1.1 418 no\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
            .unwrap();
    }
    let mut program = TcpStream::connect(&addresses.ingest).unwrap();
    program.write_all(&request).unwrap();
    let mut answer = Vec::new();
    program.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    if network == Network::Works {
        sender.write_all(&answer).unwrap();
    }
}

fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    while !is_whole(&request) {
        let read = stream.read(&mut chunk).unwrap();
        assert_ne!(read, 0, "the request ended early");
        request.extend_from_slice(&chunk[..read]);
    }
    request
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    body.len() == length.parse::<usize>().unwrap()
}
