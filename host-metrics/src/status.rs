//! `/v1/status`: the state of the aggregator, as JSON for people and scripts.

use serde_json::{Map, Value, json};

use portent_counts::clock;
use portent_counts::file_position::FilePosition;
use portent_counts::registry::{App, IngestStats, Limit, Rejection, Way};
use portent_exposition::Snapshot;

use crate::aggregator::Aggregator;

/// Everything except the counts that a scrape has.
pub(crate) fn status(aggregator: &Aggregator, phase: &str) -> Value {
    let snapshot = aggregator.snapshot();
    let config = &snapshot.config;
    let reloaded = aggregator.reloaded();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "phase": phase,
        "started": snapshot.process.start.map(clock::format),
        "events": events(&snapshot.registry.ingest),
        "apps": apps(&snapshot),
        "files": files(aggregator),
        "sources_remembered": aggregator.sources(),
        "state": aggregator.storage().map(|status| storage(&status)),
        "limits": {
            "apps": config.limits.apps,
            "series": config.limits.series,
        },
        "limit_hits": counts(Limit::ALL, Limit::as_str, |limit| snapshot.registry.ingest.limit_hits(limit)),
        "aliases": config.aliases.iter().map(|alias| alias.name.as_str()).collect::<Vec<_>>(),
        "reloaded": reloaded.map(|last| json!({ "ok": last.is_ok, "time": clock::format(last.time) })),
    })
}

fn events(ingest: &IngestStats) -> Value {
    let newest = (ingest.newest_event > 0).then(|| clock::format(ingest.newest_event));
    json!({
        "received": counts(Way::ALL, Way::as_str, |way| ingest.received(way)),
        "rejected": counts(Rejection::ALL, Rejection::as_str, |reason| ingest.rejected(reason)),
        "duplicate": ingest.duplicates,
        "newest": newest,
    })
}

fn apps(snapshot: &Snapshot) -> Vec<Value> {
    let app = |(name, app): (&str, &App)| {
        let model = app.current_model().map(
            |model| json!({ "name": model.name, "version": model.version, "sha256": model.digest.to_string() }),
        );
        json!({
            "name": name,
            "since": clock::format(app.created),
            "last_event": app.last_event.map(clock::format),
            "requests": app.requests.values().map(|series| series.count()).sum::<u64>(),
            "model": model,
        })
    };
    snapshot.registry.apps().map(app).collect()
}

fn files(aggregator: &Aggregator) -> Vec<Value> {
    let positions = aggregator.file_positions();
    let file = |position: &FilePosition| json!({ "path": position.path(), "read": position.offset() });
    positions.values().map(file).collect()
}

fn storage(status: &portent_journal::Status) -> Value {
    json!({
        "failed": status.failed,
        "generation": status.generation,
        "log_bytes": status.log_bytes,
        "snapshot_bytes": status.checkpoint_bytes,
        "snapshots": status.checkpoints,
        "errors": status.errors,
        "torn_bytes_cut": status.torn_bytes_cut,
    })
}

fn counts<L: Copy>(
    labels: &[L],
    text: fn(L) -> &'static str,
    count: impl Fn(L) -> u64,
) -> Map<String, Value> {
    labels.iter().map(|label| (text(*label).to_owned(), count(*label).into())).collect()
}
