//! docs/event.schema.json says the same as the program that reads the lines.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

#[path = "schema/generate.rs"]
mod generate;

use std::sync::LazyLock;

use generate::event;
use jsonschema::Validator;
use portent_event::{DecodeError, DropReason, DropReport, ErrorType, Line, Method, Route};
use proptest::prelude::*;
use serde_json::{Value, json};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../docs/event.schema.json")).unwrap());

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).unwrap());

/// Rules that a schema cannot say.
const CONTRADICTIONS: [&str; 8] = [
    "class counts do not add up to rows",
    "confidence counts do not add up to the class count",
    "score sum above the number of rows",
    "bin counts of a feature",
    "bin counts of the score",
    "missing counts",
    "out-of-range counts",
    "a stage is longer than the whole",
];

fn is_valid(line: &str) -> bool {
    serde_json::from_str(line).is_ok_and(|line: Value| VALIDATOR.is_valid(&line))
}

fn text(encode: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut line = Vec::new();
    encode(&mut line);
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

/// Puts another value in the place of one in a line, or beside it. Returns where.
fn change(line: &mut Value, at: prop::sample::Index, to: &Value, is_added: bool) -> String {
    let mut places = Vec::new();
    list_places(line, String::new(), &mut places);
    let place = at.get(&places).clone();
    match line.pointer_mut(&place).unwrap() {
        Value::Object(object) if is_added => _ = object.insert("status".to_owned(), to.clone()),
        Value::Array(array) if is_added => array.push(to.clone()),
        value => *value = to.clone(),
    }
    place
}

fn list_places(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| list_places(value, format!("{place}/{key}"), places));
        }
        Value::Array(array) => {
            let items = array.iter().enumerate();
            items.for_each(|(index, value)| list_places(value, format!("{place}/{index}"), places));
        }
        _ => {}
    }
    places.push(place);
}

/// Whether a line that the schema allows is refused for what a schema cannot say.
fn is_beyond_a_schema(error: &DecodeError, line: &Value) -> bool {
    match error {
        DecodeError::Rule(rule) => CONTRADICTIONS.contains(rule),
        DecodeError::Malformed { .. } => !are_pairs_right(line),
        DecodeError::TooLong | DecodeError::Version(_) => false,
    }
}

/// Whether every list of pairs is even and ascends.
fn are_pairs_right(line: &Value) -> bool {
    let all = line["predictions"].as_array().into_iter().flatten();
    let mut lists = all.flat_map(|predictions| {
        let bins = predictions["bins"].as_array().into_iter().flatten();
        ["score_bins", "missing", "out_of_range"].map(|key| &predictions[key]).into_iter().chain(bins)
    });
    lists.all(|list| {
        let items: Vec<_> = list.as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        let indexes: Vec<_> = items.iter().step_by(2).collect();
        items.len().is_multiple_of(2) && indexes.is_sorted_by(|one, next| one < next)
    })
}

#[test]
fn the_examples_of_the_page_are_right() {
    let page = include_str!("../../docs/events.md");
    let examples =
        page.split(['`', '\n']).filter(|text| text.starts_with("{\"portent\":") && text.ends_with('}'));
    let examples: Vec<&str> = examples.collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        assert!(is_valid(example), "{:?}", VALIDATOR.validate(&serde_json::from_str(example).unwrap()));
        assert!(Line::decode(example.as_bytes()).is_ok());
    }
}

#[test]
fn the_sets_are_those_of_the_program() {
    let listed = |name: &str| SCHEMA["$defs"][name]["anyOf"][0]["enum"].clone();
    let texts = |all: &[&str]| Value::from(all.to_vec());
    assert_eq!(
        listed("method"),
        texts(&Method::ALL.iter().map(|member| member.as_str()).collect::<Vec<_>>())
    );
    assert_eq!(listed("route"), texts(&Route::ALL.iter().map(|member| member.as_str()).collect::<Vec<_>>()));
    let errors: Vec<_> = ErrorType::ALL.iter().map(|member| member.as_str()).collect();
    assert_eq!(listed("errorType"), texts(&errors));
    let reasons: Vec<_> = DropReason::ALL.iter().map(|member| member.as_str()).collect();
    assert_eq!(listed("dropReason"), texts(&reasons));
    let durations = SCHEMA["$defs"]["durations"]["properties"].as_object().unwrap();
    let stages = portent_event::Stage::ALL.iter().map(|stage| stage.as_str());
    assert!(stages.chain(["total"]).all(|stage| durations.contains_key(stage)) && durations.len() == 5);
}

/// Whatever has a bound says it.
#[test]
fn the_bounds_are_those_of_the_program() {
    use portent_event::limits;
    let defs = &SCHEMA["$defs"];
    let of = |record: &str, key: &str| &defs[record]["properties"][key];
    assert_eq!(defs["nanoseconds"]["maximum"], limits::DURATION_NANOS);
    assert_eq!(defs["rows"]["maximum"], limits::ROWS);
    assert_eq!(of("predictions", "rows")["maximum"], limits::ROWS);
    assert_eq!(of("predictions", "version")["maxLength"], limits::NAME_BYTES);
    assert_eq!(of("predictions", "classes")["maxItems"], limits::CLASSES);
    assert_eq!(of("predictions", "bins")["maxItems"], limits::FEATURES);
    assert_eq!(of("class", "confidence")["maxItems"], portent_event::CONFIDENCE_BUCKETS);
    assert_eq!(defs["pairs"]["maxItems"], 2 * limits::FEATURES);
}

#[test]
fn a_text_that_no_set_has_is_allowed() {
    let line = r#"{"portent":1,"app":"a","dropped":3,"reason":"weather"}"#;
    assert!(is_valid(line));
    assert!(
        matches!(Line::decode(line.as_bytes()), Ok(Line::Dropped(report)) if report.reason == DropReason::Other)
    );
}

#[test]
fn what_is_refused_for_its_shape_is_refused_by_the_schema() {
    let event = r#"{"portent":1,"time":"2026-01-02T03:04:05Z","app":"a","request_id":"r","method":"GET","route":"/","status":200,"ns":{"total":1},"predictions":[]}"#;
    assert!(is_valid(event) && Line::decode(event.as_bytes()).is_ok());
    let changes = [
        ("\"portent\":1", "\"portent\":2"),
        ("05Z", "05"),
        ("2026-01-02T", "2026-01-02_"),
        ("05Z", "05+1"),
        ("\"app\":\"a\"", "\"app\":\"a b\""),
        ("\"app\":\"a\"", "\"app\":\"\""),
        ("\"app\":\"a\",", ""),
        ("\"request_id\":\"r\"", "\"request_id\":7"),
        ("\"request_id\":\"r\",", ""),
        ("\"method\":\"GET\",", ""),
        ("\"route\":\"/\"", "\"route\":1"),
        ("\"status\":200", "\"status\":600"),
        ("\"status\":200", "\"status\":\"200\""),
        ("\"status\":200", "\"status\":200,\"patient\":5"),
        ("\"status\":200", "\"status\":200,\"dropped\":5"),
        ("{\"total\":1}", "{}"),
        ("{\"total\":1}", "{\"total\":86400000000001}"),
        ("{\"total\":1}", "{\"total\":1,\"sleep\":1}"),
        ("\"predictions\":[]", "\"predictions\":{}"),
        ("\"predictions\":[]", "\"truncated\":1"),
    ];
    for (from, to) in changes {
        let broken = event.replacen(from, to, 1);
        assert!(Line::decode(broken.as_bytes()).is_err() && !is_valid(&broken), "{broken}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn what_is_written_is_allowed(event in event(), count in any::<u32>(), reason in prop::sample::select(DropReason::ALL)) {
        let line = text(|out| event.encode(out));
        prop_assert!(is_valid(&line), "{}", line);
        let report = text(|out| DropReport { app: event.app.clone(), count, reason }.encode(out));
        prop_assert!(is_valid(&report), "{}", report);
    }

    /// One change to a line, wherever it is: schema and program agree, but for what a schema cannot say.
    #[test]
    fn schema_and_program_agree(
        event in event(),
        at in any::<prop::sample::Index>(),
        to in prop::sample::select(vec![
            json!(0), json!(1), json!(-1), json!(3), json!(99), json!(300), json!(100_001), json!(4_294_967_296_u64),
            json!(86_400_000_000_001_u64), json!(u64::MAX), json!(""), json!("other"), json!("x".repeat(65)),
            json!(true), json!([]), json!({}), json!([1, 1]), json!([[1, 1]]),
        ]),
        is_added in any::<bool>(),
    ) {
        let mut line: Value = serde_json::from_str(&text(|out| event.encode(out))).unwrap();
        let before = line.clone();
        let place = change(&mut line, at, &to, is_added);
        match (VALIDATOR.is_valid(&line), Line::decode(line.to_string().as_bytes())) {
            (true, Ok(_)) | (false, Err(_)) => {}
            (true, Err(error)) => prop_assert!(is_beyond_a_schema(&error, &line), "{}: {}: {}", place, error, line),
            (false, Ok(_)) => {
                // The program also reads a record that is written as the list of its values.
                let is_record = before.pointer(&place).is_some_and(Value::is_object) && to.is_array();
                prop_assert!(is_record, "{}: refused by the schema alone: {}", place, line);
            }
        }
    }
}
