//! Every form in which answers leave.

use super::*;

/// Names of the outputs that came in binary form.
fn binary(answer: &Answer) -> Vec<String> {
    let body = &answer.response.body;
    let length = answer.response.headers.iter().find(|(name, _)| *name == "inference-header-content-length");
    let length = length.map_or(body.len(), |(_, length)| length.parse().unwrap());
    let json: Value = serde_json::from_slice(&body[..length]).unwrap();
    let outputs = json["outputs"].as_array().unwrap().iter();
    let binary = outputs.filter(|output| output["data"].is_null());
    binary.map(|output| output["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn outputs_are_binary_where_asked() {
    let check = |body: Value, expected: &[&str]| {
        let answer = infer(&body);
        check_predicted(&answer, &ROWS);
        assert_eq!(binary(&answer), expected);
    };
    let inputs = json!([matrix(&ROWS)]);
    let all = json!({ "binary_data_output": true });
    let outputs = |binary: bool| {
        let parameters = json!({ "binary_data": binary });
        json!([{ "name": "predict" }, { "name": "predict_proba", "parameters": parameters }])
    };
    check(json!({ "inputs": inputs }), &[]);
    check(json!({ "inputs": inputs, "parameters": all }), &["predict", "predict_proba"]);
    check(json!({ "inputs": inputs, "outputs": outputs(true) }), &["predict_proba"]);
    check(json!({ "inputs": inputs, "outputs": outputs(false) }), &[]);
    check(json!({ "inputs": inputs, "outputs": outputs(false), "parameters": all }), &["predict"]);
}

#[test]
fn texts_in_binary_form_stand_behind_their_lengths() {
    let outputs = json!([{ "name": "label", "parameters": { "binary_data": true } }]);
    let answer = infer(&json!({ "inputs": [matrix(&ROWS[..2])], "outputs": outputs }));
    assert_eq!(binary(&answer), ["label"]);
    let expected = b"\x0a\0\0\0no_disease\x07\0\0\0disease";
    assert!(answer.response.body.ends_with(expected), "{}", answer.response.body.escape_ascii());
}

#[test]
fn identity_and_model_are_told() {
    for id in ["", "42", "a \"quoted\" é", &"x".repeat(1024)] {
        let answer = infer(&json!({ "id": id, "inputs": [matrix(&ROWS[..1])] }));
        assert_eq!(answer.json["id"], id);
        assert_eq!(
            (&answer.json["model_name"], &answer.json["model_version"]),
            (&json!("logistic_regression"), &json!("1.0.0"))
        );
    }
    assert!(infer(&json!({ "inputs": [matrix(&ROWS[..1])] })).json.get("id").is_none());
}

#[test]
fn requested_outputs_come_in_their_order() {
    let outputs = json!([{ "name": "label" }, { "name": "predict", "parameters": {} }]);
    let answer = infer(&json!({ "inputs": [matrix(&ROWS)], "outputs": outputs }));
    let (classes, _) = predicted(&ROWS);
    let labels: Vec<_> =
        classes.iter().map(|class| if *class == 1.0 { "disease" } else { "no_disease" }).collect();
    let classes: Vec<_> = classes.iter().map(|class| *class as i64).collect();
    let expected = json!([
        { "name": "label", "datatype": "BYTES", "shape": [4], "data": labels },
        { "name": "predict", "datatype": "INT64", "shape": [4], "data": classes },
    ]);
    assert_eq!(answer.json["outputs"], expected);
}

#[test]
fn classification_tells_the_most_probable_classes() {
    let classify = |count: usize| {
        let outputs = json!([{ "name": "predict_proba", "parameters": { "classification": count } }]);
        infer(&json!({ "inputs": [matrix(&ROWS)], "outputs": outputs })).json["outputs"][0].clone()
    };
    let (_, probabilities) = predicted(&ROWS);
    let texts = |row: &[f64]| {
        let both = [format!("{}:0:no_disease", row[0]), format!("{}:1:disease", row[1])];
        if row[1] > row[0] { [both[1].clone(), both[0].clone()] } else { both }
    };
    let all: Vec<_> = probabilities.chunks(2).flat_map(texts).collect();
    let first: Vec<_> = all.iter().step_by(2).collect();
    let expected = |columns: usize, data: Value| {
        let shape = json!([4, columns]);
        json!({ "name": "predict_proba", "datatype": "BYTES", "shape": shape, "data": data })
    };
    assert_eq!(classify(1), expected(1, json!(first)));
    assert_eq!(classify(2), expected(2, json!(all)));
    assert_eq!(classify(4_000_000_000), expected(2, json!(all)));
    assert_eq!(classify(0)["datatype"], "FP64");
}

#[test]
fn explanations_add_up_to_the_log_odds() {
    let explained = [
        infer(&json!({ "inputs": [matrix(&ROWS)], "parameters": { "explain": true } })),
        post(&format!("{INFER}?explain=true"), json!({ "inputs": [matrix(&ROWS)] }).to_string()),
    ];
    let (_, probabilities) = predicted(&ROWS);
    for answer in explained {
        assert_eq!(answer.json["parameters"], json!({ "explanation_scale": "log-odds" }));
        let outputs = outputs(&answer);
        let names: Vec<_> = outputs.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["predict", "predict_proba", "contributions", "contributions_base"]);
        assert_eq!((&outputs[2].1, &outputs[3].1), (&vec![4, 13], &vec![4]));
        for (row, base) in outputs[3].2.iter().enumerate() {
            let sum: f64 = base + outputs[2].2[13 * row..][..13].iter().sum::<f64>();
            let score = 1.0 / (1.0 + (-sum).exp());
            assert!((score - probabilities[2 * row + 1]).abs() < 1e-9);
        }
    }
    let base = infer(&json!({ "inputs": [matrix(&ROWS)], "outputs": [{ "name": "contributions_base" }] }));
    assert_eq!(outputs(&base).len(), 1);
    assert_eq!(outputs(&infer(&json!({ "inputs": [matrix(&ROWS)] }))).len(), 2, "off by default");
}

/// The examples of `docs/inference-protocol.md` answer as they stand there, up to the last digits.
#[test]
fn the_pages_examples_are_true() {
    let page = include_str!("../../../../../docs/inference-protocol.md");
    let (_, example) = page.split_once(" -d '").unwrap();
    let (body, rest) = example.split_once('\'').unwrap();
    let expected = rest.split_once("```json\n").unwrap().1.split_once("```").unwrap().0;
    let expected: Value = serde_json::from_str(expected).unwrap();
    let answer = post(INFER, body).json;
    let shares = |answer: &Value| answer["outputs"][1]["data"][1].as_f64().unwrap();
    assert!((shares(&answer) - shares(&expected)).abs() < 1e-12);
    let blank = |mut answer: Value| {
        answer["outputs"][1]["data"].take();
        answer
    };
    assert_eq!(blank(answer), blank(expected));
    let mut rows = [ROWS[0]; 3];
    (rows[0][0], rows[2][2]) = (121.0, 0.0);
    let refused = infer(&json!({ "inputs": [matrix(&rows)] })).json.to_string();
    assert!(page.contains(&refused), "the page does not show {refused}");
}
