//! Whatever is wrong with a request, the answer is a 4xx in JSON that names place and rule.

use super::*;
use crate::limits;
use crate::violation::InputRule;

#[track_caller]
fn check_field(field: &str, value: &str, kind: &str) {
    check_violation(&post("/predict", row_with(field, value)), kind, &format!("body.{field}"));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let body = format!("\u{feff}{FIRST_ROW}");
    assert_eq!(post("/predict", body.clone()).json, post("/predict", FIRST_ROW).json);
    let twice = post("/predict", format!("\u{feff}{body}"));
    check_violation(&twice, "json_invalid", "body.0");
}

#[test]
fn fields_name_the_rule_they_break() {
    check_field("age", "", "missing");
    check_field("age", "null", "int_type");
    check_field("age", "[]", "int_type");
    check_field("age", "\"old\"", "int_parsing");
    check_field("age", "\"nan\"", "int_parsing");
    check_field("age", "63.5", "int_from_float");
    check_field("age", "\"63.5\"", "int_parsing");
    check_field("age", "-1", "greater_than_equal");
    check_field("age", "121", "less_than_equal");
    check_field("age", "1e400", "finite_number");
    check_field("age", "1e300", "int_parsing_size");
    check_field("trestbps", "99999999999999999999999", "int_parsing_size");
    check_field("chol", "-1e400", "finite_number");
    check_field("oldpeak", "1e400", "finite_number");
    check_field("oldpeak", "{}", "float_type");
    check_field("oldpeak", "\"inf\"", "float_parsing");
    check_field("oldpeak", "-0.1", "greater_than_equal");
    check_field("cp", "5", "less_than_equal");
    check_field("thal", "8", "less_than_equal");
    check_violation(
        &post("/predict", FIRST_ROW.replacen('{', "{\"age\":1,", 1)),
        "duplicate_key",
        "body.age",
    );
}

#[test]
fn a_violation_has_the_shape_of_the_original() {
    let answer = post("/predict", row_with("age", "-1"));
    let expected = serde_json::json!({ "detail": [{
        "type": "greater_than_equal", "loc": ["body", "age"],
        "msg": "Input should be greater than or equal to 0", "input": -1, "ctx": { "ge": 0 },
        "url": "https://errors.pydantic.dev/2.5/v/greater_than_equal",
    }] });
    assert_eq!(answer.json, expected);
}

#[test]
fn all_broken_fields_are_named_at_once() {
    assert_eq!(violations(&post("/predict", "{}")).len(), 13);
    assert_eq!(violations(&post("/predict", r#"{"age":"x","sex":2}"#)).len(), 13);
}

#[test]
fn bodies_that_are_not_objects() {
    check_violation(&post("/predict", "{bad"), "json_invalid", "body.1");
    check_violation(&post("/predict", "[]"), "model_attributes_type", "body");
    check_violation(&post("/predict", "null"), "model_attributes_type", "body");
    check_violation(&post("/predict", ""), "missing", "body");
    check_violation(
        &post("/predict", format!("{FIRST_ROW} x")),
        "json_invalid",
        &format!("body.{}", FIRST_ROW.len() + 1),
    );
    check_violation(&post("/predict", row_with("age", "NaN")), "json_invalid", "body.7");
    check_violation(&post("/predict", b"{\"age\":\"\xff\"}"), "json_invalid", "body.8");
    check_violation(&post("/predict", "[".repeat(100_000)), "json_invalid", "body.64");
    let nested = |depth: usize| row_with("extra", &format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    assert_eq!(post("/predict", nested(limits::DEPTH - 1)).status, 200);
    check_violation(&post("/predict", nested(limits::DEPTH)), "json_invalid", "body.72");
    check_violation(&post("/predict", row_with("age", "\"\\ud800\"")), "json_invalid", "body.8");
}

#[test]
fn what_is_echoed_can_be_read_back() {
    for value in ["1e400", &format!("{}{}", "[".repeat(60), "]".repeat(60))] {
        let answer = post("/predict", format!("{{\"age\":{value}}}"));
        assert_eq!(violations(&answer).len(), 13, "{value}");
    }
    let row = row_with("\\ud800", "1");
    check_violation(&post("/predict", row), "json_invalid", "body.2");
}

#[test]
fn batches_name_each_broken_row() {
    let batch = |rows: &str| post("/predict/batch", format!("{{\"patients\":{rows}}}"));
    let bad = row_with("slope", "9");
    check_violation(&batch(&format!("[{FIRST_ROW},{bad}]")), "less_than_equal", "body.patients.1.slope");
    let many = batch(&format!("[5,{FIRST_ROW},{bad},{{}}]"));
    let places: Vec<_> = violations(&many).into_iter().map(|(_, place)| place).collect();
    assert_eq!(places[..3], ["body.patients.0", "body.patients.2.slope", "body.patients.3.age"]);
    check_violation(&batch("{}"), "list_type", "body.patients");
    check_violation(&post("/predict/batch", "{}"), "missing", "body.patients");
    check_violation(&post("/predict/batch", "[]"), "model_attributes_type", "body");
}

#[test]
fn violations_are_bounded() {
    let rows = vec!["{}"; 200].join(",");
    let answer = post("/predict/batch", format!("{{\"patients\":[{rows}]}}"));
    let listed = violations(&answer);
    assert_eq!(listed.len(), limits::VIOLATIONS + 1);
    assert_eq!(listed.last().unwrap().0, "too_many_errors");
    let long = format!("{{\"age\":\"{}\"}}", "x".repeat(100_000));
    assert!(post("/predict", long).response.body.len() < 10_000, "long inputs are not echoed");
}

#[test]
fn sizes_are_limited() {
    let large = vec![b' '; limits::BODY_BYTES + 1];
    assert_eq!(post("/predict", &large).status, 413);
    let rows = vec!["0"; limits::BATCH_ROWS + 1].join(",");
    let answer = post("/predict/batch", format!("{{\"patients\":[{rows}]}}"));
    assert_eq!(answer.status, 413);
    assert_eq!(answer.event.error, Some(portent_event::ErrorType::PayloadTooLarge));
    let broken = Request { body: Body::Broken, ..request("POST", "/predict", b"") };
    assert_eq!(ask(&service(), &broken).status, 400);
}

#[test]
fn content_types_decide_as_in_the_original() {
    let status = |name: &str, value: &str| {
        let headers = [(name.to_owned(), value.as_bytes().to_vec())];
        let request = Request { headers: &headers, ..request("POST", "/predict", FIRST_ROW.as_bytes()) };
        ask(&service(), &request).status
    };
    assert_eq!(status("Content-Type", "application/json; charset=utf-8"), 200);
    assert_eq!(status("content-type", "application/vnd.heart+json"), 200);
    assert_eq!(status("content-type", "text/plain"), 422);
    assert_eq!(status("content-encoding", "br"), 415);
    assert_eq!(status("content-encoding", "identity"), 200);
}

#[test]
fn compressed_bodies_are_read_and_bounded() {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    macro_rules! compressed {
        ($encoder:ident, $bytes:expr) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::default());
            encoder.write_all($bytes).unwrap();
            encoder.finish().unwrap()
        }};
    }
    let send = |encoding: &str, body: &[u8]| {
        let headers = [("content-encoding".to_owned(), encoding.as_bytes().to_vec())];
        ask(&service(), &Request { headers: &headers, ..request("POST", "/predict", body) })
    };
    let plain = post("/predict", FIRST_ROW).json;
    let row = FIRST_ROW.as_bytes();
    assert_eq!(send("gzip", &compressed!(GzEncoder, row)).json, plain);
    let marked = format!("\u{feff}{FIRST_ROW}");
    assert_eq!(send("gzip", &compressed!(GzEncoder, marked.as_bytes())).json, plain);
    assert_eq!(send("deflate", &compressed!(ZlibEncoder, row)).json, plain);
    assert_eq!(send("Deflate", &compressed!(DeflateEncoder, row)).json, plain);
    let bomb = compressed!(GzEncoder, &vec![b' '; limits::BODY_BYTES + 1]);
    assert!(bomb.len() < 100_000);
    assert_eq!(send("gzip", &bomb).status, 413);
    let mut damaged = compressed!(GzEncoder, row);
    damaged.truncate(damaged.len() / 2);
    assert_eq!(send("gzip", &damaged).status, 400);
    assert_eq!(send("gzip", row).status, 400);
    let (first, second) = row.split_at(row.len() / 2);
    let mut members = [compressed!(GzEncoder, first), compressed!(GzEncoder, second)].concat();
    assert_eq!(send("gzip", &members).json, plain, "a file of two members is one body");
    members.extend_from_slice(b"more");
    assert_eq!(send("gzip", &members).status, 400, "nothing follows the last member");
    let halves = compressed!(GzEncoder, &vec![b' '; limits::BODY_BYTES / 2 + 1]);
    assert_eq!(send("gzip", &halves.repeat(2)).status, 413, "the limit is on all members together");
    assert_eq!(send("deflate", &compressed!(ZlibEncoder, b"\xff")).status, 422);
}

#[test]
fn bounds_are_written_as_people_write_them() {
    assert_eq!(InputRule::AtMost(120.0).message(), "Input should be less than or equal to 120");
    assert_eq!(InputRule::AtLeast(-1e100).message(), "Input should be greater than or equal to -1e100");
}
