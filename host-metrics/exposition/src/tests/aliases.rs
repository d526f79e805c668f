//! Families under other names.

use super::*;
use crate::config::Config;

/// Aliases as a configuration file would give them, of every kind of family.
pub(super) const ALIASES: &str = r#"
[[alias]]
name = "flask_http_request_duration_seconds"
family = "api_request_duration_seconds"
help = "Flask HTTP request duration in seconds"
where = { app = "demo" }
[alias.labels]
method = "{method}"
path = "{endpoint}"
status = "{status_code}"

[[alias]]
name = "flask_http_request_total"
family = "api_requests_total"
help = "Requests"
where = { app = "demo", status_code = ["200", "422"] }
[alias.labels]
status = "{status_code}"

[[alias]]
name = "all_latency"
family = "api_request_duration_seconds"
[alias.labels]

[[alias]]
name = "outcomes_total"
family = "predictions_total"
[alias.labels]
outcome = "{prediction_result}"
[alias.values.outcome]
yes = "Hazardous"
"*" = "Rest"

[[alias]]
name = "confidence"
family = "prediction_confidence_score"
[alias.labels]
app = "{app}"

[[alias]]
name = "app_info"
family = "app_info"
[alias.labels]
version = "{version}"
major_release = "1"

[[alias]]
name = "model_info_info"
family = "model_info"
[alias.labels]
model_type = "{model_type}"

[[alias]]
name = "failures_total"
family = "api_errors_total"
help = "Failures"
[alias.labels]
error = "{error_type}"
"#;

/// A snapshot with the aliases of a configuration file.
pub(super) fn aliased(registry: Registry, file: &str) -> Snapshot {
    Snapshot { config: Config::parse(file).unwrap().into(), ..snapshot(registry) }
}

fn two_apps() -> Registry {
    let (mut registry, models) = (demo(), models());
    registry.expect_app("second", &models, NOW);
    for app in ["demo", "second"] {
        registry.apply(&Event { app: app.into(), ..event() }, &models, NOW);
        registry.apply(&Event { app: app.into(), ..invalid_event() }, &models, NOW);
    }
    registry
}

#[test]
fn series_get_other_names_and_labels() {
    let text = check::exposed(&aliased(two_apps(), ALIASES));
    let flask = "flask_http_request_duration_seconds_count{method=\"POST\",path=\"/predict\"";
    assert_has(
        &text,
        &[
            "# HELP flask_http_request_duration_seconds Flask HTTP request duration in seconds",
            &format!("{flask},status=\"200\"}} 1"),
            &format!("{flask},status=\"422\"}} 1"),
            "# TYPE flask_http_request_total counter",
            "flask_http_request_total{status=\"200\"} 1",
            "all_latency_bucket{le=\"+Inf\"} 4",
            "# TYPE model_info_info gauge",
            "portent_series{family=\"all_latency\"} 22",
        ],
    );
    assert!(!text.contains("flask_http_request_total{status=\"404\"}"));
    let names: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let (_, aliases) = names.split_at(names.iter().position(|name| *name == "process_open_fds").unwrap() + 1);
    let ordered = [
        "all_latency",
        "confidence",
        "failures_total",
        "flask_http_request_duration_seconds",
        "flask_http_request_total",
        "model_info_info",
        "outcomes_total",
    ];
    assert_eq!(aliases, ordered);
}

/// Series that have the same labels under their new name are one, and an info stays 1.
#[test]
fn equal_series_are_added_up() {
    let text = check::exposed(&aliased(two_apps(), ALIASES));
    assert_has(
        &text,
        &[
            "outcomes_total{outcome=\"Hazardous\"} 2",
            "outcomes_total{outcome=\"Rest\"} 0",
            "failures_total{error=\"ValidationError\"} 2",
            "model_info_info{model_type=\"LogisticRegression\"} 1",
        ],
    );
}

#[test]
fn an_alias_can_take_the_place_of_its_family() {
    let text = check::exposed(&aliased(two_apps(), ALIASES));
    assert_has(&text, &["app_info{major_release=\"1\",version=\"1\"} 1"]);
    assert_eq!(text.matches("# TYPE app_info ").count(), 1);
    let open_metrics = aliased(two_apps(), ALIASES).expose(Format::OpenMetrics);
    assert_has(&String::from_utf8(open_metrics).unwrap(), &["# TYPE app_info gauge"]);
}

/// Members of one name are one family.
#[test]
fn members_are_added_up() {
    let member = |family: &str, app: &str| {
        format!(
            "[[alias]]\nname = 'both_total'\nhelp = 'Both.'\nfamily = '{family}'\n\
             where.app = '{app}'\n[alias.labels]\nsource = 'x'\n"
        )
    };
    let file = member("predictions_total", "demo") + &member("portent_score_sum_total", "second");
    let text = check::exposed(&aliased(two_apps(), &file));
    assert_has(&text, &["both_total{source=\"x\"} 1.714161267", "portent_series{family=\"both_total\"} 1"]);
}

/// An alias has the exemplars, native buckets and start times of what it sums.
#[test]
fn nothing_is_lost_in_a_sum() {
    let families = decode::decode(&aliased(two_apps(), ALIASES).expose(Format::Protobuf));
    let all = families.iter().find(|family| family.name() == "all_latency").unwrap();
    let histogram = all.metric[0].histogram.as_ref().unwrap();
    let native: i64 = histogram.native_buckets().iter().map(|(_, count)| count).sum();
    assert_eq!((histogram.count(), native), (4, 4));
    assert_eq!(histogram.created.unwrap().nanoseconds(), NOW.cast_signed());
    assert_eq!(histogram.bucket.iter().filter(|bucket| bucket.exemplar.is_some()).count(), 2);
    let failures = families.iter().find(|family| family.name() == "failures_total").unwrap();
    assert!(failures.metric.iter().any(|metric| metric.counter.as_ref().unwrap().exemplar.is_some()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// With aliases, every format still holds its rules, and an alias without conditions has all there is.
    #[test]
    fn aliases_lose_nothing(events in prop::collection::vec(any_event(), 0..30)) {
        let mut registry = demo();
        events.iter().for_each(|event| registry.apply(event, &models(), NOW));
        let text = check::exposed(&aliased(registry, ALIASES));
        assert_has(&text, &[&format!("all_latency_count {}", events.len())]);
    }
}
