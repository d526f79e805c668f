//! An answer of the build for WASI 0.3 leaves in one write, head and body together.
//!
//! Spin does not set `TCP_NODELAY`: what leaves in two writes waits for the client's delayed acknowledgement in between,
//! some 40 ms. Then the client's first read ends at the gap, which is what is looked for here. A host may now and then
//! be slower to take the body than to write the head, so not all answers have to be whole, but all but a few.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::fixture::{Build, FIRST_ROW};
use crate::spin::Spin;

const REQUESTS: usize = 100;

#[test]
fn an_answer_of_the_embedded_host_comes_in_one_read() {
    let host = Build::P3.up(&[]);
    assert_whole(&host.authority("serving"));
}

#[test]
fn an_answer_of_spin_comes_in_one_read() {
    let Some(spin) = Spin::up(Build::P3) else { return };
    assert_whole(spin.base.trim_start_matches("http://"));
}

#[track_caller]
fn assert_whole(authority: &str) {
    let whole = whole_answers(authority);
    assert!(whole >= REQUESTS * 9 / 10, "{whole} of {REQUESTS} answers came in one read");
}

/// Answers that came in one read, of requests one after the other on a connection that is kept.
fn whole_answers(authority: &str) -> usize {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = FIRST_ROW.len();
    let request = format!(
        "POST /predict HTTP/1.1\r\nhost: portent.example\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{FIRST_ROW}"
    );
    let comes_whole = |_: &usize| {
        stream.write_all(request.as_bytes()).unwrap();
        reads_of_an_answer(&mut stream) == 1
    };
    (0..REQUESTS).filter(comes_whole).count()
}

fn reads_of_an_answer(stream: &mut TcpStream) -> usize {
    let (mut answer, mut buffer, mut reads) = (String::new(), [0; 64 * 1024], 0);
    while !is_complete(&answer) {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "an end in the middle of {answer:?}");
        answer.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        reads += 1;
    }
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    reads
}

fn is_complete(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.map(|length| length.parse::<usize>().unwrap()).expect("a length") == body.len()
}
