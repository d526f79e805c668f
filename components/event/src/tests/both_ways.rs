//! The fast reader and writer against serde's, on generated events and on damaged lines.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Serialize;

use super::generate::events;
use super::{event, line};
use crate::fuzz_support::{is_canonical, read, read_and_rewrite};
use crate::{DecodeError, Durations, ErrorType, Event, Line, Method, Predictions, Route, limits};

/// What a damaged line may gain: pieces of JSON that are right somewhere else.
const FRAGMENTS: &[&str] = &[
    " ",
    "\n",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u0041",
    "\\n",
    "0",
    "00",
    "-",
    "-0",
    ".0",
    "e1",
    "[]",
    "{}",
    "null",
    "true",
    "\"x\":1,",
    "65536",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999",
    "A",
    "é",
    "\u{7f}",
    ",\"truncated\":false",
    ",\"truncated\":true",
    ",\"predictions\":[]",
    ",\"bins\":[]",
    ",\"missing\":[]",
    ",\"confidence\":[]",
    ",\"confidence_sum_nano\":0",
    ",\"error\":null",
    ",\"dropped\":1",
    ",\"status\":200",
    "0,0,0,0,0,0,0,0,0,0,",
];

#[derive(Clone, Debug)]
enum Damage {
    Flip(u8),
    Replace(u8),
    Insert(&'static str),
    Delete(usize),
    Truncate,
}

impl Damage {
    fn apply(&self, text: &mut Vec<u8>, at: Index) {
        let at = at.index(text.len() + 1);
        match self {
            Self::Flip(bit) => text.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit),
            Self::Replace(by) => text.get_mut(at).into_iter().for_each(|byte| *byte = *by),
            Self::Insert(fragment) => drop(text.splice(at..at, fragment.bytes())),
            Self::Delete(length) => drop(text.drain(at..(at + length).min(text.len()))),
            Self::Truncate => text.truncate(at),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (0..8_u8).prop_map(Damage::Flip),
        any::<u8>().prop_map(Damage::Replace),
        select(FRAGMENTS).prop_map(Damage::Insert),
        (1..12_usize).prop_map(Damage::Delete),
        Just(Damage::Truncate),
    ]
}

/// The line as serde writes it.
#[derive(Serialize)]
struct Reference<'a> {
    portent: u8,
    time: &'a str,
    app: &'a str,
    request_id: &'a str,
    method: Method,
    route: Route,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorType>,
    ns: Durations,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    predictions: &'a [Predictions<'a>],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

fn reference(event: &Event<'_>) -> String {
    let line = serde_json::to_string(&Reference {
        portent: 1,
        time: &event.time,
        app: &event.app,
        request_id: &event.request_id,
        method: event.method,
        route: event.route,
        status: event.status,
        error: event.error,
        ns: event.durations,
        predictions: &event.predictions,
        truncated: event.truncated,
    });
    line.unwrap() + "\n"
}

#[test]
fn the_usual_line_is_canonical() {
    assert!(is_canonical(line(&event()).trim_end().as_bytes()));
}

#[test]
fn other_forms_are_read_as_well() {
    let text = line(&event());
    let text = text.trim_end();
    let blank = text.replace("\":", "\" : ");
    let escaped = text.replace("heart", "h\\u0065art");
    let reordered =
        text.replace("\"app\":\"heart-disease\",", "").replacen('{', "{\"app\":\"heart-disease\",", 1);
    let spelled_out = text.replace("\"ns\"", "\"error\":null,\"truncated\":false,\"ns\"");
    for other in [blank, escaped, reordered, spelled_out] {
        assert!(!is_canonical(other.as_bytes()), "{other}");
        assert_eq!(read(other.as_bytes()), Ok(Line::Event(event())));
    }
}

#[test]
fn too_many_buckets_are_refused_in_both_forms() {
    let text = line(&event()).replace("[0,0,0,1]", "[0,0,0,1,0,0,0,0,0,0]");
    let rule = DecodeError::Rule("confidence counts do not add up to the class count");
    assert!(is_canonical(text.trim_end().as_bytes()));
    assert_eq!(read(text.trim_end().as_bytes()), Err(rule.clone()));
    assert_eq!(read(text.replace(',', ", ").as_bytes()), Err(rule));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn events_are_read_as_they_were_written(event in events()) {
        let mut line = Vec::new();
        event.encode(&mut line);
        let text = line.strip_suffix(b"\n").unwrap();
        let plain = |made: &Predictions<'_>| made.version.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte));
        prop_assert!(is_canonical(text) || !event.predictions.iter().all(plain));
        let reference = reference(&event);
        if reference.len() <= limits::EMITTED_LINE_BYTES {
            prop_assert_eq!(std::str::from_utf8(&line).unwrap(), reference);
            prop_assert_eq!(read(text), Ok(Line::Event(event)));
        } else {
            prop_assert!(line.len() <= limits::EMITTED_LINE_BYTES && read_and_rewrite(reference.as_bytes()));
        }
    }

    #[test]
    fn any_text_is_escaped_as_serde_does(time in any::<String>(), version in "\\PC*") {
        let mut event = Event { time: time.into(), ..event() };
        event.predictions[0].version = version.into();
        prop_assert_eq!(line(&event), reference(&event));
    }

    #[test]
    fn damaged_lines_are_read_alike(event in events(), damages in vec((damage(), any::<Index>()), 1..4)) {
        let mut text = line(&event).into_bytes();
        text.pop();
        damages.iter().for_each(|(damage, at)| damage.apply(&mut text, *at));
        read_and_rewrite(&text);
    }
}
