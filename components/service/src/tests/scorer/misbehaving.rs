//! A component that breaks its contract gets its answers refused, never shown.

use super::*;

/// Asks a component that returns this for the first golden row.
fn returned(score: ScoreFunction) -> Answer {
    send(&service_of(&description(), score), "/predict", &golden().0[0])
}

fn values(values: &[f64]) -> Result<ClassScores, ScoreError> {
    Ok(ClassScores { values: values.to_vec(), contributions: vec![] })
}

#[test]
fn what_breaks_the_contract_is_an_error_of_its_own_type() {
    let cases: [(ScoreFunction, &str); 9] = [
        (|_, _| values(&[f64::NAN, 1.0]), "a score is not a number from 0 to 1"),
        (|_, _| values(&[-0.1, 1.1]), "a score is not a number from 0 to 1"),
        (|_, _| values(&[f64::INFINITY, 0.0]), "a score is not a number from 0 to 1"),
        (|_, _| values(&[0.4, 0.59]), "the scores of a row do not sum to 1"),
        (|_, _| values(&[]), "the number of scores is not one a class and row"),
        (|_, _| values(&[1.0]), "the number of scores is not one a class and row"),
        (|_, _| values(&[0.5; 4]), "the number of scores is not one a class and row"),
        (|_, _| Err(ScoreError::Row(1, "no".to_owned())), "the row of an error is not one of the batch"),
        (
            |_, _| Ok(ClassScores { values: vec![0.5; 2], contributions: vec![0.0; 3] }),
            "the number of contributions is not what was asked for",
        ),
    ];
    for (score, rule) in cases {
        let answer = returned(score);
        assert_eq!((answer.status, &answer.json["detail"]), (500, &json!(format!("Scorer error: {rule}"))));
        assert_eq!(answer.event.error, Some(ErrorType::ScorerInvalidOutput), "{rule}");
        assert!(answer.event.predictions.is_empty(), "{rule}");
    }
}

#[test]
fn contributions_are_held_to_their_number_and_to_numbers() {
    let cases: [ScoreFunction; 3] = [
        |_, _| values(&[0.5, 0.5]),
        |_, _| Ok(ClassScores { values: vec![0.5; 2], contributions: vec![0.0, f64::NAN, 0.0] }),
        |_, _| Ok(ClassScores { values: vec![0.5; 2], contributions: vec![f64::MAX; 3] }),
    ];
    for score in cases {
        let answer = send(&service_of(&description(), score), "/predict?explain=true", &golden().0[0]);
        assert_eq!((answer.status, answer.event.error), (500, Some(ErrorType::ScorerInvalidOutput)));
    }
}

#[test]
fn single_precision_is_no_error_and_no_score_beyond_one() {
    let answer = returned(|_, _| values(&[-1e-7, 1.0 + 5e-7]));
    assert_eq!((answer.status, &answer.json["confidence"]), (200, &json!(1.0)), "{}", answer.json);
    assert_eq!(answer.event.predictions[0].score_sum_nano, 1_000_000_000);
}

#[test]
fn a_row_that_the_component_refuses_is_the_clients_to_mend() {
    let service = service_of(&description(), by_heat);
    let rows = json!([{ "heat": 10, "load": 1, "state": 1 }, { "heat": 95, "load": 1, "state": 1 }]);
    let batch = send(&service, "/predict/batch", &json!({ "instances": rows }));
    assert_eq!(violations(&batch), [("scorer_row".to_owned(), "body.instances.1".to_owned())]);
    assert_eq!(batch.json["detail"][0]["msg"], "too hot to judge");
    assert_eq!(batch.event.error, Some(ErrorType::Validation));
    let v1 = send(&service, "/v1/models/rules:predict", &json!({ "instances": rows }));
    let tensor =
        json!({ "name": "input", "shape": [2, 3], "datatype": "FP64", "data": [10, 1, 1, 95, 1, 1] });
    let v2 = send(&service, "/v2/models/rules/infer", &json!({ "inputs": [tensor] }));
    let mlflow = send(&service, "/invocations", &json!({ "dataframe_records": rows }));
    for answer in [v1, v2, mlflow] {
        assert_eq!(answer.status, 400, "{}", answer.json);
        let text = answer.json.to_string();
        assert!(text.contains("too hot to judge") && text.contains('1'), "{text}");
    }
}

#[test]
fn a_reason_is_cut_and_on_one_line() {
    let answer = returned(|_, _| Err(ScoreError::Row(0, format!("a\nb{}", "c".repeat(1_000)))));
    let message = answer.json["detail"][0]["msg"].as_str().unwrap();
    assert!(message.starts_with("a bc") && message.len() == 200, "{message}");
}

#[test]
fn a_failure_is_told_to_the_log_alone() {
    static LOG: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let artefact = description().to_artefact().unwrap().leak();
    let failing: ScoreFunction = |_, _| Err(ScoreError::Internal("the\tsecret".to_owned()));
    let imported =
        Imported::new(artefact, failing, |text| LOG.lock().unwrap().push(text.to_owned())).unwrap();
    let service = Service::new(Config::default(), ModelState::Imported(imported));
    let answer = send(&service, "/predict", &golden().0[0]);
    assert_eq!((answer.status, answer.event.error), (500, Some(ErrorType::ScorerError)));
    assert_eq!(answer.json["detail"], "Scorer error: the scorer failed");
    assert_eq!(*LOG.lock().unwrap(), ["the scorer failed: the secret"]);
}

#[test]
fn readiness_tries_the_component() {
    let ready = |score: ScoreFunction, path: &str| {
        let answer = ask(&service_of(&description(), score), &request("GET", path, b""));
        (answer.status, answer.event.error)
    };
    for path in ["/health/ready", "/v2/health/ready", "/v2/models/rules/ready", "/v1/models/rules"] {
        assert_eq!(ready(by_heat, path), (200, None), "{path}");
        assert_eq!(ready(|_, _| values(&[0.1]), path), (503, Some(ErrorType::ScorerInvalidOutput)), "{path}");
        let failing: ScoreFunction = |_, _| Err(ScoreError::Internal(String::new()));
        assert_eq!(ready(failing, path), (503, Some(ErrorType::ScorerError)), "{path}");
        let refusing: ScoreFunction = |_, _| Err(ScoreError::Row(0, "not this one".to_owned()));
        assert_eq!(ready(refusing, path), (200, None), "refusing a row is an answer: {path}");
    }
}
