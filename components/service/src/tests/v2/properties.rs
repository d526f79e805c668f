//! No bytes make the protocol panic or answer 5xx, and its forms agree.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// Rows within the bounds of the features.
fn rows() -> impl Strategy<Value = Vec<[f64; 13]>> {
    let whole = |range: std::ops::Range<i32>| range.prop_map(f64::from).boxed();
    let row = heart().features().map(|feature| {
        let (lower, upper) = (feature.lower() as i32, feature.upper().min(1e4) as i32);
        if feature.name() == "oldpeak" { (0.0..6.0).boxed() } else { whole(lower..upper + 1) }
    });
    let row = row.collect::<Vec<_>>().prop_map(|row| row.try_into().unwrap());
    prop::collection::vec(row, 0..5)
}

/// A good request with its header: JSON or binary.
fn good() -> impl Strategy<Value = (Vec<u8>, Option<usize>)> {
    (rows(), any::<bool>(), any::<bool>()).prop_map(|(rows, binary, columns)| {
        let bytes: Vec<u8> = rows.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        let input = |(index, name): (usize, &str)| {
            tensor(name, "FP64", &[rows.len()], rows.iter().map(|row| row[index]).collect::<Vec<_>>())
        };
        let inputs = match (binary, columns) {
            (true, _) => vec![binary_tensor("input", "FP64", &[rows.len(), 13], &bytes)],
            (false, true) => names().into_iter().enumerate().map(input).collect(),
            (false, false) => vec![matrix(&rows)],
        };
        let outputs =
            json!([{ "name": "predict", "parameters": { "binary_data": columns } }, { "name": "label" }]);
        let json =
            json!({ "id": "a", "inputs": inputs, "outputs": outputs, "parameters": { "explain": true } });
        let json = json.to_string().into_bytes();
        let length = json.len();
        if binary { ([json, bytes].concat(), Some(length)) } else { (json, None) }
    })
}

/// Texts that mean something to the protocol, in any order.
fn tokens() -> impl Strategy<Value = Vec<u8>> {
    let token = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"inputs\"",
        "\"name\"",
        "\"age\"",
        "\"input\"",
        "\"shape\"",
        "\"datatype\"",
        "\"FP32\"",
        "\"BYTES\"",
        "\"BOOL\"",
        "\"data\"",
        "\"parameters\"",
        "\"binary_data_size\"",
        "\"outputs\"",
        "\"predict_proba\"",
        "\"classification\"",
        "1",
        "13",
        "-1",
        "1e999",
        "4294967295",
        "null",
        "true",
        "\"id\"",
    ]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat().into_bytes())
}

fn send(body: &[u8], length: Option<&str>) -> Answer {
    let headers: Vec<_> =
        length.into_iter().map(|length| ("inference-header-content-length", length)).collect();
    infer_with(&headers, body)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_bytes_are_answered(
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..300), tokens()],
        length in prop::option::of(prop_oneof!["[0-9]{0,3}", "[ -~]{0,5}"]),
    ) {
        let answer = send(&body, length.as_deref());
        prop_assert!(answer.status == 200 || answer.status == 400);
        prop_assert!(answer.status == 200 || answer.json["error"].is_string());
    }

    #[test]
    fn any_damage_is_answered(
        (mut body, length) in good(),
        at in any::<Index>(),
        cut in 0..12_usize,
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..6), tokens()],
    ) {
        prop_assert_eq!(send(&body, length.map(|length| length.to_string()).as_deref()).status, 200);
        let start = at.index(body.len());
        let end = (start + cut).min(body.len());
        let grown = bytes.len() as isize - (end - start) as isize;
        body.splice(start..end, bytes);
        let moved = |length: usize| if start < length { length.saturating_add_signed(grown) } else { length };
        let length = length.map(moved);
        let answer = send(&body, length.map(|length| length.to_string()).as_deref());
        prop_assert!(answer.status == 200 || answer.status == 400, "{}", answer.status);
        prop_assert!(answer.status == 200 || answer.json["error"].is_string());
    }

    #[test]
    fn all_forms_say_what_predict_says(rows in rows()) {
        let bytes: Vec<u8> = rows.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        let binary = binary_tensor("x", "FP64", &[rows.len(), 13], &bytes);
        let answers = [
            infer(&json!({ "inputs": [matrix(&rows)] })),
            infer_binary(&json!({ "inputs": [binary] }), &bytes),
        ];
        let (classes, probabilities) = predicted(&rows);
        for answer in answers {
            let outputs = outputs(&answer);
            prop_assert_eq!(&outputs[0].2, &classes);
            prop_assert_eq!(&outputs[1].2, &probabilities);
        }
    }
}
