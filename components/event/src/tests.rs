//! Lines written, read and refused.

mod both_ways;
mod generate;
mod routes;
mod time;

use crate::{
    ClassCounts, DecodeError, Digest, DropReason, DropReport, Durations, ErrorType, Event, Line, Method,
    Pairs, Predictions, Route, is_event_line, limits,
};

fn pairs(list: &[(u16, u32)]) -> Pairs {
    let mut pairs = Pairs::default();
    list.iter().for_each(|(index, count)| pairs.add(*index, *count));
    pairs
}

fn event() -> Event<'static> {
    let mut disease = ClassCounts::default();
    disease.observe(0.714_161_266_7);
    Event {
        time: "2026-01-02T03:04:05.678901Z".into(),
        app: "heart-disease".into(),
        request_id: "abc-1".into(),
        method: Method::Post,
        route: Route::Predict,
        status: 200,
        error: None,
        durations: Durations { total: 42_000, score: Some(150), ..Durations::default() },
        predictions: vec![Predictions {
            model: Digest([0xab; 32]),
            version: "1.0.0".into(),
            rows: 1,
            classes: vec![disease, ClassCounts::default()],
            score_sum_nano: 285_838_733,
            score_bins: pairs(&[(2, 1)]),
            bins: vec![pairs(&[(3, 1)]), pairs(&[])],
            missing: pairs(&[(1, 1)]),
            out_of_range: Pairs::default(),
        }],
        truncated: false,
    }
}

fn line(event: &Event<'_>) -> String {
    let mut line = Vec::new();
    event.encode(&mut line);
    String::from_utf8(line).unwrap()
}

#[test]
fn the_line_is_this_text() {
    let digest = "ab".repeat(32);
    let expected = format!(
        r#"{{"portent":1,"time":"2026-01-02T03:04:05.678901Z","app":"heart-disease","request_id":"abc-1","method":"POST","route":"/predict","status":200,"ns":{{"total":42000,"score":150}},"predictions":[{{"model":"{digest}","version":"1.0.0","rows":1,"classes":[{{"count":1,"confidence":[0,0,0,1],"confidence_sum_nano":714161267}},{{"count":0}}],"score_sum_nano":285838733,"score_bins":[2,1],"bins":[[3,1],[]],"missing":[1,1]}}]}}"#
    );
    assert_eq!(line(&event()), format!("{expected}\n"));
    assert_eq!(Line::decode(expected.as_bytes()), Ok(Line::Event(event())));
}

#[test]
fn drop_reports_round_trip() {
    let report = DropReport { app: "a".into(), count: 3, reason: DropReason::Timeout };
    let mut line = Vec::new();
    report.encode(&mut line);
    assert_eq!(line, b"{\"portent\":1,\"app\":\"a\",\"dropped\":3,\"reason\":\"timeout\"}\n");
    assert_eq!(Line::decode(&line[..line.len() - 1]), Ok(Line::Dropped(report)));
}

#[test]
fn unknown_members_of_closed_sets_read_as_other() {
    let text = line(&event()).replace("/predict", "/new/route").replace("POST", "BREW");
    let text = text.replace("\"ns\"", "\"error\":\"NewError\",\"ns\"");
    let Ok(Line::Event(event)) = Line::decode(text.trim_end().as_bytes()) else { panic!("{text}") };
    assert_eq!((event.route, event.method), (Route::Unmatched, Method::Other));
    assert_eq!(event.error, Some(ErrorType::Other));
}

#[track_caller]
fn check_refused(from: &str, to: &str, expected: &str) {
    let text = line(&event()).replacen(from, to, 1);
    let error = Line::decode(text.trim_end().as_bytes()).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn contradictions_are_refused_by_rule() {
    check_refused("\"portent\":1", "\"portent\":2", "version 2");
    check_refused("714161267", "0", "confidence counts");
    check_refused("714161267", "900000001", "confidence counts");
    check_refused("\"status\":200", "\"status\":422", "predictions in a failed request");
    check_refused("\"score\":150", "\"score\":42001", "longer than the whole");
    check_refused("\"ns\"", "\"dropped\":1,\"ns\"", "an event and a drop report");
    check_refused("\"rows\":1", "\"rows\":2", "class counts do not add up");
    check_refused("[0,0,0,1]", "[0,0,0,2]", "confidence counts");
    let most = format!("[{}]", ["4294967295"; 9].join(","));
    check_refused("[0,0,0,1]", &most, "confidence counts");
    check_refused("\"bins\":[[3,1]", "\"bins\":[[3,2]", "bin counts of a feature");
    check_refused("\"bins\":[[3,1]", "\"bins\":[[99,1]", "bin counts of a feature");
    check_refused("heart-disease", "heart disease", "app is not a name");
    check_refused("\"status\":200", "\"status\":99", "status");
    check_refused("05.678901Z", "05.678901", "RFC 3339");
    check_refused("05.678901Z", "05.678901+1:00", "RFC 3339");
    check_refused("2026-01-02T", "2026-01-02_", "RFC 3339");
    check_refused("2026-01-02T", "2026-02-29T", "RFC 3339");
    check_refused("\"total\":42000", "\"total\":99999999999999999", "24 hours");
    check_refused("\"status\":200,", "", "status is missing");
    check_refused("\"status\":200", "\"status\":-1", "wrong type");
    check_refused("\"app\"", "\"patient\":5,\"app\"", "unknown");
    check_refused("\"score_bins\":[2,1]", "\"score_bins\":[2]", "wrong type");
}

#[test]
fn refusals_do_not_repeat_the_line() {
    let text = line(&event())
        .replace("heart-disease", "secret value")
        .replace("\"status\":200", "\"status\":\"hidden\"");
    let error = Line::decode(text.trim_end().as_bytes()).unwrap_err().to_string();
    assert!(!error.contains("secret") && !error.contains("hidden"), "{error}");
}

#[test]
fn lines_are_bounded_on_both_sides() {
    let long = vec![b' '; limits::ACCEPTED_LINE_BYTES + 1];
    assert_eq!(Line::decode(&long), Err(DecodeError::TooLong));
    let mut event = event();
    let full: Vec<_> = (0..32).map(|bin| (bin, 3_000)).collect();
    event.predictions[0].rows = 100_000;
    event.predictions[0].classes[0].count = 100_000;
    event.predictions[0].classes[0].confidence = [0, 0, 0, 100_000][..].into();
    event.predictions[0].classes[0].confidence_sum_nano = 75_000_000_000_000;
    event.predictions[0].bins = vec![pairs(&full); 40];
    let text = line(&event);
    assert!(text.len() <= limits::EMITTED_LINE_BYTES && text.contains("\"truncated\":true"), "{text}");
    let Ok(Line::Event(read)) = Line::decode(text.trim_end().as_bytes()) else { panic!("{text}") };
    assert_eq!(read.predictions[0].rows, 100_000);
}

#[test]
fn a_decoded_event_has_its_time_as_a_number() {
    assert_eq!(event().nanoseconds(), 1_767_323_045_678_901_000);
    assert_eq!(Event { time: "yesterday".into(), ..event() }.nanoseconds(), 0);
}

#[test]
fn lines_of_other_programs_are_not_event_lines() {
    for other in ["", "hello", "{\"level\":\"info\"}", " {\"portent\":1}"] {
        assert!(!is_event_line(other.as_bytes()), "{other}");
    }
}

#[test]
fn confidence_falls_into_the_bucket_whose_bound_is_not_below_it() {
    let mut counts = ClassCounts::default();
    [0.5, 0.500_001, 0.99, 1.0].iter().for_each(|confidence| counts.observe(*confidence));
    assert_eq!(*counts.confidence, [1, 1, 0, 0, 0, 0, 1, 1]);
    assert_eq!(counts.confidence_sum_nano, 2_990_001_000);
}
