//! `/v1/status`: how the aggregator is, as JSON for people and scripts.

use serde_json::{Map, Value, json};

use crate::Aggregator;
use crate::clock;
use crate::exposition::Snapshot;
use crate::readiness::Phase;
use crate::registry::{App, Intake, Limit, Rejection, Way};

/// Everything that is known, without the counts that a scrape shows.
pub(crate) fn status(aggregator: &Aggregator, phase: Phase) -> Value {
    let snapshot = aggregator.snapshot();
    let config = aggregator.config();
    let reloaded = aggregator.reloaded();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "phase": phase.as_str(),
        "started": snapshot.process.start.map(clock::format),
        "events": events(&snapshot.registry.intake),
        "apps": apps(&snapshot),
        "files": files(aggregator),
        "sources_remembered": aggregator.sources(),
        "state": aggregator.storage().map(|status| storage(&status)),
        "limits": {
            "apps": config.limits.apps,
            "series_per_family": config.limits.series_per_family,
            "series": config.limits.series,
        },
        "limit_hits": counts(Limit::ALL.map(Limit::as_str), |index| {
            snapshot.registry.intake.limit_hits.get(&Limit::ALL[index]).copied().unwrap_or_default()
        }),
        "aliases": config.aliases.iter().map(|alias| alias.name.as_str()).collect::<Vec<_>>(),
        "reloaded": reloaded.map(|last| json!({ "ok": last.is_ok, "time": clock::format(last.time) })),
    })
}

fn events(intake: &Intake) -> Value {
    let newest = (intake.newest_event > 0).then(|| clock::format(intake.newest_event));
    json!({
        "received": counts(Way::ALL.map(Way::as_str), |index| intake.received(Way::ALL[index])),
        "rejected": counts(Rejection::ALL.map(Rejection::as_str), |index| intake.rejected(Rejection::ALL[index])),
        "duplicate": intake.duplicates,
        "newest": newest,
    })
}

fn apps(snapshot: &Snapshot) -> Vec<Value> {
    let app = |(name, app): (&str, &App)| {
        let model = app.current_model().map(
            |card| json!({ "name": card.name, "version": card.version, "sha256": card.digest.to_string() }),
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
    let file = |position: &crate::ingest::tail::FilePosition| json!({ "path": position.path(), "read": position.offset() });
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

fn counts<const N: usize>(labels: [&str; N], count: impl Fn(usize) -> u64) -> Map<String, Value> {
    labels.iter().enumerate().map(|(index, label)| ((*label).to_owned(), count(index).into())).collect()
}
