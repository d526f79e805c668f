//! Answers, held to what the document says of them.

use super::{Described, check_both};
use crate::tests::{ask, request, row_with};
use crate::{Config, ModelState, Service};

#[test]
fn examples_keep_their_schema_and_work() {
    check_both(|described| {
        let mut count = 0;
        for (path, method, operation) in described.operations() {
            for (schema, example) in described.examples(operation) {
                assert!(described.is_valid(schema, example), "{path}: {example}");
                let answer = described.ask(&method, path, &example.to_string());
                assert_eq!(answer.status, 200, "{path}: {example}: {}", answer.json);
                described.check_answer(path, &method, &answer);
                count += 1;
            }
        }
        assert!(count > 2);
    });
}

#[test]
fn explained_and_implausible_answers_keep_their_schema() {
    let heart = Described::heart();
    let body = row_with("chol", "0");
    let answer = ask(&heart.service, &request("POST", "/predict?explain=true", body.as_bytes()));
    assert!(answer.json["explanation"].is_object() && answer.json["warnings"].is_array(), "{}", answer.json);
    heart.check_answer("/predict", "POST", &answer);
}

#[test]
fn without_a_model_every_answer_is_a_described_one() {
    check_both(|described| {
        let state = ModelState::Unavailable("checksum mismatch".to_owned());
        let without = Service::new(Config::default(), state);
        for (path, method, _) in described.operations() {
            let answer = ask(&without, &request(&method, &described.filled(path), b"{}"));
            assert!([200, 503].contains(&answer.status), "{path}");
            if answer.status == 503 {
                described.check_answer(path, &method, &answer);
            }
        }
    });
}
