//! A forest with a feature that may be missing.

use portent_model::{MissingPolicy, Style};

use super::*;
use crate::tests::readings::spec;

fn artefact() -> Vec<u8> {
    let mut spec = spec();
    spec.features[1].missing = MissingPolicy::Impute;
    (spec.features[2].lower, spec.features[2].upper) = (f64::NEG_INFINITY, f64::INFINITY);
    spec.interface.style = Style::Records;
    spec.derivations.clear();
    spec.to_bytes().unwrap()
}

fn ask_small(body: &Value, binary: &[u8]) -> Answer {
    let artefact = artefact();
    let service = Service::new(Config::default(), ModelState::Loaded(Model::open(&artefact).unwrap()));
    let json = body.to_string();
    let headers = [("inference-header-content-length".to_owned(), json.len().to_string().into_bytes())];
    let bytes = [json.as_bytes(), binary].concat();
    let path = "/v2/models/small_forest/versions/1.2.3/infer";
    ask(&service, &Request { headers: &headers, ..request("POST", path, &bytes) })
}

/// The answer holds these scores, and as many values were counted as missing.
#[track_caller]
fn check(answer: &Answer, expected: &[f64], missing: u32) {
    let shares: Vec<_> = outputs(answer).remove(1).2.chunks(2).map(|pair| pair[1]).collect();
    assert_eq!(shares, expected);
    let counted = answer.event.predictions[0].missing.iter().map(|(_, count)| count).sum::<u32>();
    assert_eq!(counted, missing);
}

#[test]
fn what_may_be_missing_may_be_left_out() {
    let column = |name: &str, values: [f64; 2]| tensor(name, "FP64", &[2], values.to_vec());
    let mut inputs =
        vec![column("temperature", [20.0, 60.0]), column("change", [0.0, 9.0]), column("mean", [20.0, 60.0])];
    check(&ask_small(&json!({ "inputs": inputs }), b""), &[0.1, 0.9], 2);
    inputs.push(tensor("charge", "INT32", &[2, 1], json!([null, 50])));
    check(&ask_small(&json!({ "inputs": inputs }), b""), &[0.1, 0.9], 1);
    inputs.remove(0);
    let refused = ask_small(&json!({ "inputs": inputs }), b"");
    assert_eq!((refused.status, &refused.json["error"]), (400, &json!("inputs.temperature: Field required")));
}

#[test]
fn infinity_is_refused_where_nothing_else_bounds_a_feature() {
    for infinity in [f64::INFINITY, f64::NEG_INFINITY] {
        let bytes: Vec<u8> =
            [20.0, 50.0, infinity, 20.0].iter().flat_map(|value: &f64| value.to_le_bytes()).collect();
        let body = json!({ "inputs": [binary_tensor("input", "FP64", &[1, 4], &bytes)] });
        let answer = ask_small(&body, &bytes);
        let expected = json!("rows[0].change: Input should be a finite number");
        assert_eq!((answer.status, &answer.json["error"]), (400, &expected));
    }
}

#[test]
fn not_a_number_is_missing() {
    let rows = [[20.0, f64::NAN, 0.0, 20.0], [60.0, 50.0, 9.0, 20.0]];
    let bytes: Vec<u8> = rows.iter().flatten().flat_map(|value: &f64| value.to_le_bytes()).collect();
    let body = json!({ "inputs": [binary_tensor("input", "FP64", &[2, 4], &bytes)] });
    check(&ask_small(&body, &bytes), &[0.1, 0.5], 1);
    let single: Vec<u8> =
        rows.iter().flatten().flat_map(|value: &f64| (*value as f32).to_le_bytes()).collect();
    let body = json!({ "inputs": [binary_tensor("input", "FP32", &[2, 4], &single)] });
    check(&ask_small(&body, &single), &[0.1, 0.5], 1);
    let json =
        json!({ "inputs": [tensor("input", "FP64", &[2, 4], json!([[20, null, 0, 20], [60, 50, 9, 20]]))] });
    check(&ask_small(&json, b""), &[0.1, 0.5], 1);
    // Half precision has its own NaN: all bits of the exponent, and some of the fraction.
    let half: Vec<u8> = [0x4d00_u16, 0x7e00, 0, 0x4d00].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    let body = json!({ "inputs": [binary_tensor("input", "FP16", &[1, 4], &half)] });
    check(&ask_small(&body, &half), &[0.1], 1);
}

#[test]
fn a_coding_cannot_be_stated_where_there_is_none() {
    let input = tensor("input", "FP64", &[1, 4], json!([20, 50, 0, 20]));
    let answer = ask_small(&json!({ "inputs": [input], "parameters": { "encoding": "kaggle" } }), b"");
    let expected = "parameters.encoding: The model has one coding, and no name for it";
    assert_eq!((answer.status, &answer.json["error"]), (400, &json!(expected)));
}
