use super::*;
use crate::alias::{hidden_labels, source_labels};
use crate::families::{self, Kind};

mod properties;

const EXAMPLE: &str = "../../deploy/host-metrics/hvs-and-heart.toml";

/// An `[[alias]]` table; `rest` begins on its fourth line.
fn alias(name: &str, family: &str, rest: &str) -> String {
    format!("[[alias]]\nname = \"{name}\"\nfamily = \"{family}\"\n{rest}\n")
}

#[track_caller]
fn assert_refused(text: &str, problems: &[&str]) {
    let found = Config::parse(text).unwrap_err();
    let lines: Vec<_> = found.as_slice().iter().map(ToString::to_string).collect();
    assert_eq!(lines, problems);
}

#[track_caller]
fn assert_accepted(text: &str) -> Config {
    Config::parse(text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn an_empty_file_says_the_defaults() {
    let config = assert_accepted("");
    assert_eq!(config.limits, Limits { apps: 256, series: 1_000_000 });
    assert_eq!(config.gauge_expiry, Duration::from_secs(86_400));
    assert!(config.aliases.is_empty());
}

#[test]
fn limits_and_expiry_are_read_and_have_ranges() {
    let config = assert_accepted(
        "gauge_expiry = '90m'\n[limits]\napps = 1\nseries_per_family = 100\nseries = 10_000_000",
    );
    assert_eq!(config.limits, Limits { apps: 1, series: 10_000_000 });
    assert_eq!(config.gauge_expiry, Duration::from_secs(5_400));
    let text = "gauge_expiry = '59s'\n[limits]\napps = 0\n  series = 10000001";
    assert_refused(
        text,
        &[
            "1:16: gauge_expiry: not a duration from 1m to 365d, such as 24h",
            "3:8: limits.apps: not a number from 1 to 10000",
            "4:12: limits.series: not a number from 1000 to 10000000",
        ],
    );
    for expiry in ["", "366d", "tomorrow"] {
        assert!(Config::parse(&format!("gauge_expiry = '{expiry}'")).is_err(), "{expiry}");
    }
}

/// What is no TOML, or of another shape, is refused at its place.
#[test]
fn the_shape_is_checked() {
    let labels = "[alias.labels]";
    let cases = [
        ("limits = ".to_owned(), "1:10: "),
        ("\n[limits]\napp = 1".to_owned(), "3:1: unknown field `app`"),
        ("[limits]\napps = -1".to_owned(), "2:8: invalid value"),
        ("what = 1".to_owned(), "1:1: unknown field `what`"),
        (alias("a", "app_info", ""), "1:1: missing field `labels`"),
        (alias("a", "app_info", &format!("value = 1\n{labels}")), "4:1: unknown field `value`"),
        (alias("a", "app_info", &format!("where = {{ app = 1 }}\n{labels}")), "4:17: not a text or a list"),
    ];
    for (text, expected) in cases {
        let found = Config::parse(&text).unwrap_err();
        let line = found.as_slice().first().unwrap().to_string();
        assert!(line.starts_with(expected), "{line}");
    }
}

/// Each rule about names, with the place of the name.
#[test]
fn names_follow_the_rules() {
    let cases = [
        ("a b", "app_info", "alias 1: name: not [a-zA-Z_][a-zA-Z0-9_]* of at most 128 characters"),
        ("1a", "app_info", "alias 1: name: not [a-zA-Z_][a-zA-Z0-9_]* of at most 128 characters"),
        ("", "app_info", "alias 1: name: not [a-zA-Z_][a-zA-Z0-9_]* of at most 128 characters"),
        (
            "portent_a",
            "app_info",
            "alias portent_a: name: portent_ and process_ are for this program's own families",
        ),
        (
            "process_a",
            "app_info",
            "alias process_a: name: portent_ and process_ are for this program's own families",
        ),
        ("a", "predictions_total", "alias a: name: the family is a counter, whose name ends in _total"),
        (
            "_total",
            "predictions_total",
            "alias _total: name: the family is a counter, whose name ends in _total",
        ),
    ];
    for (name, family, expected) in cases {
        assert_refused(&alias(name, family, "[alias.labels]"), &[&format!("2:8: {expected}")]);
    }
    for (name, legal) in [("a".repeat(128), true), ("a".repeat(129), false)] {
        assert_eq!(Config::parse(&alias(&name, "app_info", "[alias.labels]")).is_ok(), legal);
    }
    for suffix in ["_total", "_count", "_sum", "_bucket", "_created"] {
        for family in ["model_loaded", "app_info", "api_request_duration_seconds"] {
            let found = Config::parse(&alias(&format!("a{suffix}"), family, "[alias.labels]")).unwrap_err();
            assert!(found.as_slice()[0].rule.contains("the family is no counter"), "{suffix} {family}");
        }
    }
}

/// No name, and no name of a sample, may belong to a family already.
#[test]
fn names_do_not_clash_with_families() {
    let cases = [
        ("active_requests", "model_loaded", "active_requests"),
        ("api_errors", "model_loaded", "api_errors_total"),
        ("app", "model_loaded", "app_info"),
        ("app_info", "model_loaded", "app_info"),
        ("api_errors_total", "api_requests_total", "api_errors_total"),
        ("active_requests_total", "api_requests_total", "active_requests"),
        ("model_total", "api_requests_total", "model_info"),
        ("api_request_duration_seconds_sum_total", "api_requests_total", "api_request_duration_seconds"),
    ];
    for (name, family, holder) in cases {
        let expected = format!("2:8: alias {name}: name: clashes with the family {holder}");
        assert_refused(&alias(name, family, "[alias.labels]"), &[&expected]);
    }
}

#[test]
fn names_do_not_clash_with_each_other() {
    let pair = |first: &str, second: &str| alias(first, "api_requests_total", "[alias.labels]") + second;
    let gauge = alias("a", "model_loaded", "[alias.labels]");
    assert_refused(&pair("a_total", &gauge), &["6:8: alias a: name: clashes with alias a_total"]);
    let other_family = alias("a_total", "predictions_total", "help = \"Requests answered.\"\n[alias.labels]");
    let config = assert_accepted(&pair("a_total", &other_family));
    assert_eq!((config.aliases.len(), config.aliases[0].members.len()), (1, 2));
    let rule =
        "6:8: alias a_total: name: another alias of this name has another kind, unit, help or other labels";
    assert_refused(&pair("a_total", &alias("a_total", "predictions_total", "[alias.labels]")), &[rule]);
    let other_labels = alias("a_total", "api_requests_total", "[alias.labels]\nx = \"1\"");
    assert_refused(&pair("a_total", &other_labels), &[rule]);
}

/// Histograms of one name are added up bucket by bucket.
#[test]
fn histograms_of_one_name_are_of_one_family() {
    let member = |family, app| {
        alias("a", family, &format!("help = \"A\"\nwhere = {{ app = \"{app}\" }}\n[alias.labels]"))
    };
    let (first, same) =
        (member("api_request_duration_seconds", "x"), member("api_request_duration_seconds", "y"));
    assert_eq!(assert_accepted(&(first.clone() + &same)).aliases[0].members.len(), 2);
    let other = member("prediction_duration_seconds", "y");
    assert_refused(
        &(first + &other),
        &["8:8: alias a: name: another alias of this name is of another histogram"],
    );
}

#[test]
fn what_an_alias_names_exists() {
    assert_refused(
        &alias("a", "what", "[alias.labels]"),
        &["3:10: alias a: family: no family has this name"],
    );
    assert_refused(
        &alias("a", "portent_series", "[alias.labels]"),
        &["3:10: alias a: family: it counts aliases too, so it has none"],
    );
    let text = alias(
        "a",
        "model_loaded",
        "where = { endpoint = \"x\" }\n[alias.labels]\nb = \"{endpoint}\"\n[alias.values.c]\nx = \"y\"",
    );
    assert_refused(
        &text,
        &[
            "4:11: alias a: where: no such label of model_loaded, which has app, model_name",
            "7:15: alias a: values: the alias has no such label",
        ],
    );
    let text = alias("a", "model_loaded", "[alias.labels]\nb = \"{endpoint}\"");
    assert_refused(
        &text,
        &["5:5: alias a: label b: no such label of model_loaded, which has app, model_name"],
    );
}

#[test]
fn labels_follow_the_rules() {
    let illegal = "labels: a name is [a-zA-Z_][a-zA-Z0-9_]* of at most 128 characters";
    let reserved = "labels: le, quantile and names that begin with __ are reserved";
    let source =
        "label b: neither the name of a label in braces nor a constant of 1 to 128 bytes without braces";
    let long = format!("b = '{}'", "x".repeat(129));
    let cases = [
        ("'a-b' = '1'", "5:1", illegal),
        ("le = '1'", "5:1", reserved),
        ("quantile = '1'", "5:1", reserved),
        ("__name__ = '1'", "5:1", reserved),
        ("b = ''", "5:5", source),
        ("b = '{app'", "5:5", source),
        ("b = 'v{app}'", "5:5", source),
        (&long, "5:5", source),
        ("b = '{app}{app}'", "5:5", "label b: no such label of app_info, which has app, version"),
        ("b = '1'\n[alias.values]\nb = { x = 'y' }", "7:1", "values of b: the label is a constant"),
        ("b = '{app}'\n[alias.values]\nb = { x = '' }", "7:7", "values of b: not 1 to 128 bytes"),
    ];
    for (labels, place, rule) in cases {
        let text = alias("a", "app_info", &format!("[alias.labels]\n{labels}"));
        assert_refused(&text, &[&format!("{place}: alias a: {rule}")]);
    }
}

/// Everything that a file repeats has a bound, and so has what is said about it.
#[test]
fn everything_is_bounded() {
    let many = |from: usize, line: fn(usize) -> String| (from..from + 257).map(line).collect::<String>();
    let gauge = |index: usize| alias(&format!("a{index}"), "model_loaded", "[alias.labels]");
    assert_eq!(assert_accepted(&(0..64).map(gauge).collect::<String>()).aliases.len(), 64);
    assert_refused(&(0..65).map(gauge).collect::<String>(), &["257:1: more than 64 aliases"]);
    let labels: String = (0..17).map(|index| format!("l{index:02} = '1'\n")).collect();
    let text = alias("a", "app_info", &format!("[alias.labels]\n{labels}"));
    assert_refused(&text, &["21:1: alias a: labels: more than 16"]);
    let values = many(0, |index| format!("v{index} = 'x'\n"));
    let text = alias("a", "app_info", &format!("[alias.labels]\nb = '{{app}}'\n[alias.values.b]\n{values}"));
    assert_refused(&text, &["6:15: alias a: values of b: more than 256"]);
    let values = many(0, |index| format!("'v{index}',"));
    for list in [values.as_str(), "", "''"] {
        let text = alias("a", "app_info", &format!("where.app = [{list}]\n[alias.labels]"));
        assert_refused(&text, &["4:13: alias a: where: not 1 to 256 values of 1 to 128 bytes"]);
    }
    for help in [String::new(), "x".repeat(513), "a\\nb".to_owned()] {
        let text = alias("a", "app_info", &format!("help = \"{help}\"\n[alias.labels]"));
        assert_refused(&text, &["4:8: alias a: help: not one line of 1 to 512 bytes"]);
    }
    // Only the first problems are kept.
    let wrong: String = (0..64).map(|index| alias(&format!("a{index}"), "what", "[alias.labels]")).collect();
    assert_eq!(Config::parse(&wrong).unwrap_err().as_slice().len(), 32);
}

/// A long value that the TOML reader repeats does not make a long message, nor one of several lines.
#[test]
fn messages_are_short_lines() {
    let found = Config::parse(&format!("gauge_expiry = 1\n[limits]\napps = \"{}\\n\"", "x".repeat(1000)))
        .unwrap_err();
    let rule = &found.as_slice()[0].rule;
    assert!(rule.chars().count() <= 200 && !rule.contains('\n'), "{rule}");
}

#[test]
fn series_are_mapped() {
    let text = alias(
        "a",
        "api_request_duration_seconds",
        "where = { status_code = ['200', '500'], app = 'x' }\n[alias.labels]\nb = '{status_code}'\nc = '{endpoint}'\n\
         d = 'fixed'\ne = '{endpoint}'\n[alias.values]\nb = { 200 = 'good' }\nc = { '/p' = 'P', '*' = 'rest' }",
    );
    let config = assert_accepted(&text);
    let family = &config.aliases[0];
    assert_eq!(family.label_names, ["b", "c", "d", "e"]);
    let [member] = family.members.as_slice() else { panic!("{family:?}") };
    assert_eq!(source_labels(member.family), ["app", "method", "endpoint", "status_code"]);
    assert_eq!(member.map(&["x", "GET", "/p", "200"]), Some(vec!["good", "P", "fixed", "/p"]));
    assert_eq!(member.map(&["x", "GET", "/q", "500"]), Some(vec!["500", "rest", "fixed", "/q"]));
    assert_eq!(member.map(&["x", "GET", "/q", "404"]), None);
    assert_eq!(member.map(&["y", "GET", "/q", "200"]), None);
    assert_eq!(member.map(&["x", "GET", "/q"]), None);
}

/// Units and kinds are those that the formats allow under the new name.
#[test]
fn heads_are_those_of_the_new_name() {
    let head = |name, family| {
        let config = assert_accepted(&alias(name, family, "[alias.labels]"));
        let alias = &config.aliases[0];
        (alias.exposed_kind(), alias.unit, alias.open_metrics_name().to_owned(), alias.replaces)
    };
    let duration = "api_request_duration_seconds";
    assert_eq!(head("x_seconds", duration), (Kind::Histogram, "seconds", "x_seconds".to_owned(), false));
    assert_eq!(head("seconds", duration), (Kind::Histogram, "", "seconds".to_owned(), false));
    assert_eq!(head("x_latency", duration), (Kind::Histogram, "", "x_latency".to_owned(), false));
    assert_eq!(head(duration, duration), (Kind::Histogram, "seconds", duration.to_owned(), true));
    assert_eq!(head("a_seconds_total", "process_cpu_seconds_total").1, "seconds");
    assert_eq!(head("x_total", "api_errors_total"), (Kind::Counter, "", "x".to_owned(), false));
    assert_eq!(head("model_info_info", "model_info"), (Kind::Gauge, "", "model_info_info".to_owned(), false));
    assert_eq!(head("app_info", "app_info"), (Kind::Gauge, "", "app_info".to_owned(), true));
}

#[test]
fn hidden_labels_hide_no_label() {
    for family in families::ALL {
        assert!(hidden_labels(family).iter().all(|label| !family.labels.contains(label)), "{}", family.name);
    }
}

#[test]
fn the_example_is_right() {
    let config = Config::load(Path::new(EXAMPLE)).unwrap();
    let families: Vec<_> =
        config.aliases.iter().map(|family| (family.name.as_str(), family.label_names.join(" "))).collect();
    let expected = [
        ("flask_http_request_total", "endpoint method status"),
        ("flask_http_requests_total", "endpoint method status"),
        ("flask_http_request_duration_seconds", "endpoint method path status"),
        ("hvs_api_prediction_outcomes_total", "predicted_label_text"),
        ("app_info", "app major_release version"),
        ("model_info_info", "model_name model_type"),
    ];
    assert_eq!(families, expected.map(|(name, labels)| (name, labels.to_owned())));
    let outcomes = &config.aliases[3].members[0];
    assert_eq!(outcomes.map(&["hvs", "hvs_random_forest", "Hazardous"]), Some(vec!["Hazardous"]));
    assert_eq!(outcomes.map(&["heart-disease", "logistic", "disease"]), None);
}

#[test]
fn the_documented_alias_is_right() {
    let page = include_str!("../../../../docs/configuration.md");
    let (_, example) = page.split_once("```toml\n").unwrap();
    let config = assert_accepted(example.split_once("```").unwrap().0);
    assert_eq!(config.aliases[0].members[0].map(&["hvs", "forest", "hazard"]), Some(vec!["Hazardous"]));
}

#[test]
fn files_are_bounded_text() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let error = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Config::load(&path).unwrap_err().to_string().replace(&path.display().to_string(), "FILE")
    };
    assert_eq!(error(&vec![b'\n'; 1 + (1 << 20)]), "FILE: larger than 1 MiB");
    assert_eq!(error(b"# a\n# \xff"), "FILE:2:3: not UTF-8");
    assert_eq!(
        error(b"gauge_expiry = ''\nlimits.apps = 0"),
        "FILE:1:16: gauge_expiry: not a duration from 1m to 365d, such as 24h\n\
         FILE:2:15: limits.apps: not a number from 1 to 10000"
    );
    std::fs::write(&path, vec![b'\n'; 1 << 20]).unwrap();
    Config::load(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(Config::load(&path).unwrap_err().to_string().starts_with("cannot read "));
}
