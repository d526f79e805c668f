//! Behaviours that the host must bear.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use spin_sdk::http::{Fields, OutgoingBody, ResponseOutparam};

use crate::answer::{answer, begin, write};

pub(crate) fn trap_after(out: ResponseOutparam) {
    answer(out, 200, b"answered");
    panic!("asked to trap after the answer");
}

pub(crate) fn trap_mid(out: ResponseOutparam) {
    let (_outgoing, stream) = begin(out, 200);
    write(&stream, b"half of ");
    panic!("asked to trap within the answer");
}

pub(crate) fn busy(out: ResponseOutparam, ms: Option<u64>) {
    compute(ms);
    answer(out, 200, b"computed");
}

pub(crate) fn sleep(out: ResponseOutparam, ms: Option<u64>) {
    thread::sleep(Duration::from_millis(ms.unwrap_or(1000)));
    answer(out, 200, b"slept");
}

pub(crate) fn busy_after(out: ResponseOutparam, ms: Option<u64>) {
    answer(out, 200, b"answered");
    compute(ms);
    println!("done after the answer");
}

pub(crate) fn sleep_after(out: ResponseOutparam, ms: Option<u64>) {
    answer(out, 200, b"answered");
    thread::sleep(Duration::from_millis(ms.unwrap_or(1000)));
    println!("done after the answer");
}

pub(crate) fn grow(out: ResponseOutparam, mb: Option<u64>) {
    let bytes = usize::try_from(mb.unwrap_or(1)).unwrap() << 20;
    let held = black_box(vec![1_u8; bytes]);
    answer(out, 200, held.len().to_string().as_bytes());
}

pub(crate) fn big(out: ResponseOutparam, mb: Option<u64>) {
    let (outgoing, stream) = begin(out, 200);
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..mb.unwrap_or(1) {
        write(&stream, &chunk);
    }
    drop(stream);
    OutgoingBody::finish(outgoing, None).unwrap();
}

pub(crate) fn leak(out: ResponseOutparam) {
    // Forgetting the handle is the fault to provoke: nothing else tells the host that it is not in use.
    let fields = std::mem::ManuallyDrop::new(Fields::new());
    black_box(&fields);
    answer(out, 200, b"leaked");
}

fn compute(ms: Option<u64>) {
    let begun = Instant::now();
    let mut sum = 0_u64;
    while ms.is_none_or(|ms| begun.elapsed() < Duration::from_millis(ms)) {
        for n in 0..10_000_u64 {
            sum = black_box(sum.wrapping_add(n));
        }
    }
}
