//! Standard output and error of a component, cut into lines.
//!
//! Every instance has its own buffer, so lines of concurrent instances cannot interleave. The end of a request ends
//! its last line. A line longer than the limit is cut.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use portent_event::is_event_line;
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Longest line, that of the event format.
const LINE_BYTES: usize = portent_event::limits::ACCEPTED_LINE_BYTES;

/// Most bytes that a component may write at once.
const WRITE_BYTES: usize = 64 * 1024;

/// Receives lines without their newline.
pub(crate) type LineConsumer = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// The standard output or error of one instance, or of one request of WASI 0.3.
#[derive(Clone)]
pub(crate) struct LineOutput(Arc<Mutex<LineBuffer>>);

struct LineBuffer {
    consumer: LineConsumer,
    /// The beginning of a line whose end has not been printed yet.
    open: Vec<u8>,
    /// Events among the lines since [`LineOutput::take_events`].
    events: u32,
    /// The open line was longer than the limit and has been consumed. Its rest is skipped.
    cut: bool,
}

impl LineOutput {
    pub(crate) fn new(consumer: LineConsumer) -> Self {
        Self(Arc::new(Mutex::new(LineBuffer { consumer, open: Vec::new(), events: 0, cut: false })))
    }

    /// Ends the open line, if there is one.
    pub(crate) fn end_line(&self) {
        self.buffer().end_line();
    }

    /// Events printed since the last call.
    pub(crate) fn take_events(&self) -> u32 {
        std::mem::take(&mut self.buffer().events)
    }

    /// A panic within the consumer cannot leave a buffer that is worse than one with a torn line.
    fn buffer(&self) -> MutexGuard<'_, LineBuffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineBuffer {
    fn write(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            if self.open.is_empty() && !self.cut && line.len() <= LINE_BYTES {
                self.consume(line);
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
            self.consume_open();
            self.cut = true;
        }
    }

    fn end_line(&mut self) {
        if !self.open.is_empty() {
            self.consume_open();
        }
        self.cut = false;
    }

    fn consume_open(&mut self) {
        let line = std::mem::take(&mut self.open);
        self.consume(&line);
    }

    fn consume(&mut self, line: &[u8]) {
        self.events += u32::from(is_event_line(line));
        (self.consumer)(line);
    }
}

impl IsTerminal for LineOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LineOutput {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// A stream of WASI 0.3 has a buffer of its own: lines of concurrent requests do not interleave.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Self::new(Arc::clone(&self.buffer().consumer)))
    }
}

/// The end of the last stream ends the last line.
impl Drop for LineBuffer {
    fn drop(&mut self) {
        self.end_line();
    }
}

#[async_trait]
impl Pollable for LineOutput {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for LineOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.buffer().write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

impl AsyncWrite for LineOutput {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.buffer().write(bytes);
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
        let lines = LineOutput::new(Arc::new(move |line: &[u8]| sink.lock().unwrap().push(line.to_vec())));
        for piece in pieces {
            lines.buffer().write(piece);
        }
        lines.end_line();
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
