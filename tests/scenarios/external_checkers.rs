//! External checkers on a real scrape: promtool, Python's prometheus-client, and a Prometheus server.

use std::io::Write as _;
use std::process::{Command, Stdio};

use portent_tests::external;

use crate::aliases::HEART;
use crate::fixture::{FIRST_ROW, Running};
use crate::prometheus::Prometheus;

/// A host that has answered some predictions, valid and not.
pub(crate) fn used_host() -> Running {
    used(Running::up(&[]))
}

/// The host, after some predictions.
pub(crate) fn used(host: Running) -> Running {
    for body in [FIRST_ROW, "{bad", FIRST_ROW, "{}"] {
        host.post("/predict", body);
    }
    host.post("/predict/batch", &format!("{{\"patients\":[{FIRST_ROW},{FIRST_ROW}]}}"));
    host.wait_for(
        "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict/batch\",status_code=\"200\"} 1",
    );
    host
}

/// Runs a program on this input; its output says what it found.
pub(crate) fn checked_by(mut command: Command, input: &str) -> (bool, String) {
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the checker starts");
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn promtool_finds_nothing() {
    let Some(promtool) = external::program("promtool") else { return };
    let mut command = Command::new(promtool);
    command.args(["check", "metrics"]);
    assert_eq!(checked_by(command, &used_host().scrape()), (true, String::new()));
}

/// Lets a parser of Python's prometheus-client read the exposition: it finds every family, and no series twice.
#[track_caller]
fn assert_python_parses(parser: &str, exposition: impl FnOnce() -> String) {
    let python = external::program("python3").filter(|python| {
        Command::new(python)
            .args(["-c", "import prometheus_client"])
            .output()
            .is_ok_and(|o| o.status.success())
    });
    let Some(python) = external::found(python, "python3 with prometheus-client") else { return };
    let exposition = exposition();
    let mut command = Command::new(python);
    let script = format!(
        "import sys\n\
        from prometheus_client.{parser} import text_string_to_metric_families as parse\n\
        families = list(parse(sys.stdin.read()))\n\
        samples = [(s.name, tuple(sorted(s.labels.items()))) for f in families for s in f.samples]\n\
        assert len(samples) == len(set(samples)), 'a series stands twice'\n\
        print(len(families), len(samples))"
    );
    command.args(["-c", &script]);
    let (succeeded, output) = checked_by(command, &exposition);
    let declared = exposition.lines().filter(|line| line.starts_with("# TYPE ")).count();
    let series = exposition.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!((succeeded, output.trim()), (true, format!("{declared} {series}").as_str()));
}

#[test]
fn prometheus_client_parses_every_family() {
    assert_python_parses("parser", || used_host().scrape());
}

/// The stricter one: family names, canonical bounds, falling buckets and the end are its matter too.
#[test]
fn prometheus_client_parses_every_openmetrics_family() {
    assert_python_parses("openmetrics.parser", || {
        let text = used_host().scrape_as("application/openmetrics-text; version=1.0.0");
        assert!(text.ends_with("\n# EOF\n"), "OpenMetrics is sent");
        text
    });
}

#[test]
fn a_prometheus_server_answers_the_queries_of_the_dashboards() {
    let Some(program) = external::program("prometheus") else { return };
    let host = used_host();
    let server = Prometheus::scraping(&program, &host.authority("metrics"), &[]);
    for query in HEART {
        assert!(!server.query(query).is_empty(), "{query} selects nothing");
    }
    assert_eq!(server.query("sum(predictions_total)"), [4.0]);
    assert_eq!(server.query("sum(api_errors_total)"), [2.0]);
}
