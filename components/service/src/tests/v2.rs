//! The Open Inference Protocol, over the shipped heart-disease model.

mod about;
mod answers;
mod forms;
mod properties;
mod refusals;
mod small;
mod values;

use serde_json::json;

use super::*;

/// Rows of the UCI data, two of them of whole numbers, in model order.
const ROWS: [[f64; 13]; 4] = [
    [63.0, 1.0, 1.0, 145.0, 233.0, 1.0, 2.0, 150.0, 0.0, 2.3, 3.0, 0.0, 6.0],
    [67.0, 1.0, 4.0, 160.0, 286.0, 0.0, 2.0, 108.0, 1.0, 1.5, 2.0, 3.0, 3.0],
    [41.0, 0.0, 2.0, 130.0, 204.0, 0.0, 2.0, 172.0, 0.0, 1.0, 1.0, 0.0, 3.0],
    [62.0, 0.0, 4.0, 140.0, 268.0, 0.0, 2.0, 160.0, 0.0, 4.0, 3.0, 2.0, 3.0],
];

const INFER: &str = "/v2/models/logistic_regression/infer";

/// Names of the features, in model order.
fn names() -> Vec<&'static str> {
    heart().features().map(|feature| feature.name()).collect()
}

/// The class and the probabilities that `/predict` answers for rows.
fn predicted(rows: &[[f64; 13]]) -> (Vec<f64>, Vec<f64>) {
    let (mut classes, mut probabilities) = (Vec::new(), Vec::new());
    for row in rows {
        let fields: serde_json::Map<_, _> =
            names().into_iter().zip(row).map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let answer = post("/predict", Value::from(fields).to_string());
        assert_eq!(answer.status, 200, "{}", answer.json);
        let (class, confidence) =
            (answer.json["prediction"].as_f64().unwrap(), answer.json["confidence"].as_f64().unwrap());
        classes.push(class);
        let model = heart();
        let score = model.score(row).unwrap();
        assert_eq!(confidence, if class == 1.0 { score } else { 1.0 - score });
        probabilities.extend([1.0 - score, score]);
    }
    (classes, probabilities)
}

/// An input tensor of JSON.
fn tensor(name: &str, datatype: &str, shape: &[usize], data: impl Into<Value>) -> Value {
    json!({ "name": name, "datatype": datatype, "shape": shape, "data": data.into() })
}

/// An input tensor whose elements are binary.
fn binary_tensor(name: &str, datatype: &str, shape: &[usize], bytes: &[u8]) -> Value {
    let parameters = json!({ "binary_data_size": bytes.len() });
    json!({ "name": name, "datatype": datatype, "shape": shape, "parameters": parameters })
}

/// All rows as one tensor.
fn matrix(rows: &[[f64; 13]]) -> Value {
    tensor("input", "FP64", &[rows.len(), 13], rows.concat())
}

fn infer(body: &Value) -> Answer {
    post(INFER, body.to_string())
}

fn infer_with(headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    ask(&service(), &Request { headers: &headers, ..request("POST", INFER, body) })
}

/// Sends JSON and what follows it.
fn infer_binary(json: &Value, binary: &[u8]) -> Answer {
    let json = json.to_string();
    let length = json.len().to_string();
    infer_with(&[("Inference-Header-Content-Length", &length)], &[json.as_bytes(), binary].concat())
}

/// Outputs of an answer: name, shape and numbers, from JSON or binary.
fn outputs(answer: &Answer) -> Vec<(String, Vec<usize>, Vec<f64>)> {
    let header = |name: &str| {
        answer.response.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    };
    let body = &answer.response.body;
    let length =
        header("inference-header-content-length").map_or(body.len(), |length| length.parse().unwrap());
    let expected_type = if length == body.len() { "application/json" } else { "application/octet-stream" };
    assert_eq!(header("content-type"), Some(expected_type));
    let (json, mut binary) = body.split_at(length);
    let json: Value = serde_json::from_slice(json).unwrap();
    assert_eq!(answer.status, 200, "{json}");
    let mut read = |output: &Value| {
        let shape: Vec<usize> = serde_json::from_value(output["shape"].clone()).unwrap();
        let Some(size) = output["parameters"]["binary_data_size"].as_u64() else {
            return (shape, serde_json::from_value(output["data"].clone()).unwrap());
        };
        let (bytes, rest) = binary.split_at(size as usize);
        binary = rest;
        let elements = bytes.as_chunks::<8>().0.iter();
        let numbers: Vec<f64> = match output["datatype"].as_str().unwrap() {
            "INT64" => elements.map(|element| i64::from_le_bytes(*element) as f64).collect(),
            "FP64" => elements.map(|element| f64::from_le_bytes(*element)).collect(),
            other => panic!("{other} is not a number"),
        };
        assert_eq!(size as usize, 8 * numbers.len());
        (shape, numbers)
    };
    let list = json["outputs"].as_array().unwrap().iter().map(|output| {
        let (shape, numbers) = read(output);
        assert_eq!(shape.iter().product::<usize>(), numbers.len());
        (output["name"].as_str().unwrap().to_owned(), shape, numbers)
    });
    let list = list.collect();
    assert!(binary.is_empty(), "bytes that no output owns");
    list
}

/// The answer is a 400 with this text.
#[track_caller]
fn check_refused(answer: &Answer, expected: &str) {
    assert_eq!((answer.status, &answer.json), (400, &json!({ "error": expected })));
    assert_eq!(answer.event.error, Some(portent_event::ErrorType::Validation));
}

/// The answer holds the default outputs, equal to what `/predict` says of these rows, to the bit.
#[track_caller]
fn check_predicted(answer: &Answer, rows: &[[f64; 13]]) {
    let (classes, probabilities) = predicted(rows);
    let count = rows.len();
    let expected = [
        ("predict".to_owned(), vec![count], classes),
        ("predict_proba".to_owned(), vec![count, 2], probabilities),
    ];
    assert_eq!(outputs(answer), expected);
    let predictions = &answer.event.predictions;
    assert_eq!(predictions.iter().map(|predictions| predictions.rows as usize).sum::<usize>(), count);
}
