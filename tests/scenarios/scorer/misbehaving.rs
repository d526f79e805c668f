//! Scorers that break their contract, and one that tries to leave its sandbox.

use std::process::Output;

use serde_json::{Value, json};

use super::{Application, errors};
use crate::fixture::{Build, Running, for_both_builds, get, portent};

fn application(build: Build) -> Application {
    Application::of("tests/scorer-misbehaving", build)
}

/// The answer to a deed of the scorer, by its number.
fn deed(host: &Running, number: u8) -> (u16, Value) {
    let (status, answer) = host.post("/predict", &json!({ "deed": number }).to_string());
    (status, answer["detail"].clone())
}

fn each_break_of_the_contract_is_an_error_of_its_own_and_the_next_request_is_answered(build: Build) {
    let host = application(build).up(&["--request-timeout", "2"]);
    let breaks = [
        (1, 500, "the scorer failed"),
        (2, 504, "the scorer did not answer in time"),
        (3, 500, "Scorer error: a score is not a number from 0 to 1"),
        (4, 500, "Scorer error: the number of scores is not one a class and row"),
        (5, 500, "Scorer error: the scores of a row do not sum to 1"),
        (7, 500, "Scorer error: the row of an error is not one of the batch"),
        (8, 500, "Scorer error: the scorer failed"),
        (12, 500, "Scorer error: the number of contributions is not what was asked for"),
    ];
    for (number, status, detail) in breaks {
        assert_eq!(deed(&host, number), (status, json!(detail)), "deed {number}");
        assert_eq!(host.post("/predict", r#"{"deed":0}"#).0, 200, "after deed {number}");
    }
    let (status, detail) = deed(&host, 6);
    assert_eq!((status, &detail[0]["msg"]), (422, &json!("such a deed is not scored")));
    host.wait_for(
        "predictions_total{app=\"misbehaving\",model_name=\"misbehaving\",prediction_result=\"yes\"} 8",
    );
    let expected = [
        ("ScorerError", 1),
        ("ScorerInvalidOutput", 5),
        ("ScorerTimeout", 1),
        ("ScorerTrap", 1),
        ("ValidationError", 1),
    ];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(errors(&host, "misbehaving"), expected.into());
}

fn a_scorer_cannot_open_files_or_sockets_or_read_the_environment(build: Build) {
    let told = |host: &Running, number| deed(host, number).1[0]["msg"].clone();
    let host = application(build).up(&[]);
    for number in [9, 10, 11] {
        assert_eq!(told(&host, number), "the sandbox forbade it", "deed {number}");
    }
    // What it is given it can use, so the answers above are those of the sandbox.
    let inherits = "scorer_misbehaving.wasm\", inherit_configuration = [\"environment\"]";
    let open = application(build).with("scorer_misbehaving.wasm\"", inherits).up(&[]);
    assert_eq!(told(&open, 11), "the sandbox let it");
    assert_eq!(told(&open, 9), "the sandbox forbade it");
}

/// A description that cannot be: readiness says why, and predictions are refused.
fn a_contradictory_description_is_not_ready(build: Build) {
    let application = application(build)
        .with("PORTENT_APP = ", "SCORER_DESCRIBES = \"one-class\", PORTENT_APP = ")
        .with("scorer_misbehaving.wasm\"", "scorer_misbehaving.wasm\", inherit_configuration = true");
    let host = application.up(&[]);
    let (status, ready) = get(&format!("{}/health/ready", host.base("serving")));
    assert_eq!(status, 503, "{ready}");
    assert!(ready.contains("the scorer's description: "), "{ready}");
    assert_eq!(deed(&host, 0).0, 503);
    assert_eq!(get(&format!("{}/health/live", host.base("serving"))).0, 200);
}

fn a_description_that_traps_is_the_scorers_failure(build: Build) {
    let application = application(build)
        .with("PORTENT_APP = ", "SCORER_DESCRIBES = \"trap\", PORTENT_APP = ")
        .with("scorer_misbehaving.wasm\"", "scorer_misbehaving.wasm\", inherit_configuration = true");
    let host = application.up(&[]);
    assert_eq!(deed(&host, 0), (500, json!("the scorer failed")));
    assert!(errors(&host, "misbehaving").keys().eq(["ScorerTrap"]), "and nothing else");
}

/// The first line on standard error of a start that is refused.
fn refused(application: &Application) -> String {
    let mut command = portent();
    let Output { status, stderr, .. } = command
        .args(["up", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--ingest", "127.0.0.1:0"])
        .args(["--from", &application.write()])
        .output()
        .unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap().lines().last().unwrap_or_default().to_owned()
}

fn what_cannot_be_composed_is_refused_at_the_start(build: Build) {
    let scorer = "portent_scorer_misbehaving.wasm";
    let cases = [
        (application(build).with(scorer, "absent.wasm"), "absent.wasm: No such file"),
        (application(build).with("scorer@0.1.0", "scorer@0.9.0"), "which imports portent:serve/scorer@0.1.0"),
        (
            application(build).with(scorer, "portent_do_nothing.wasm"),
            "does not export portent:serve/scorer@0.1.0",
        ),
        (application(build).with("{ path = ", "{ url = "), "is not supported by the embedded host"),
        (
            application(build).with(
                "scorer_misbehaving.wasm\"",
                "scorer_misbehaving.wasm\", inherit_configuration = [\"x\"]",
            ),
            "inherit_configuration of \"x\"",
        ),
    ];
    for (application, problem) in cases {
        let line = refused(&application);
        assert!(line.contains(problem), "{line}");
        assert!(line.contains("misbehaving"), "the component is named: {line}");
    }
}

for_both_builds!(
    each_break_of_the_contract_is_an_error_of_its_own_and_the_next_request_is_answered,
    a_scorer_cannot_open_files_or_sockets_or_read_the_environment,
    a_contradictory_description_is_not_ready,
    a_description_that_traps_is_the_scorers_failure,
    what_cannot_be_composed_is_refused_at_the_start
);
