use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A server of this status, which stalls at the first request of its first connection; and the number of
/// requests.
fn server(status: u16, stall: Duration) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (stream, counted) = (stream.unwrap(), Arc::clone(&counted));
            let stall = if number == 0 { stall } else { Duration::ZERO };
            std::thread::spawn(move || answer(stream, status, stall, &counted));
        }
    });
    (port, asked)
}

fn answer(mut stream: TcpStream, status: u16, stall: Duration, counted: &AtomicUsize) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut stall = Some(stall);
    for line in lines.map_while(Result::ok).filter(String::is_empty) {
        drop(line);
        counted.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(stall.take().unwrap_or_default());
        let text = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok");
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn feed() -> Feed {
    Box::new(|out| out.extend(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"))
}

#[test]
fn an_open_loop_sends_all_that_is_due() {
    let (port, asked) = server(200, Duration::ZERO);
    let sent = Load::paced(port, 4, 25, &feed).send(Duration::from_secs(2)).unwrap();
    assert_eq!((sent.latencies.count(), sent.unsent), (50, 0));
    assert_eq!(asked.load(Ordering::Relaxed), 50);
}

#[test]
fn a_stalled_answer_counts_in_those_behind_it_and_in_no_others() {
    let stall = Duration::from_millis(400);
    let (port, _) = server(200, stall);
    let sent = Load::paced(port, 4, 100, &feed).send(Duration::from_millis(500)).unwrap();
    // Ten of the 13 requests of that connection were due while it waited, and each counts from when it was
    // due.
    assert_eq!(sent.latencies.count(), 50);
    assert!(sent.latencies.quantile_micros(1.0) >= 400_000);
    assert!(sent.latencies.quantile_micros(0.9) >= 100_000, "{}", sent.latencies.quantile_micros(0.9));
    // Their connection was not free when they were due, so the sender was not late.
    assert!(sent.lateness.count() <= 50 - 8, "{} of 50", sent.lateness.count());
}

#[test]
fn what_cannot_be_sent_in_twice_the_time_is_told() {
    let (port, asked) = server(200, Duration::from_millis(900));
    let sent = Load::paced(port, 1, 10, &feed).send(Duration::from_millis(400)).unwrap();
    assert_eq!((sent.latencies.count(), sent.unsent), (1, 3));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn an_unexpected_status_ends_the_load() {
    let (port, _) = server(422, Duration::ZERO);
    let error = Load::saturating(port, 1, &feed).run(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.to_string(), "the answer has status 422");
    assert!(Load::saturating(port, 1, &feed).expecting(422).run(Duration::from_millis(50)).is_ok());
}

#[test]
fn saturation_counts_every_answer() {
    let (port, asked) = server(200, Duration::ZERO);
    let answered = Load::saturating(port, 3, &feed).run(Duration::from_millis(50)).unwrap();
    assert_eq!(answered.count(), asked.load(Ordering::Relaxed));
}
