//! What people read of an alert.

use std::process::Command;

use portent_tests::{deploy, external};

/// What a group of one firing and one resolved alert looks like.
#[test]
fn templates_say_what_fires_since_when_and_what_to_do() {
    let Some(amtool) = external::program("amtool") else { return };
    let folder = tempfile::tempdir().unwrap();
    let group = folder.path().join("group.json");
    std::fs::write(&group, GROUP).unwrap();
    let render = |template: &str| {
        let output = Command::new(&amtool)
            .args(["template", "render", "--template.glob"])
            .arg(deploy::path("alertmanager/templates/*.tmpl"))
            .args(["--template.text", &format!("{{{{ template \"portent.{template}\" . }}}}")])
            .arg("--template.data")
            .arg(&group)
            .output()
            .unwrap();
        assert!(output.status.success(), "{template}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(render("title"), "FIRING 1: PortentNoPredictions of hvs in portent: No prediction is counted");
    assert_eq!(render("color"), "warning");
    assert_eq!(
        render("silence"),
        "http://am.example.org/#/silences/new?filter=%7Balertname%3D%22PortentNoPredictions%22%2Capp%3D%22hvs%22%7D"
    );
    let expected = "firing since 2026-01-02 03:04 UTC, warning: PortentNoPredictions\n\
        hvs answers 2 requests a second.\n\
        What to do: https://example.org/PortentNoPredictions.md\n\
        Query: http://prometheus.example.org/graph\n\n\
        resolved since 2026-01-02 01:00 UTC, warning: PortentNoPredictions\n\
        hvs answered.\n\
        What to do: https://example.org/PortentNoPredictions.md\n\
        Query: http://prometheus.example.org/graph\n\n";
    assert_eq!(render("text"), expected);
}

/// As Alertmanager gives it to a template.
const GROUP: &str = r#"{
  "status": "firing", "receiver": "slack", "externalURL": "http://am.example.org",
  "groupLabels": {"alertname": "PortentNoPredictions", "app": "hvs"},
  "commonLabels": {"alertname": "PortentNoPredictions", "app": "hvs", "namespace": "portent", "severity": "warning"},
  "commonAnnotations": {"summary": "No prediction is counted"},
  "alerts": [
    {"status": "resolved", "startsAt": "2026-01-02T01:00:00Z", "generatorURL": "http://prometheus.example.org/graph",
     "labels": {"alertname": "PortentNoPredictions", "severity": "warning"},
     "annotations": {"description": "hvs answered.", "runbook_url": "https://example.org/PortentNoPredictions.md"}},
    {"status": "firing", "startsAt": "2026-01-02T04:04:00+01:00", "generatorURL": "http://prometheus.example.org/graph",
     "labels": {"alertname": "PortentNoPredictions", "severity": "warning"},
     "annotations": {"description": "hvs answers 2 requests a second.",
                     "runbook_url": "https://example.org/PortentNoPredictions.md"}}
  ]
}"#;
