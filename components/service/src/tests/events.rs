//! What an answer adds to the counts.

use portent_event::{ErrorType, Line, Method, Route, is_event_line, limits};

use super::*;

#[test]
fn a_prediction_counts_its_result_and_bins() {
    let event = post("/predict", FIRST_ROW).event;
    assert_eq!(
        (event.method, event.route, event.status, event.error),
        (Method::Post, Route::Predict, 200, None)
    );
    assert_eq!(event.app, "heart-disease");
    let predictions = &event.predictions[0];
    assert_eq!(predictions.model, heart().digest());
    assert_eq!(predictions.rows, 1);
    assert_eq!([predictions.classes[0].count, predictions.classes[1].count], [1, 0]);
    assert_eq!(*predictions.classes[0].confidence, [0, 0, 0, 1], "0.71 lies in the bucket up to 0.8");
    assert_eq!(predictions.bins.len(), 13);
    assert!(predictions.bins.iter().all(|bins| bins.iter().map(|(_, rows)| rows).sum::<u32>() == 1));
    assert_eq!(predictions.score_bins.iter().map(|(_, rows)| rows).sum::<u32>(), 1);
}

#[test]
fn stages_are_timed() {
    let durations = post("/predict", FIRST_ROW).event.durations;
    let stages = [durations.parse, durations.validate, durations.score, durations.encode];
    assert_eq!(stages, [Some(1_000); 4]);
    let failed = post("/predict", "{}").event.durations;
    assert_eq!((failed.parse, failed.score), (Some(1_000), None));
}

#[test]
fn implausible_values_are_counted_not_refused() {
    let event = post("/predict", row_with("chol", "0")).event;
    assert_eq!(event.predictions[0].out_of_range.iter().collect::<Vec<_>>(), [(4, 1)]);
    let event = post("/predict", row_with("thal", "5")).event;
    assert_eq!(event.predictions[0].out_of_range.iter().collect::<Vec<_>>(), [(12, 1)]);
}

#[test]
fn failures_carry_their_type_and_the_route_template() {
    let of = |method, path| ask(&service(), &request(method, path, b"{}")).event;
    assert_eq!(of("POST", "/predict").error, Some(ErrorType::Validation));
    assert_eq!(of("GET", "/predict").error, Some(ErrorType::MethodNotAllowed));
    let unmatched = of("BREW", "/secret/patient/7?x=1");
    assert_eq!(
        (unmatched.method, unmatched.route, unmatched.error),
        (Method::Other, Route::Unmatched, Some(ErrorType::NotFound))
    );
}

#[test]
fn lines_round_trip_and_hold_no_value() {
    let mut event = post("/predict", row_with("trestbps", "147")).event;
    event.time = "2026-01-02T03:04:05.678901Z".into();
    event.durations.total = 9_000;
    let mut line = Vec::new();
    event.encode(&mut line);
    let text = String::from_utf8(line).unwrap();
    assert!(is_event_line(text.as_bytes()));
    assert!(!text.contains("147") && !text.contains("2.3"), "{text}");
    assert_eq!(Line::decode(text.trim_end().as_bytes()).unwrap(), Line::Event(event));
}

#[test]
fn the_log_line_names_the_request_and_holds_no_value() {
    let mut event = post("/predict", row_with("trestbps", "147")).event;
    event.time = "2026-01-02T03:04:05.678901Z".into();
    let line = String::from_utf8(crate::log_line(&event)).unwrap();
    let entry: Value = serde_json::from_str(&line).unwrap();
    assert!(line.ends_with("}\n") && !line.contains("147"));
    assert_eq!(
        (&entry["level"], &entry["route"], &entry["status"]),
        (&"debug".into(), &"/predict".into(), &200.into())
    );
    assert_eq!((&entry["request_id"], &entry["rows"]), (&"0000000000000007".into(), &1.into()));
    assert!(!is_event_line(line.as_bytes()), "it is not an event");
}

#[test]
fn the_line_of_the_largest_batch_stays_within_its_bound() {
    let rows: Vec<String> = (0..4_000)
        .map(|i| {
            FIRST_ROW
                .replace("\"age\":63", &format!("\"age\":{}", i % 100))
                .replace("\"chol\":233", &format!("\"chol\":{}", i % 600))
                .replace("\"thalach\":150", &format!("\"thalach\":{}", i % 220))
                .replace("\"trestbps\":145", &format!("\"trestbps\":{}", i % 250))
                .replace("\"ca\":0", &format!("\"ca\":{}", i % 4))
        })
        .collect();
    let event = post("/predict/batch", format!("{{\"patients\":[{}]}}", rows.join(","))).event;
    assert_eq!(event.predictions[0].rows, 4_000);
    let mut line = Vec::new();
    event.encode(&mut line);
    assert!(line.len() <= limits::EMITTED_LINE_BYTES, "{}", line.len());
    assert!(!String::from_utf8(line).unwrap().contains("truncated"), "heart's bins fit");
}
