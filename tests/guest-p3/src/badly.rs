//! Behaviours that the host must bear.

use std::hint::black_box;
use std::mem::ManuallyDrop;
use std::thread;
use std::time::{Duration, Instant};

use spin_sdk_p3::wasip3;
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{Fields, Response};

use crate::answer::{answer, begin};

pub(crate) async fn trap(ms: Option<u64>) -> Response {
    pause(ms.unwrap_or(0)).await;
    panic!("asked to trap");
}

pub(crate) fn trap_after(ms: Option<u64>) -> Response {
    wasip3::spawn(async move {
        pause(ms.unwrap_or(10)).await;
        panic!("asked to trap after the answer");
    });
    answer(200, "answered")
}

pub(crate) fn trap_mid(ms: Option<u64>) -> Response {
    begin(200, None, async move |mut stream| {
        stream.write_all(b"half of ".to_vec()).await;
        pause(ms.unwrap_or(0)).await;
        panic!("asked to trap within the answer");
    })
}

pub(crate) fn short() -> Response {
    begin(200, Some(100), async move |mut stream| {
        stream.write_all(b"too short".to_vec()).await;
    })
}

pub(crate) fn busy(ms: Option<u64>) -> Response {
    let begun = Instant::now();
    let mut sum = 0_u64;
    while ms.is_none_or(|ms| begun.elapsed() < Duration::from_millis(ms)) {
        for n in 0..10_000_u64 {
            sum = black_box(sum.wrapping_add(n));
        }
    }
    answer(200, "computed")
}

pub(crate) async fn sleep(ms: Option<u64>) -> Response {
    pause(ms.unwrap_or(1000)).await;
    answer(200, "slept")
}

pub(crate) fn block(ms: Option<u64>) -> Response {
    thread::sleep(Duration::from_millis(ms.unwrap_or(1000)));
    answer(200, "slept")
}

pub(crate) fn sleep_after(ms: Option<u64>) -> Response {
    wasip3::spawn(async move {
        pause(ms.unwrap_or(1000)).await;
        println!("{{\"portent\":\"after the answer\"}}");
    });
    answer(200, "answered")
}

pub(crate) fn slow(parts: Option<u64>, ms: Option<u64>) -> Response {
    begin(200, None, async move |mut stream| {
        for part in 0..parts.unwrap_or(3) {
            stream.write_all(format!("part {part}\n").into_bytes()).await;
            pause(ms.unwrap_or(50)).await;
        }
    })
}

pub(crate) fn grow(mb: Option<u64>) -> Response {
    let bytes = usize::try_from(mb.unwrap_or(1)).unwrap() << 20;
    let held = black_box(vec![1_u8; bytes]);
    answer(200, held.len().to_string())
}

pub(crate) fn big(mb: Option<u64>) -> Response {
    begin(200, None, async move |mut stream| {
        for _ in 0..mb.unwrap_or(1) {
            stream.write_all(vec![b'x'; 1 << 20]).await;
        }
    })
}

pub(crate) fn leak(count: Option<u64>) -> Response {
    for _ in 0..count.unwrap_or(1) {
        // Forgetting the handle is the fault to provoke: nothing else tells the host that it is not in use.
        black_box(&ManuallyDrop::new(Fields::new()));
    }
    answer(200, "leaked")
}

async fn pause(ms: u64) {
    wait_for(Duration::from_millis(ms).as_nanos().try_into().unwrap()).await;
}
