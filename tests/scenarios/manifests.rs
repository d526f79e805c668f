//! The aggregator with the arguments of its manifests: they are accepted, probes are answered without a
//! token, and nothing else is.

use std::time::{Duration, Instant};

use portent_tests::{deploy, external::workspace};
use serde_json::Value;

use crate::fixture::{Running, agent};

/// A line that any aggregator counts.
const LINE: &str = concat!(
    r#"{"portent":1,"time":"2026-01-02T03:04:05Z","app":"demo","request_id":"r","method":"POST","#,
    r#""route":"/predict","status":422,"error":"ValidationError","ns":{"total":1000}}"#,
    "\n"
);

/// The container of a manifest, and the arguments with the places of this machine for those of the image.
fn container(file: &str, places: &std::path::Path) -> (Value, Vec<String>) {
    let text = std::fs::read_to_string(deploy::path("spinkube").join(file)).unwrap();
    let container = deploy::yaml(&text).unwrap()[0]["spec"]["template"]["spec"]["containers"][0].clone();
    let here = |argument: &Value| {
        let argument = argument.as_str().unwrap().replace("=0.0.0.0:9464", "=127.0.0.1:0");
        let argument = argument.replace("=0.0.0.0:9465", "=127.0.0.1:0");
        let argument = argument.replace("=/models/", &format!("={}/models/", workspace().display()));
        let argument = argument.replace("=/etc/portent/tokens/", &format!("={}/tokens-", places.display()));
        argument.replace("=/var/", &format!("={}/", places.display()))
    };
    let arguments = container["args"].as_array().unwrap().iter().map(here).collect();
    (container, arguments)
}

/// The tokens that the overlay for kind makes.
fn tokens() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(deploy::path("spinkube/overlays/kind/kustomization.yaml")).unwrap();
    let overlay = deploy::yaml(&text).unwrap().remove(0);
    let literals = overlay["secretGenerator"][0]["literals"].as_array().unwrap().clone();
    let pairs = literals.iter().filter_map(|literal| literal.as_str()?.split_once('='));
    pairs.map(|(key, token)| (key.to_owned(), token.to_owned())).collect()
}

fn started(file: &str) -> (Running, Value, tempfile::TempDir) {
    let places = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(places.path().join("lib/portent")).unwrap();
    for (key, token) in tokens() {
        std::fs::write(places.path().join(format!("tokens-{key}")), token).unwrap();
    }
    let (container, arguments) = container(file, places.path());
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    assert_eq!(arguments[0], "serve", "the program is the image's entry point");
    (Running::serve(&arguments[1..]), container, places)
}

fn status(url: &str, token: Option<&str>, body: Option<&str>) -> u16 {
    let authorization = token.map_or("none".to_owned(), |token| format!("Bearer {token}"));
    let answer = match body {
        None => agent().get(url).header("authorization", authorization).call(),
        Some(body) => {
            let delivery = agent().post(url).header("authorization", authorization);
            delivery.header("portent-source", "manifests").header("portent-sequence", "1").send(body)
        }
    };
    answer.unwrap().status().as_u16()
}

fn check_probes_and_token(running: &Running, container: &Value) {
    let base = running.base("metrics");
    for probe in ["livenessProbe", "readinessProbe"] {
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        // A node's aggregator is ready when it has read the files of its pods once.
        let deadline = Instant::now() + Duration::from_secs(20);
        while status(&format!("{base}{path}"), None, None) != 200 {
            assert!(Instant::now() < deadline, "{path} does not answer 200");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let token = tokens().into_iter().find(|(key, _)| key == "metrics").unwrap().1;
    assert_eq!(status(&format!("{base}/metrics"), None, None), 401);
    assert_eq!(status(&format!("{base}/metrics"), Some(&token), None), 200);
}

#[test]
fn the_aggregator_takes_deliveries_with_the_token_of_its_secret() {
    let (running, container, _places) = started("base/host-metrics.yaml");
    check_probes_and_token(&running, &container);
    let url = format!("{}/v1/events", running.base("ingest"));
    let token = tokens().into_iter().find(|(key, _)| key == "ingest").unwrap().1;
    assert_eq!(status(&url, None, Some(LINE)), 401);
    assert_eq!(status(&url, Some(&token), Some(LINE)), 200);
    assert_eq!(running.stop(), Some(0));
}

#[test]
fn the_aggregator_of_a_node_starts_before_there_is_any_log() {
    let (running, container, _places) = started("components/log-tailing/daemonset.yaml");
    check_probes_and_token(&running, &container);
    assert_eq!(running.stop(), Some(0));
}
