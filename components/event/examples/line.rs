//! Measures how long reading and writing one event line takes, in nanoseconds.
//!
//! `cargo run --release -p portent-event --example line`
#![expect(clippy::print_stdout, reason = "a measurement is for its reader")]

use std::hint::black_box;
use std::time::Instant;

use portent_event::{DecodeError, Line};

/// A prediction of the heart disease model for one patient: 13 features, one bin each.
const LINE: &str = r#"{"portent":1,"time":"2026-01-02T03:04:05.678901Z","app":"heart-disease","request_id":"0b5e7a52-8f0c-4c39-9a4e-3f1d5c2b7a60","method":"POST","route":"/predict","status":200,"ns":{"total":42000,"parse":4000,"validate":3000,"score":150,"encode":2000},"predictions":[{"model":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","version":"1.0.0","rows":1,"classes":[{"count":1,"confidence":[0,0,0,1],"confidence_sum_nano":714156977},{"count":0}],"score_sum_nano":285843023,"score_bins":[2,1],"bins":[[8,1],[1,1],[3,1],[6,1],[5,1],[1,1],[0,1],[7,1],[0,1],[9,1],[2,1],[0,1],[1,1]]}]}"#;

/// The fastest of many short rounds is the least disturbed one.
const ROUNDS: usize = 200;
const CALLS: u32 = 10_000;

fn main() -> Result<(), DecodeError> {
    let Line::Event(event) = Line::decode(LINE.as_bytes())? else { return Ok(()) };
    let decode = nanoseconds(|| {
        black_box(Line::decode(black_box(LINE.as_bytes())).is_ok());
    });
    let mut out = Vec::new();
    let encode = nanoseconds(|| {
        out.clear();
        black_box(&event).encode(black_box(&mut out));
    });
    println!("line of {} bytes: decode {decode:.0} ns, encode {encode:.0} ns", LINE.len());
    Ok(())
}

/// Nanoseconds of one call in the fastest round.
fn nanoseconds(mut call: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        (0..CALLS).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / f64::from(CALLS)
    });
    rounds.fold(f64::INFINITY, f64::min)
}
