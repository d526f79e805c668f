//! Schema and service, asked about the same values.

use serde_json::{Value, json};

use super::Described;
use crate::tests::heart;

/// Values that a field may be given, good and bad. Texts with an exponent or more than 15 digits are not among
/// them: they are read as numbers, but the document does not offer them.
const VALUES: &str = r#"[
    -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 120, 121, 63.0, 63.5, 1e2, 1e-3, 1e100, 1.1e100, 1e308,
    9007199254740991, 9007199254740992, 9007199254740993, -9007199254740992, null, true, false, [], {}, [1],
    "", "0", "1", "3", "7", " 2 ", "+4", "01", "007", "100", "120.0", "121", "2.5", "-1", "-0.5", "x", "nan", "inf",
    "0x1", "1_0", "true", "2024-02-29T23:59:59.5+02:00", "2023-02-29T00:00:00Z"
]"#;

impl Described {
    /// Schema and service take and refuse the same values of these fields of a body that is otherwise good.
    fn check_agreement(&self, path: &str, bodies: impl Fn(&str, Value) -> Vec<Value>, fields: &[String]) {
        let content = &self.document["paths"][path]["post"]["requestBody"]["content"];
        let validator = self.validator(&content["application/json"]["schema"]);
        let values: Vec<Value> = serde_json::from_str(VALUES).unwrap();
        let (mut taken, mut refused) = (0, 0);
        for field in fields {
            for value in &values {
                for body in bodies(field, value.clone()) {
                    let answer = self.ask("POST", path, &body.to_string());
                    let is_valid = validator.is_valid(&body);
                    assert_eq!(is_valid, answer.status == 200, "{field}: {body}: {}", answer.json);
                    if is_valid {
                        taken += 1
                    } else {
                        refused += 1
                    }
                    if taken <= 5 || refused <= 20 {
                        self.check_answer(path, "POST", &answer);
                    }
                }
            }
        }
        assert!(taken > 50 && refused > 50, "{taken} taken, {refused} refused");
    }
}

#[test]
fn rows_are_taken_and_refused_as_the_schema_says() {
    let heart = Described::heart();
    let example = |name: &str| {
        let media =
            &heart.document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"];
        media["examples"][name]["value"].clone()
    };
    let fields: Vec<_> = example("disease").as_object().unwrap().keys().cloned().collect();
    let bodies = |field: &str, value: Value| {
        let with = |name: &str| {
            let mut row = example(name);
            row[field] = value.clone();
            row
        };
        vec![with("disease"), with("kaggle")]
    };
    heart.check_agreement("/predict", bodies, &fields);
    let batches = |field: &str, value: Value| {
        let rows = bodies(field, value);
        vec![json!({ "patients": rows }), json!({ "patients": rows, "encoding": "uci" })]
    };
    heart.check_agreement("/predict/batch", batches, &fields[..4]);
}

#[test]
fn readings_are_taken_and_refused_as_the_schema_says() {
    let battery = Described::battery();
    for name in ["Normal", "raw"] {
        let mut reading = battery.example("/predict", name)["readings"][0].take();
        reading["Module_ID"] = "M1".into();
        let names: Vec<_> = reading.as_object().unwrap().keys().cloned().collect();
        let bodies = |field: &str, value: Value| {
            let mut reading = reading.clone();
            reading[field] = value;
            vec![json!({ "readings": [reading] })]
        };
        battery.check_agreement("/predict", bodies, &names);
    }
}

#[test]
fn tensors_are_taken_and_refused_as_the_schema_says() {
    let described = Described::heart();
    let good = [51.0, 1.0, 4.0, 140.0, 298.0, 0.0, 0.0, 122.0, 1.0, 4.0, 2.0, 3.0, 7.0];
    let tensor = |datatype: &str, place: usize, value: &Value, is_nested: bool| {
        let mut row: Vec<Value> = good.iter().map(|value| json!(value)).collect();
        row[place] = value.clone();
        let data = if is_nested { json!([row]) } else { json!(row) };
        json!({ "inputs": [{ "name": "input", "shape": [1, 13], "datatype": datatype, "data": data }] })
    };
    let names: Vec<_> = heart().features().map(|feature| feature.name().to_owned()).collect();
    let bodies = |field: &str, value: Value| {
        let place = names.iter().position(|name| name == field).unwrap();
        vec![tensor("FP64", place, &value, false), tensor("INT64", place, &value, true)]
    };
    described.check_agreement("/v2/models/{model}/infer", bodies, &names);
}
