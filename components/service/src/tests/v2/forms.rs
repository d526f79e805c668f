//! Every form in which rows may come.

use super::*;

/// Rows of whole numbers.
const WHOLE: [[f64; 13]; 2] = [ROWS[2], ROWS[3]];

fn bytes<const N: usize>(rows: &[[f64; 13]], element: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
    rows.iter().flatten().flat_map(|value| element(*value)).collect()
}

fn texts(rows: &[[f64; 13]]) -> Vec<u8> {
    let text = |value: &f64| value.to_string().into_bytes();
    rows.iter()
        .flatten()
        .map(text)
        .flat_map(|text| [&(text.len() as u32).to_le_bytes()[..], &text].concat())
        .collect()
}

#[track_caller]
fn check_binary(datatype: &str, rows: &[[f64; 13]], bytes: &[u8]) {
    let body = json!({ "inputs": [binary_tensor("anything", datatype, &[rows.len(), 13], bytes)] });
    check_predicted(&infer_binary(&body, bytes), rows);
}

#[test]
fn json_flat_and_nested() {
    check_predicted(&infer(&json!({ "inputs": [matrix(&ROWS)] })), &ROWS);
    let nested: Vec<Vec<f64>> = ROWS.iter().map(|row| row.to_vec()).collect();
    let tensor = |datatype| tensor("input-0", datatype, &[4, 13], nested.clone());
    check_predicted(&infer(&json!({ "inputs": [tensor("FP64")] })), &ROWS);
    check_predicted(&infer(&json!({ "inputs": [matrix(&ROWS[..1])] })), &ROWS[..1]);
    check_predicted(
        &infer(&json!({ "inputs": [tensor("FP64")], "id": null, "parameters": null, "outputs": null })),
        &ROWS,
    );
}

#[test]
fn binary_numbers_of_every_datatype() {
    check_binary("FP64", &ROWS, &bytes(&ROWS, f64::to_le_bytes));
    check_binary("FP32", &WHOLE, &bytes(&WHOLE, |value| (value as f32).to_le_bytes()));
    check_binary("INT64", &WHOLE, &bytes(&WHOLE, |value| (value as i64).to_le_bytes()));
    check_binary("UINT64", &WHOLE, &bytes(&WHOLE, |value| (value as u64).to_le_bytes()));
    check_binary("INT32", &WHOLE, &bytes(&WHOLE, |value| (value as i32).to_le_bytes()));
    check_binary("UINT32", &WHOLE, &bytes(&WHOLE, |value| (value as u32).to_le_bytes()));
    check_binary("INT16", &WHOLE, &bytes(&WHOLE, |value| (value as i16).to_le_bytes()));
    check_binary("UINT16", &WHOLE, &bytes(&WHOLE, |value| (value as u16).to_le_bytes()));
    check_binary("BYTES", &ROWS, &texts(&ROWS));
    // Half precision holds whole numbers up to 2,048 and bfloat16 up to 256.
    check_binary("FP16", &WHOLE, &bytes(&WHOLE, |value| half(value).to_le_bytes()));
    let small = [[41.0, 0.0, 2.0, 130.0, 204.0, 0.0, 2.0, 172.0, 0.0, 1.0, 1.0, 0.0, 3.0]];
    check_binary(
        "BF16",
        &small,
        &bytes(&small, |value| {
            ((value as f32).to_bits() >> 16).to_be_bytes()[2..]
                .try_into()
                .map(|[a, b]: [u8; 2]| [b, a])
                .unwrap()
        }),
    );
}

/// A whole number up to 2,048 in half precision.
fn half(value: f64) -> u16 {
    if value == 0.0 {
        return 0;
    }
    let exponent = value.log2().floor();
    ((exponent as u16 + 15) << 10) + ((value / exponent.exp2() - 1.0) * 1024.0) as u16
}

#[test]
fn single_precision_is_taken_as_it_is() {
    let single = |value: f64| f64::from(value as f32);
    let rounded = ROWS.map(|row| row.map(single));
    check_binary_single(&rounded);
    let json = infer(&json!({ "inputs": [tensor("input", "FP32", &[4, 13], ROWS.concat())] }));
    check_predicted(&json, &rounded);
}

#[track_caller]
fn check_binary_single(rounded: &[[f64; 13]]) {
    check_binary("FP32", rounded, &bytes(&ROWS, |value| (value as f32).to_le_bytes()));
    assert_ne!(rounded[0][9], ROWS[0][9], "2.3 is not a number of single precision");
}

#[test]
fn a_tensor_a_feature_in_any_order_and_datatype() {
    let column = |index: usize| ROWS.iter().map(|row| row[index]).collect::<Vec<_>>();
    let input = |(index, name): (usize, &str)| match name {
        "sex" | "fbs" | "exang" => {
            tensor(name, "BOOL", &[4, 1], column(index).iter().map(|value| *value == 1.0).collect::<Vec<_>>())
        }
        "oldpeak" => tensor(name, "FP64", &[4], column(index)),
        "thal" => tensor(name, "BYTES", &[4], column(index).iter().map(f64::to_string).collect::<Vec<_>>()),
        "cp" => {
            tensor(name, "UINT8", &[4, 1], column(index).iter().map(|value| vec![*value]).collect::<Vec<_>>())
        }
        _ => tensor(name, "INT32", &[4], column(index)),
    };
    let mut inputs: Vec<_> = names().into_iter().enumerate().map(input).collect();
    check_predicted(&infer(&json!({ "inputs": inputs })), &ROWS);
    inputs.reverse();
    check_predicted(&infer(&json!({ "inputs": inputs })), &ROWS);
}

#[test]
fn binary_and_json_tensors_side_by_side() {
    let mut binary = Vec::new();
    let mut input = |(index, name): (usize, &str)| {
        let column: Vec<f64> = ROWS.iter().map(|row| row[index]).collect();
        let bytes: Vec<u8> = match index % 3 {
            0 => return tensor(name, "FP64", &[4], column),
            1 if name == "oldpeak" => column.iter().flat_map(|value| value.to_le_bytes()).collect(),
            1 => column.iter().flat_map(|value| (*value as i16).to_le_bytes()).collect(),
            _ => column.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        let datatype = if bytes.len() == 8 { "INT16" } else { "FP64" };
        binary.extend_from_slice(&bytes);
        binary_tensor(name, datatype, &[4, 1], &bytes)
    };
    let inputs: Vec<_> = names().into_iter().enumerate().map(&mut input).collect();
    check_predicted(&infer_binary(&json!({ "inputs": inputs }), &binary), &ROWS);
}

#[test]
fn labels_of_categories_stand_for_their_codes() {
    let feature = heart().features().find(|feature| feature.name() == "thal").unwrap();
    let label = |code: f64| feature.categories().find(|category| category.value == code).unwrap().label;
    let input = |(index, name): (usize, &str)| {
        let column: Vec<f64> = ROWS.iter().map(|row| row[index]).collect();
        match name {
            "thal" => tensor(name, "BYTES", &[4], column.iter().map(|code| label(*code)).collect::<Vec<_>>()),
            _ => tensor(name, "FP64", &[4], column),
        }
    };
    let inputs: Vec<_> = names().into_iter().enumerate().map(input).collect();
    check_predicted(&infer(&json!({ "inputs": inputs })), &ROWS);
}

#[test]
fn a_body_of_nothing_but_the_tensor() {
    let answer = infer_with(&[("inference-header-content-length", "0")], &bytes(&ROWS, f64::to_le_bytes));
    check_predicted(&answer, &ROWS);
    assert!(answer.response.headers.iter().any(|(name, _)| *name == "inference-header-content-length"));
}

#[test]
fn no_rows_are_no_predictions() {
    check_predicted(&infer(&json!({ "inputs": [tensor("input", "FP64", &[0, 13], json!([]))] })), &[]);
    check_binary("FP64", &[], &[]);
}

#[test]
fn another_coding_may_be_stated() {
    let kaggle = [63.0, 1.0, 3.0, 145.0, 233.0, 1.0, 0.0, 150.0, 0.0, 2.3, 0.0, 0.0, 1.0];
    let stated =
        |coding: &str| infer(&json!({ "inputs": [matrix(&[kaggle])], "parameters": { "encoding": coding } }));
    check_predicted(&stated("kaggle"), &ROWS[..1]);
    assert_eq!(stated("uci").status, 400);
    let input = |(name, value): (&str, f64)| match name {
        "thal" => tensor(name, "BYTES", &[1], json!(["normal"])),
        _ => tensor(name, "FP64", &[1], json!([value])),
    };
    let inputs: Vec<_> = names().into_iter().zip(kaggle).map(input).collect();
    let labelled = infer(&json!({ "inputs": inputs, "parameters": { "encoding": "kaggle" } }));
    let rule = "rows[0].thal: Input should be a decimal number, or the label of a category of the feature";
    check_refused(&labelled, rule);
    let unknown = stated("other");
    assert_eq!(
        (unknown.status, &unknown.json["error"]),
        (400, &json!("parameters.encoding: Input should be 'uci' or 'kaggle'"))
    );
}
