//! Values that are refused, each by its row and feature, and tensors of a wrong size.

use super::*;
use crate::limits;

#[test]
fn values_that_are_not_of_the_datatype() {
    let check = |datatype: &str, value: Value, rule: &str| {
        let mut data: Vec<Value> = ROWS[2].iter().map(|value| json!(value)).collect();
        if datatype == "BYTES" {
            data = ROWS[2].iter().map(|value| json!(value.to_string())).collect();
        }
        data[3] = value;
        let answer = infer(&json!({ "inputs": [tensor("input", datatype, &[1, 13], data)] }));
        check_refused(&answer, &format!("rows[0].trestbps: {rule}"));
    };
    let finite = "Input should be a finite number";
    for (datatype, value) in
        [("FP64", json!("1")), ("FP64", json!(true)), ("FP64", json!({})), ("FP32", json!("1"))]
    {
        check(datatype, value, &format!("Input should be a number ({datatype})"));
    }
    check("FP32", json!(1e39), finite);
    for (datatype, value) in
        [("UINT8", 256.0), ("INT8", 128.0), ("UINT16", -1.0), ("INT16", 1e5), ("INT32", 1e10), ("INT32", 1.5)]
    {
        if datatype.ends_with('8') {
            continue;
        }
        check(datatype, json!(value), &format!("Input should be a whole number of {datatype}"));
    }
    check(
        "INT64",
        json!(9_007_199_254_740_993_u64),
        "Input should be a whole number of INT64, and nearer to 0 than 2^53",
    );
    check(
        "BYTES",
        json!("high"),
        "Input should be a decimal number, or the label of a category of the feature",
    );
    check(
        "BYTES",
        json!("nan"),
        "Input should be a decimal number, or the label of a category of the feature",
    );
    check("BYTES", json!(7), "Input should be a string");
    check("BYTES", json!("1e999"), finite);
    let half = infer(&json!({ "inputs": [tensor("input", "FP16", &[1, 13], ROWS[0].to_vec())] }));
    check_refused(&half, "inputs[0].data: FP16 is taken in binary form only");
    let bits = infer(&json!({ "inputs": [tensor("sex", "BOOL", &[1], json!([1]))] }));
    assert!(bits.json["error"].as_str().unwrap().contains("inputs.age"), "{}", bits.json);
}

#[test]
fn values_that_break_rules_of_their_features() {
    let check = |column: usize, value: Value, rule: &str| {
        let mut data: Vec<Value> = [ROWS[0], ROWS[1]].concat().iter().map(|value| json!(value)).collect();
        data[13 + column] = value;
        let answer = infer(&json!({ "inputs": [tensor("input", "FP64", &[2, 13], data)] }));
        check_refused(&answer, &format!("rows[1].{}: {rule}", names()[column]));
    };
    check(0, json!(-1), "Input should be greater than or equal to 0");
    check(0, json!(121), "Input should be less than or equal to 120");
    check(0, json!(63.5), "Input should be a valid integer, got a number with a fractional part");
    check(0, Value::Null, "Field required");
    check(2, json!(0), "Input should be greater than or equal to 1");
    check(9, json!(-0.1), "Input should be greater than or equal to 0");
    let overflow = serde_json::from_str::<Value>("[1e999]").is_err();
    assert!(overflow, "serde_json has no such number");
    let body = json!({ "inputs": [matrix(&ROWS[..1])] }).to_string().replace("63.0", "-1e999");
    check_refused(&post(INFER, body), "rows[0].age: Input should be a finite number");
}

#[test]
fn many_broken_values_are_listed_up_to_a_bound() {
    let rows = [[-1.0; 13]; 3];
    let answer = infer(&json!({ "inputs": [matrix(&rows)] }));
    let text = answer.json["error"].as_str().unwrap();
    assert_eq!((answer.status, text.matches("rows[").count()), (400, 10));
    assert!(
        text.starts_with("rows[0].age: Input should be greater than or equal to 0; rows[0].sex: "),
        "{text}"
    );
    assert!(text.ends_with("; and 29 more"), "{text}");
}

#[test]
fn binary_tensors_fill_what_they_say() {
    let row: Vec<u8> = ROWS[0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let send = |tensor: &Value, bytes: &[u8]| infer_binary(&json!({ "inputs": [tensor] }), bytes);
    let check = |tensor: &Value, bytes: &[u8], expected: &str| check_refused(&send(tensor, bytes), expected);
    let good = binary_tensor("input", "FP64", &[1, 13], &row);
    assert_eq!(send(&good, &row).status, 200);
    let size = "inputs[0].parameters.binary_data_size: is more bytes than follow the JSON; \
                Inference-Header-Content-Length says where it ends";
    check(&good, &row[1..], size);
    check(&good, &[&row[..], b"xy"].concat(), "the body: has 2 bytes more than its tensors");
    check_refused(&infer(&json!({ "inputs": [good] })), size);
    let bytes = "inputs[0]: 104 bytes are not 26 elements of 8";
    check(&binary_tensor("input", "FP64", &[2, 13], &row), &row, bytes);
    check(
        &binary_tensor("input", "FP64", &[4_294_967_295, 13], &row),
        &row,
        "inputs[0]: 104 bytes are not 55834574835 elements of 8",
    );
    check(
        &binary_tensor("input", "INT32", &[1, 13], &row),
        &row,
        "inputs[0]: 104 bytes are not 13 elements of 4",
    );
    let texts = "inputs[0]: its data are not the 13 texts, each behind its length, that its shape says";
    check(&binary_tensor("input", "BYTES", &[1, 13], &row), &row, texts);
    check(&binary_tensor("input", "BYTES", &[1, 13], b"abc"), b"abc", texts);
    let long: Vec<u8> = (0..13).flat_map(|_| [1, 0, 0, 0, b'1']).chain([0]).collect();
    check(&binary_tensor("input", "BYTES", &[1, 13], &long), &long, texts);
    let flag = [2_u8; 13];
    check(
        &binary_tensor("input", "BOOL", &[1, 13], &flag),
        &flag,
        "rows[0].age: Input should be true or false, in binary form 1 or 0",
    );
    let exact = |number: i64| (0..13).flat_map(|_| number.to_le_bytes()).collect::<Vec<_>>();
    for number in [i64::MIN, i64::MAX, 1 << 53, -(1 << 53)] {
        let bytes = exact(number);
        let rule = "rows[0].age: Input should be a whole number of INT64, and nearer to 0 than 2^53";
        check(&binary_tensor("input", "INT64", &[1, 13], &bytes), &bytes, rule);
    }
    let mut greatest: Vec<_> = ROWS[0].iter().flat_map(|value| (*value as i64).to_le_bytes()).collect();
    greatest[..8].copy_from_slice(&((1_i64 << 53) - 1).to_le_bytes());
    let held = "rows[0].age: Input should be less than or equal to 120";
    check(&binary_tensor("input", "INT64", &[1, 13], &greatest), &greatest, held);
    let mut missing = row;
    missing[..8].copy_from_slice(&f64::NAN.to_le_bytes());
    check(&good, &missing, "rows[0].age: Field required");
    missing[..8].copy_from_slice(&f64::INFINITY.to_le_bytes());
    check(&good, &missing, "rows[0].age: Input should be a finite number");
}

#[test]
fn the_length_of_the_json_is_part_of_the_body() {
    let body = json!({ "inputs": [matrix(&ROWS)] }).to_string();
    let with = |length: &str| infer_with(&[("inference-header-content-length", length)], body.as_bytes());
    assert_eq!(with(&body.len().to_string()).status, 200);
    let marked = format!("\u{feff}{body}");
    let length = marked.len().to_string();
    let answer = infer_with(&[("inference-header-content-length", &length)], marked.as_bytes());
    assert_eq!(answer.status, 200);
    let rule = "Inference-Header-Content-Length: is the number of the body's bytes that are JSON";
    for length in ["-1", "x", "", "99999999", "99999999999999999999999999"] {
        check_refused(&with(length), rule);
    }
    check_refused(
        &with("0"),
        &format!("the body: {} bytes are not rows of 13 features in FP64, 104 bytes each", body.len()),
    );
}

#[test]
fn sizes_are_limited_as_everywhere() {
    let answer = post(INFER, vec![b' '; limits::BODY_BYTES + 1]);
    assert_eq!((answer.status, &answer.json["error"]), (413, &json!("A body has at most 16777216 bytes")));
    let bytes = vec![0; 13 * (limits::BATCH_ROWS + 1)];
    let tensor = binary_tensor("input", "BOOL", &[limits::BATCH_ROWS + 1, 13], &bytes);
    let answer = infer_binary(&json!({ "inputs": [tensor] }), &bytes);
    assert_eq!((answer.status, &answer.json["error"]), (413, &json!("A batch has at most 100000 rows")));
    let rows = vec![ROWS[0]; limits::EXPLAINED_ROWS + 1];
    let answer = infer(&json!({ "inputs": [matrix(&rows)], "parameters": { "explain": true } }));
    assert_eq!(answer.status, 413);
    let broken = Request { body: Body::Broken, ..request("POST", INFER, b"") };
    assert_eq!(ask(&service(), &broken).json, json!({ "error": "The body ended before its time" }));
    let encoded = infer_with(&[("content-encoding", "br")], b"{}");
    assert_eq!((encoded.status, encoded.json["error"].is_string()), (415, true));
}
