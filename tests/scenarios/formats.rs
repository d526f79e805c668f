//! Every format of a scrape, checked by what a Prometheus server stores of it.

use std::collections::BTreeMap;
use std::path::Path;

use portent_tests::external;

use crate::external_checkers::used_host;
use crate::fixture::Running;
use crate::prometheus::{Prometheus, asking_for, exposed_series};

/// A Prometheus server that has scraped a used host, which answers no more requests.
fn scraped(program: &Path, host: &Running, accept: Option<&'static str>, options: &[&str]) -> Prometheus {
    let metrics = host.authority("metrics");
    let metrics = accept.map_or(metrics.clone(), |accept| asking_for(accept, metrics));
    Prometheus::scraping(program, &metrics, options)
}

/// What stays the same from one scrape to the next.
fn stable(series: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let moving = ["process_", "active_requests", "up{", "scrape_", "ALERTS"];
    series.into_iter().filter(|(name, _)| !moving.iter().any(|prefix| name.starts_with(prefix))).collect()
}

#[test]
fn a_prometheus_server_stores_what_the_texts_say() {
    let Some(program) = external::program("prometheus") else { return };
    let host = used_host();
    for accept in [Some("text/plain;version=0.0.4"), Some("application/openmetrics-text;version=1.0.0"), None]
    {
        let server = scraped(&program, &host, accept, &[]);
        let (stored, ours) = (stable(server.series()), stable(exposed_series(&host.scrape())));
        assert!(ours.len() > 500, "{}", ours.len());
        assert_eq!(stored, ours, "{accept:?}");
    }
}

/// Of a family with native buckets this version of Prometheus stores nothing else.
#[test]
fn a_prometheus_server_stores_what_protobuf_says() {
    let Some(program) = external::program("prometheus") else { return };
    let host = used_host();
    let server = scraped(&program, &host, None, &["--enable-feature=native-histograms"]);
    let (stored, ours) = (stable(server.series()), stable(exposed_series(&host.scrape())));
    let native = |name: &str| name.contains("_duration_seconds_");
    let classic = |series: &BTreeMap<String, f64>| -> BTreeMap<String, f64> {
        series.iter().filter(|(name, _)| !native(name)).map(|(name, value)| (name.clone(), *value)).collect()
    };
    let (classic_stored, classic_ours) = (classic(&stored), classic(&ours));
    let differ: Vec<_> =
        classic_stored.iter().filter(|(name, value)| classic_ours.get(*name) != Some(value)).collect();
    assert_eq!((differ, classic_stored.len()), (vec![], classic_ours.len()));
    for family in
        ["api_request_duration_seconds", "prediction_duration_seconds", "portent_stage_duration_seconds"]
    {
        for (part, function) in [("count", "histogram_count"), ("sum", "histogram_sum")] {
            let prefix = format!("{family}_{part}{{");
            let exposed = ours.iter().filter(|(name, _)| name.starts_with(&prefix)).map(|(_, value)| value);
            let stored = server.query(&format!("sum({function}({family}))"));
            let exposed: f64 = exposed.sum();
            assert!(
                stored.len() == 1 && (stored[0] - exposed).abs() < 1e-9,
                "{family}: {stored:?} {exposed}"
            );
        }
    }
    let quantile = server.query("histogram_quantile(0.5, sum(api_request_duration_seconds))");
    assert!(quantile.len() == 1 && quantile[0] > 0.0 && quantile[0] < 10.0, "{quantile:?}");
}

#[test]
fn a_prometheus_server_stores_exemplars() {
    let Some(program) = external::program("prometheus") else { return };
    let host = used_host();
    for features in ["exemplar-storage", "exemplar-storage,native-histograms"] {
        let server = scraped(&program, &host, None, &[&format!("--enable-feature={features}")]);
        let family = if features.contains("native") {
            "api_errors_total"
        } else {
            "api_request_duration_seconds_bucket"
        };
        let exemplars = server.exemplars(family);
        let ids = exemplars.iter().filter_map(|exemplar| exemplar["labels"]["request_id"].as_str());
        assert!(ids.count() > 0, "{features}: {exemplars:?}");
    }
}
