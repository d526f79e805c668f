//! The framing that container runtimes give to lines in the log files of Kubernetes' nodes.
//!
//! A line is `2026-01-02T03:04:05.678901234Z stdout F message`. The third field is `F` for a full message or
//! the last part of one, and `P` for a part that goes on in the next line of the same stream; more tags may
//! follow behind colons. Runtimes cut messages at 16 KiB. Files that are not framed like this pass through.
//! <https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>

use portent_event::is_event_line;
use serde::{Deserialize, Serialize};

use crate::lines::{Found, LineBuffer};

/// Messages of which the last part has not come yet, by stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    stdout: LineBuffer,
    stderr: LineBuffer,
}

impl Messages {
    /// Hands over the message that a line ends, if it ends one, or that has become too long. A line without the framing
    /// is a message.
    pub fn take(&mut self, line: &[u8], mut each: impl FnMut(Found<'_>)) {
        if is_event_line(line) {
            return each(Found::Whole(line));
        }
        let Some((is_stdout, is_last, part)) = frame(line) else { return each(Found::Whole(line)) };
        let message = if is_stdout { &mut self.stdout } else { &mut self.stderr };
        if is_last && message.is_empty() {
            return each(Found::Whole(part));
        }
        message.feed(part, &mut each);
        if is_last {
            message.feed(b"\n", each);
        }
    }

    /// Whether a message of ours has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.stdout.is_torn() || self.stderr.is_torn()
    }
}

/// Whether a framed line is of stdout, whether it ends its message, and its part of the message.
fn frame(line: &[u8]) -> Option<(bool, bool, &[u8])> {
    let mut fields = line.splitn(4, |byte| *byte == b' ');
    let (time, stream, tags) = (fields.next()?, fields.next()?, fields.next()?);
    let is_time = time.len() >= 20
        && time.first().is_some_and(u8::is_ascii_digit)
        && time.get(10) == Some(&b'T')
        && time.iter().all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(byte));
    let is_stdout = match stream {
        b"stdout" => true,
        b"stderr" => false,
        _ => return None,
    };
    let is_last = match tags.split(|byte| *byte == b':').next() {
        Some(b"F") => true,
        Some(b"P") => false,
        _ => return None,
    };
    is_time.then(|| (is_stdout, is_last, fields.next().unwrap_or_default()))
}

/// For property tests and the fuzzer: takes any text line by line, with a restart after each.
///
/// # Panics
/// If a restart changes the messages, or if more is held than two messages of the greatest length.
#[cfg(any(test, fuzzing))]
pub fn check(text: &[u8]) {
    let (mut messages, mut restarted) = (Messages::default(), Messages::default());
    for line in text.split(|byte| *byte == b'\n') {
        let taken = |messages: &mut Messages| {
            let mut taken = None;
            messages.take(line, |found| {
                taken = Some(match found {
                    Found::Whole(line) => Ok(line.to_owned()),
                    Found::TooLong { ours } => Err(ours),
                });
            });
            taken
        };
        assert_eq!(taken(&mut messages), taken(&mut restarted));
        assert!(
            messages.stdout.len().max(messages.stderr.len()) <= portent_event::limits::ACCEPTED_LINE_BYTES
        );
        restarted =
            postcard::to_stdvec(&messages).and_then(|bytes| postcard::from_bytes(&bytes)).unwrap_or_default();
        assert_eq!(restarted, messages);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TIME: &str = "2026-01-02T03:04:05.678901234Z";

    fn messages(lines: &[&str]) -> (Vec<String>, Messages) {
        let (mut messages, mut seen) = (Messages::default(), Vec::new());
        for line in lines {
            messages.take(line.as_bytes(), |found| {
                seen.push(match found {
                    Found::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                    Found::TooLong { ours } => format!("too long {ours}"),
                });
            });
        }
        (seen, messages)
    }

    #[test]
    fn parts_are_joined_by_stream() {
        let (seen, open) = messages(&[
            &format!("{TIME} stdout F whole"),
            &format!("{TIME} stdout P {{\"portent\":"),
            &format!("{TIME} stderr P on "),
            &format!("{TIME} stderr F stderr"),
            &format!("{TIME} stdout F 1}}"),
            &format!("{TIME} stdout F:tag and  blanks "),
            &format!("{TIME} stdout F"),
            &format!("{TIME} stdout P {{\"portent\":"),
        ]);
        assert_eq!(seen, ["whole", "on stderr", "{\"portent\":1}", "and  blanks ", ""]);
        assert!(open.is_torn());
    }

    #[test]
    fn what_is_not_framed_passes_through() {
        let lines = ["{\"portent\":1}", "plain", "", "2026 stdout F x", "2026-01-02T03:04:05Z stdin F x"];
        assert_eq!(messages(&lines), (lines.map(str::to_owned).to_vec(), Messages::default()));
        let lines = [&format!("{TIME} stdout X x"), "2026-01-02 03:04:05 stdout F x", TIME];
        assert_eq!(messages(&lines).0, lines);
    }

    #[test]
    fn a_message_over_the_limit_is_ignored_once() {
        let part = format!("{TIME} stdout P {{\"portent\":{}", "x".repeat(16 << 10));
        let last = format!("{TIME} stdout F end");
        let lines: Vec<&str> = [&*part].repeat(9).into_iter().chain([&*last, &*last]).collect();
        let (seen, open) = messages(&lines);
        assert_eq!(seen, ["too long true", "end"]);
        assert_eq!(open, Messages::default());
    }

    proptest! {
        /// However the runtime cuts a message, it comes out as it was.
        #[test]
        fn cuts_do_not_matter(message in "[ -~]{0,60}", size in 1_usize..20) {
            let parts: Vec<String> = message.as_bytes().chunks(size).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
            let mut lines: Vec<String> = parts.iter().map(|part| format!("{TIME} stdout P {part}")).collect();
            lines.push(format!("{TIME} stdout F "));
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            prop_assert_eq!(messages(&lines).0, [message]);
        }

        #[test]
        fn any_text_is_taken(text in "(2026-01-02T03:04:05Z std(out|err) [FP](:x)? )?[ -~\n]{0,40}(\n2026-01-02T03:04:05Z stdout P [a-z]{0,9}){0,4}") {
            check(text.as_bytes());
        }

        #[test]
        fn a_restart_between_parts_changes_nothing(lines in prop::collection::vec("(2026-01-02T03:04:05Z std(out|err) [FP] )?[a-c]{0,5}", 0..10), at in 0_usize..10) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let (before, after) = lines.split_at(at.min(lines.len()));
            let (mut seen, open) = messages(before);
            let mut read: Messages = postcard::from_bytes(&postcard::to_stdvec(&open).unwrap()).unwrap();
            prop_assert_eq!(&read, &open);
            for line in after {
                read.take(line.as_bytes(), |found| if let Found::Whole(line) = found { seen.push(String::from_utf8_lossy(line).into_owned()) });
            }
            prop_assert_eq!(seen, messages(&lines).0);
        }
    }
}
