//! A scorer that breaks its contract on request. Its one feature, `deed`, says what it does with the batch; the first
//! row decides. `describe` misbehaves by the environment variable `SCORER_DESCRIBES`, where the manifest hands it down.
#![cfg(target_family = "wasm")]
#![expect(clippy::panic, reason = "that is what it is for")]

use bindings::exports::portent::serve::scorer::{
    Batch, Category, Description, Feature, FeatureKind, Guest, MissingPolicy, ScoreError, Scores,
};

/// What is done with a batch, by the value of the feature.
const DEEDS: [&str; 13] = [
    "answer",
    "trap",
    "loop",
    "not-a-number",
    "too-few-rows",
    "bad-sum",
    "refuse-row",
    "refuse-row-beyond",
    "fail",
    "open-file",
    "open-socket",
    "read-environment",
    "contributions-unasked",
];

struct Misbehaving;

impl Guest for Misbehaving {
    fn describe() -> Description {
        let category =
            |(value, label): (u32, &&str)| Category { value: f64::from(value), label: (*label).to_owned() };
        let feature = Feature {
            name: "deed".to_owned(),
            unit: String::new(),
            kind: FeatureKind::Category,
            lower: Some(0.0),
            upper: Some(100.0),
            categories: (0..).zip(&DEEDS).map(category).collect(),
            missing: MissingPolicy::Reject,
        };
        let mut description = Description {
            name: "misbehaving".to_owned(),
            version: "1.0.0".to_owned(),
            model_type: "Test".to_owned(),
            features: vec![feature],
            classes: ["no", "yes"].map(str::to_owned).to_vec(),
            positive_class: 1,
            threshold: Some(0.5),
            explains: true,
        };
        match std::env::var("SCORER_DESCRIBES").as_deref() {
            Ok("one-class") => description.classes.truncate(1),
            Ok("trap") => panic!("asked to"),
            _ => {}
        }
        description
    }

    fn score(rows: Batch) -> Result<Scores, ScoreError> {
        let deed = rows.values.first().copied().unwrap_or_default();
        let count = rows.values.len();
        let mut scores = Scores {
            values: [0.25, 0.75].repeat(count),
            contributions: vec![0.5; if rows.explain { count } else { 0 }],
        };
        let deed =
            (0..).zip(DEEDS).find(|(code, _)| f64::from(*code) == deed).map_or("answer", |(_, deed)| deed);
        match deed {
            "trap" => panic!("asked to"),
            "loop" => spin(),
            "not-a-number" => scores.values[1] = f64::NAN,
            "too-few-rows" => scores.values.truncate(2 * count - 2),
            "bad-sum" => scores.values[0] = 0.5,
            "refuse-row" => return Err(ScoreError::Row((0, "such a deed is not scored".to_owned()))),
            "refuse-row-beyond" => return Err(ScoreError::Row((u32::MAX, "no such row".to_owned()))),
            "fail" => return Err(ScoreError::Internal("the secret reason".to_owned())),
            "open-file" => allowed(std::fs::read("/etc/hostname").is_ok())?,
            "open-socket" => allowed(std::net::TcpStream::connect("127.0.0.1:1").is_ok_or_refused())?,
            "read-environment" => allowed(std::env::vars().next().is_some())?,
            "contributions-unasked" => scores.contributions = vec![0.5; 3 * count],
            _ => {}
        }
        Ok(scores)
    }
}

/// A connection that the network refuses has left the sandbox all the same.
trait Reached {
    fn is_ok_or_refused(&self) -> bool;
}

impl Reached for std::io::Result<std::net::TcpStream> {
    fn is_ok_or_refused(&self) -> bool {
        self.as_ref().map_or_else(|error| error.kind() == std::io::ErrorKind::ConnectionRefused, |_| true)
    }
}

/// Tells what the sandbox let through: a failure names it, so that a test can see the difference.
fn allowed(is_allowed: bool) -> Result<(), ScoreError> {
    let text = if is_allowed { "the sandbox let it" } else { "the sandbox forbade it" };
    Err(ScoreError::Row((0, text.to_owned())))
}

fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// What `wit/portent.wit` states, as a component exports it.
#[expect(unsafe_code, reason = "generated")]
#[allow(
    clippy::all,
    clippy::mem_forget,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    reason = "generated"
)]
mod bindings {
    use super::Misbehaving;

    wit_bindgen::generate!({ path: "../../wit", world: "scoring" });

    export!(Misbehaving);
}
