//! All protocols over one row: they give one score, and the examples of their page work.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::limits;

const PAGE: &str = include_str!("../../../../docs/other-protocols.md");

/// An example of the page: what is sent, and the answer that follows it, if one does.
struct Example<'p> {
    path: &'p str,
    content_type: &'p str,
    body: &'p str,
    answer: Option<Value>,
}

fn examples() -> Vec<Example<'static>> {
    let blocks: Vec<_> = PAGE.split("\n```").collect();
    let commands = blocks.iter().enumerate().filter(|(_, block)| block.starts_with("sh\ncurl "));
    let examples = commands.map(|(index, command)| {
        let between = |before: &str, after: &str| {
            let rest = command.split_once(before)?.1;
            rest.split_once(after).map(|(text, _)| text)
        };
        let data = if command.contains(" --data-binary ") { " --data-binary '" } else { " -d '" };
        let answer = blocks.get(index + 2).and_then(|block| block.strip_prefix("json\n"));
        Example {
            path: between("http://127.0.0.1:3000", " ").unwrap(),
            content_type: between("content-type: ", "'").unwrap_or("application/x-www-form-urlencoded"),
            body: between(data, "'").unwrap(),
            answer: answer.map(|answer| serde_json::from_str(answer).unwrap()),
        }
    });
    examples.collect()
}

fn send(path: &str, content_type: &str, body: &str) -> Answer {
    let headers = [("content-type".to_owned(), content_type.as_bytes().to_vec())];
    ask(&service(), &Request { headers: &headers, ..request("POST", path, body.as_bytes()) })
}

#[test]
fn examples_of_the_page_work() {
    let examples = examples();
    assert_eq!(examples.len(), 4);
    for Example { path, content_type, body, answer } in examples {
        let sent = send(path, content_type, body);
        assert_eq!(sent.status, 200, "{path}: {}", sent.json);
        assert!(answer.is_none_or(|answer| answer == sent.json), "{path}: {}", sent.json);
    }
}

#[test]
fn the_page_states_the_limit() {
    assert_eq!(limits::COLUMNS, 1_024);
    assert!(PAGE.contains("At most 1,024 columns may be named."));
}

/// Values of a row that is valid in UCI coding.
fn values() -> impl Strategy<Value = Vec<f64>> {
    let whole = |low: i32, high: i32| (low..=high).prop_map(f64::from).boxed();
    let oldpeak = (0..=120_i32).prop_map(|tenths| f64::from(tenths) / 10.0).boxed();
    let columns = vec![
        whole(0, 120),
        whole(0, 1),
        whole(4, 4),
        whole(0, 300),
        whole(0, 900),
        whole(0, 1),
        whole(0, 2),
        whole(0, 250),
        whole(0, 1),
        oldpeak,
        whole(1, 3),
        whole(0, 3),
        whole(3, 7),
    ];
    columns
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn every_protocol_gives_the_same_score(values in values()) {
        let names: Vec<_> = heart().features().map(|feature| feature.name()).collect();
        let named = || names.iter().zip(&values);
        let fields: Vec<_> = named().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let object = format!("{{{}}}", fields.join(","));
        let list = json!([values]);
        let columns: Vec<_> = named().map(|(name, value)| format!("\"{name}\":[{value:?}]")).collect();
        let cells: Vec<_> = values.iter().map(ToString::to_string).collect();
        let own = post("/predict", &object).json;
        let (class, confidence) = (own["prediction"].as_u64().unwrap(), own["confidence"].as_f64().unwrap());
        let v1 = "/v1/models/logistic_regression:predict?probabilities=true";
        let mlflow = "/invocations?probabilities=true";
        let requests = [
            (v1, "", format!("{{\"instances\":[{object}]}}")),
            (v1, "", format!("{{\"instances\":{list}}}")),
            (mlflow, "application/json", format!("{{\"dataframe_records\":[{object}]}}")),
            (mlflow, "application/json", json!({ "dataframe_split": { "columns": names, "data": [values] } }).to_string()),
            (mlflow, "application/json", format!("{{\"inputs\":{{{}}}}}", columns.join(","))),
            (mlflow, "text/csv", format!("{}\n{}", names.join(","), cells.join(","))),
        ];
        for (path, content_type, body) in requests {
            let answer = send(path, content_type, &body);
            prop_assert_eq!(answer.status, 200, "{} {}", body, answer.json);
            let probabilities = answer.json["predictions"][0].as_array().unwrap();
            prop_assert_eq!(probabilities[usize::try_from(class).unwrap()].as_f64(), Some(confidence));
        }
    }

    #[test]
    fn any_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for (path, content_type) in [
            ("/v1/models/logistic_regression:predict", ""),
            ("/invocations", "application/json"),
            ("/invocations", "text/csv"),
        ] {
            let headers = [("content-type".to_owned(), content_type.as_bytes().to_vec())];
            let answer = ask(&service(), &Request { headers: &headers, ..request("POST", path, &body) });
            prop_assert!(answer.status < 500 && answer.json.is_object());
        }
    }
}
