//! What the program prints, for people.

use std::path::Path;

use crate::evaluate::Evaluation;
use crate::hvs::quality::{EventFigures, RowFigures};
use crate::{Trained, hvs, tabular};

/// After training on a data file.
#[must_use]
pub fn table_training(trained: &Trained<tabular::Outcome>, out: &Path, card: &Path) -> String {
    let tabular::Outcome { rows_used, rows_dropped, metrics } = &trained.quality;
    let figures = metrics
        .named()
        .map(|(name, summary)| format!("  {name:<13} {:.4} (sd {:.4})\n", summary.mean, summary.sd));
    format!(
        "{rows_used} rows used, {rows_dropped} with a missing value left out\nout of fold:\n{}{}",
        figures.concat(),
        written(&trained.artefact, out, card)
    )
}

/// After training on simulated racks.
#[must_use]
pub fn hvs_training(trained: &Trained<hvs::Quality>, out: &Path, card: &Path) -> String {
    let candidates = trained.quality.candidates.iter().map(|compared| {
        let hvs::Compared { name, threshold, test, test_rows, .. } = compared;
        format!("{name}, threshold {threshold}\n{}{}", events(test), rows(test_rows))
    });
    let candidates: String = candidates.collect();
    format!("on test scenarios:\n{candidates}{}", written(&trained.artefact, out, card))
}

/// After measuring on a data file.
#[must_use]
pub fn table_evaluation(evaluation: &Evaluation) -> String {
    let Evaluation { rows_used, rows_dropped, positive_share, metrics, .. } = evaluation;
    let figures = metrics.named().map(|(name, value)| format!("  {name:<13} {value:.4}\n"));
    format!(
        "{rows_used} rows scored, {rows_dropped} with a missing value left out, {:.1} % positive\n{}",
        100.0 * positive_share,
        figures.concat()
    )
}

/// After measuring on a file of recordings.
#[must_use]
pub fn hvs_evaluation(evaluation: &hvs::evaluate::Evaluation) -> String {
    let hvs::evaluate::Evaluation { scenarios, rows: count, events: figures, row_figures } = evaluation;
    format!(
        "{scenarios} scenarios, {count} labelled rows\n{}{}",
        events(figures),
        row_figures.as_ref().map(rows).unwrap_or_default()
    )
}

fn events(figures: &EventFigures) -> String {
    let EventFigures { events, detected, detected_in_time, false_alarms, module_days, .. } = figures;
    let minutes = |value: Option<f64>| value.map_or("none".to_owned(), |value| format!("{value:.1} min"));
    let circumstances = figures.circumstances.iter().map(|circumstance| {
        let hvs::quality::Circumstance { name, alarms, module_days } = circumstance;
        format!("    {alarms:>4} in {module_days:.1} module-days: {name}\n")
    });
    format!(
        "  detected      {detected} of {events}, {detected_in_time} at least 5 min ahead\n  \
         lead          median {}, 10th percentile {}\n  \
         false alarms  {false_alarms} in {module_days:.1} module-days\n{}",
        minutes(figures.lead_median),
        minutes(figures.lead_tenth),
        circumstances.collect::<String>(),
    )
}

fn rows(figures: &RowFigures) -> String {
    let RowFigures { auc, average_precision, brier } = figures;
    let brier = brier.map_or(String::new(), |brier| format!(", Brier score {brier:.6}"));
    format!("  by row        AUC {auc:.4}, average precision {average_precision:.4}{brier}\n")
}

fn written(artefact: &[u8], out: &Path, card: &Path) -> String {
    format!("wrote {} ({} bytes) and {}\n", out.display(), artefact.len(), card.display())
}
