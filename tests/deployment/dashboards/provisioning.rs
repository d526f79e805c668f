//! What Grafana is told agrees with the dashboards and with what Prometheus is told.

use portent_tests::dashboard::shipped;
use portent_tests::deploy;
use serde_json::Value;

use crate::names::text;

fn document(path: &str) -> Value {
    deploy::yaml(&text(&deploy::path(path))).unwrap().remove(0)
}

#[test]
fn the_data_source_is_the_one_that_dashboards_choose() {
    let document = document("grafana/provisioning/datasources/portent.yaml");
    let sources = document["datasources"].as_array().unwrap();
    let [source] = &sources[..] else { unreachable!("one data source") };
    assert_eq!(source["type"], "prometheus");
    assert_eq!(source["uid"], "portent-prometheus");
    for dashboard in shipped() {
        let variables = dashboard.variables();
        let variable = variables.iter().find(|variable| variable["name"] == "datasource").unwrap();
        assert_eq!(variable["current"]["value"], source["uid"], "{}", dashboard.file.display());
        assert_eq!(variable["current"]["text"], source["name"], "{}", dashboard.file.display());
    }
}

#[test]
fn the_time_interval_is_the_scrape_interval() {
    let source = document("grafana/provisioning/datasources/portent.yaml");
    let prometheus = document("prometheus/prometheus.yml");
    let interval = &prometheus["global"]["scrape_interval"];
    assert!(interval.is_string());
    assert_eq!(&source["datasources"][0]["jsonData"]["timeInterval"], interval);
    let jobs = prometheus["scrape_configs"].as_array().unwrap();
    let own = jobs.iter().find(|job| job["job_name"] == "host-metrics").unwrap();
    assert_eq!(own.get("scrape_interval"), None, "the job has an interval of its own");
}

#[test]
fn provisioned_dashboards_stay_as_their_files_are() {
    let document = document("grafana/provisioning/dashboards/portent.yaml");
    let provider = &document["providers"][0];
    assert_eq!(provider["type"], "file");
    assert_eq!(provider["allowUiUpdates"], false);
    assert_eq!(provider["disableDeletion"], true);
    assert!(provider["options"]["path"].is_string());
}

#[test]
fn uids_are_those_that_links_point_to() {
    let dashboards = shipped();
    let found: Vec<_> = dashboards.iter().map(|one| (one.field("uid"), one.field("title"))).collect();
    let expected = [
        ("portent-aggregator", "Portent / Aggregator"),
        ("portent-hvs", "Portent / HVS"),
        ("portent-service", "Portent / Service"),
    ];
    assert_eq!(found, expected);
}
