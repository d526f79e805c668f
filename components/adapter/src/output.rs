//! Output streams of WASI 0.2, which a component for WASI 0.3 may import too.
//!
//! One call writes a whole line before it returns, so lines of concurrent requests and instances stay whole.

use std::sync::OnceLock;

use portent_event::Event;
use wasi::io::streams::{OutputStream, StreamError};

/// Bytes that `blocking-write-and-flush` takes at once: one call of the host.
pub const WRITE_BYTES: usize = 4096;

/// Prints each event on standard output.
pub fn print_events(events: &[Event<'_>]) {
    let mut line = Vec::with_capacity(1024);
    for event in events {
        event.encode(&mut line);
        print(&line);
        line.clear();
    }
}

/// Prints lines on standard output. If that fails, nobody can be told.
pub fn print(lines: &[u8]) {
    static STDOUT: OnceLock<OutputStream> = OnceLock::new();
    let stdout = STDOUT.get_or_init(wasi::cli::stdout::get_stdout);
    let is_flushed = lines.len() <= WRITE_BYTES;
    write(stdout, lines).and_then(|()| if is_flushed { Ok(()) } else { stdout.blocking_flush() }).ok();
}

/// Writes all bytes and waits for room as needed. Those of a long text may still be on their way afterwards.
///
/// # Errors
/// The stream's.
pub fn write(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    if bytes.len() <= WRITE_BYTES {
        return stream.blocking_write_and_flush(bytes);
    }
    while !bytes.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if room == 0 {
            stream.subscribe().block();
        }
        let (now, rest) = bytes.split_at(room.min(bytes.len()));
        stream.write(now)?;
        bytes = rest;
    }
    Ok(())
}
