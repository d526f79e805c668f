//! What a component prints, cut into lines and handed over in process.
//!
//! Every instance has its own buffer, so lines of concurrent instances cannot interleave. A line without an
//! end is one when the request that printed it ends; a line longer than the limit is cut there.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use portent_event::Line;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Longest line that is kept, that of the event format.
const LINE_BYTES: usize = portent_event::limits::ACCEPTED_LINE_BYTES;

/// Most bytes that a component may write at once.
const WRITE_BYTES: usize = 64 * 1024;

/// Where lines go, without their newline.
pub(crate) type LineConsumer = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// The standard output or error of one instance.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Mutex<Cutter>>);

struct Cutter {
    consumer: LineConsumer,
    /// The beginning of a line whose end has not been printed yet.
    open: Vec<u8>,
    /// Events among the lines since [`Lines::take_events`].
    events: u32,
    /// The open line was longer than the limit and has been handed over; its rest is passed over.
    cut: bool,
}

impl Lines {
    pub(crate) fn new(consumer: LineConsumer) -> Self {
        Self(Arc::new(Mutex::new(Cutter { consumer, open: Vec::new(), events: 0, cut: false })))
    }

    /// Ends the open line, if there is one.
    pub(crate) fn flush(&self) {
        self.cutter().end_line();
    }

    /// Events printed since the last call.
    pub(crate) fn take_events(&self) -> u32 {
        std::mem::take(&mut self.cutter().events)
    }

    fn write(&self, bytes: &[u8]) {
        self.cutter().write(bytes);
    }

    /// A panic within the consumer cannot leave a cutter that is worse than one with a torn line.
    fn cutter(&self) -> MutexGuard<'_, Cutter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cutter {
    fn write(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            if self.open.is_empty() && !self.cut && line.len() <= LINE_BYTES {
                self.hand_over(line);
            } else {
                self.extend(line);
                self.end_line();
            }
            bytes = &rest[1..];
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.cut {
            return;
        }
        let room = LINE_BYTES - self.open.len();
        self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            tracing::warn!(limit = LINE_BYTES, "a component printed a line longer than the limit: cut");
            self.hand_over_open();
            self.cut = true;
        }
    }

    fn end_line(&mut self) {
        if !self.open.is_empty() {
            self.hand_over_open();
        }
        self.cut = false;
    }

    fn hand_over_open(&mut self) {
        let line = std::mem::take(&mut self.open);
        self.hand_over(&line);
    }

    fn hand_over(&mut self, line: &[u8]) {
        self.events += u32::from(Line::is_ours(line));
        (self.consumer)(line);
    }
}

impl IsTerminal for Lines {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Lines {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// A stream of WASI 0.3 has a buffer of its own: those of concurrent requests do not interleave. A line
    /// without an end is one when its stream ends.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(OwnLines(Self::new(Arc::clone(&self.cutter().consumer))))
    }
}

/// One stream among several of an instance.
struct OwnLines(Lines);

impl Drop for OwnLines {
    fn drop(&mut self) {
        self.0.flush();
    }
}

#[async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        Self::write(self, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

impl AsyncWrite for OwnLines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What arrives when these pieces are written.
    fn lines_of(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let lines = Lines::new(Arc::new(move |line: &[u8]| sink.lock().unwrap().push(line.to_vec())));
        for piece in pieces {
            lines.write(piece);
        }
        lines.flush();
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[test]
    fn lines_come_whole_however_they_were_written() {
        assert_eq!(lines_of(&[b"one\ntwo\n"]), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(lines_of(&[b"on", b"e", b"\ntwo"]), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(lines_of(&[b"\n\n"]), [b"".to_vec(), b"".to_vec()]);
        assert!(lines_of(&[]).is_empty());
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_whole() {
        let long = vec![b'x'; LINE_BYTES + 5];
        for pieces in [vec![&long[..], b"rest\nnext\n"], vec![&long[..7], &long[7..], b"\nnext"]] {
            let lines = lines_of(&pieces);
            assert_eq!(lines, [vec![b'x'; LINE_BYTES], b"next".to_vec()]);
        }
    }

    proptest! {
        /// Where the pieces are cut makes no difference.
        #[test]
        fn pieces_make_no_difference(text in "[a-c\n]{0,40}", at in 0_usize..40) {
            let (first, second) = text.as_bytes().split_at(at.min(text.len()));
            let whole: Vec<Vec<u8>> = lines_of(&[text.as_bytes()]);
            let pieces = lines_of(&[first, second]);
            prop_assert_eq!(whole, pieces);
        }
    }
}
