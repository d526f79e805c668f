//! `wit/` states the same event as the JSON line.

mod released;

use portent_event::{ErrorType, Method};
use portent_tests::external::workspace;
use serde_json::Value;
use wit_parser::{Resolve, TypeDefKind, TypeId};

/// An event with every field present.
const FULL: &str = r#"{"time":"","app":"","request_id":"","method":"","route":"","status":0,"error":"","ns":{"total":0,"parse":0,"validate":0,"score":0,"encode":0},"predictions":[{"model":"","version":"","rows":0,"classes":[{"count":0,"confidence":[],"confidence_sum_nano":0}],"score_sum_nano":0,"score_bins":[],"bins":[],"missing":[],"out_of_range":[]}],"truncated":false}"#;

struct Contract {
    resolve: Resolve,
}

impl Contract {
    fn read() -> Self {
        let mut resolve = Resolve::default();
        resolve.push_dir(workspace().join("wit")).expect("wit/ is valid");
        Self { resolve }
    }

    fn find(&self, interface: &str, name: &str) -> TypeId {
        let (_, interface) =
            self.resolve.interfaces.iter().find(|(_, i)| i.name.as_deref() == Some(interface)).unwrap();
        interface.types[name]
    }

    /// Names of a record's fields or an enum's cases, in snake case.
    fn members(&self, interface: &str, name: &str) -> Vec<String> {
        let names: Vec<&str> = match &self.resolve.types[self.find(interface, name)].kind {
            TypeDefKind::Record(record) => record.fields.iter().map(|field| field.name.as_str()).collect(),
            TypeDefKind::Enum(cases) => cases.cases.iter().map(|case| case.name.as_str()).collect(),
            other => panic!("{name} is {other:?}"),
        };
        names.into_iter().map(|name| name.replace('-', "_")).collect()
    }
}

/// Keys of an object, sorted.
fn keys(object: &Value) -> Vec<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// `PayloadTooLarge` as `payload_too_large`.
fn snake(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

#[test]
fn records_have_the_keys_of_the_line() {
    let contract = Contract::read();
    let event: Value = serde_json::from_str(FULL).unwrap();
    let predictions = &event["predictions"][0];
    for (record, object) in [
        ("event", &event),
        ("durations", &event["ns"]),
        ("predictions", predictions),
        ("class-counts", &predictions["classes"][0]),
    ] {
        assert_eq!(sorted(contract.members("events", record)), keys(object), "{record}");
    }
    // The line must be one that the reader takes, but for its empty values.
    let line = FULL
        .replacen('{', "{\"portent\":1,", 1)
        .replace("\"time\":\"\"", "\"time\":\"2026-01-02T03:04:05Z\"")
        .replace("\"app\":\"\"", "\"app\":\"a\"")
        .replace("\"request_id\":\"\"", "\"request_id\":\"r\"")
        .replace("\"status\":0", "\"status\":200")
        .replace("\"model\":\"\"", &format!("\"model\":\"{}\"", "0".repeat(64)));
    portent_event::Line::decode(line.as_bytes()).expect("every key is one of the line's");
}

#[test]
fn enums_have_the_members_of_the_closed_sets() {
    let contract = Contract::read();
    let errors: Vec<_> = ErrorType::ALL.iter().map(|error| snake(error.as_str())).collect();
    assert_eq!(contract.members("events", "error-type"), errors);
    let methods: Vec<_> = Method::ALL.iter().map(|method| method.as_str().to_ascii_lowercase()).collect();
    assert_eq!(contract.members("events", "method"), methods);
    assert!(!contract.members("scorer", "feature").is_empty());
}
