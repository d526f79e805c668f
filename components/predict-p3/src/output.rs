//! Lines on standard output and error.
//!
//! They leave through the streams of WASI 0.2, which a 0.3 component may import too: one call writes a whole line before
//! it returns, so that lines of concurrent requests and instances stay whole.

use std::sync::OnceLock;

use wasi::io::streams::OutputStream;

/// Bytes that `blocking-write-and-flush` takes at once.
const WRITE_BYTES: usize = 4096;

/// Prints lines on standard output; where nothing can be written, there is nobody to tell.
pub(crate) fn print(lines: &[u8]) {
    static STDOUT: OnceLock<OutputStream> = OnceLock::new();
    write(STDOUT.get_or_init(wasi::cli::stdout::get_stdout), lines);
}

/// Prints a line on standard error.
pub(crate) fn print_error(line: &[u8]) {
    static STDERR: OnceLock<OutputStream> = OnceLock::new();
    write(STDERR.get_or_init(wasi::cli::stderr::get_stderr), line);
}

/// Says on standard error what is wrong with the configuration.
pub(crate) fn complain(reason: &str) {
    print_error(format!("portent: {reason}\n").as_bytes());
}

fn write(stream: &OutputStream, bytes: &[u8]) {
    bytes.chunks(WRITE_BYTES).try_for_each(|chunk| stream.blocking_write_and_flush(chunk)).ok();
}
