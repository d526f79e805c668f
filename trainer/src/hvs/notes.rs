//! What the artefact and its card say of a model that was learnt from simulated racks.

use portent_model::{FeatureSpec, ModelSpec};
use serde::Serialize;

use super::compare::{Compared, Quality};
use super::quality::EventFigures;
use super::sample::Sample;
use super::settings::Settings;
use super::simulator;
use crate::card::{Sections, values};
use crate::metadata::Metadata;
use crate::{Options, VERSION};

/// Where the model comes from.
#[derive(Debug, Serialize)]
pub(super) struct Provenance {
    synthetic: bool,
    source: &'static str,
    simulator_version: u32,
    seed: u64,
    scenarios: u64,
    rows_used: usize,
    rows_hazardous: usize,
    reference_rows: usize,
    date: String,
    trainer: &'static str,
}

impl Provenance {
    pub(super) fn new(settings: Settings, options: Options, sample: &Sample, reference: &Sample) -> Self {
        Self {
            synthetic: true,
            source: "SYNTHETIC: simulated by `trainer simulate hvs`; no reading of any real battery is in it",
            simulator_version: simulator::VERSION,
            seed: options.seed,
            scenarios: settings.scenarios,
            rows_used: sample.positive.len(),
            rows_hazardous: sample.positive.iter().filter(|positive| **positive).count(),
            reference_rows: reference.positive.len(),
            date: options.date.to_string(),
            trainer: VERSION,
        }
    }
}

/// The card's sections.
pub(super) fn sections(
    spec: &ModelSpec,
    metadata: &Metadata<Provenance, Settings, &Quality>,
    options: Options,
) -> Sections {
    let (Options { seed, date }, scenarios) = (options, metadata.training.scenarios);
    Sections {
        quality: quality(metadata.quality, metadata.training),
        data: data(&metadata.provenance, metadata.training),
        features: features(spec),
        command: format!(
            "cargo run --release -p portent -- train hvs --scenarios {scenarios} --out models/{}.portent \
             --seed {seed} --date {date}",
            spec.app
        ),
        same: "The same seed, number of scenarios and date give the same bytes. `portent simulate hvs` \
               writes the scenarios as CSV, and `portent evaluate` measures the artefact on such a file.",
    }
}

fn quality(quality: &Quality, settings: Settings) -> String {
    let event_rows: String = quality.candidates.iter().map(event_row).collect();
    let validation_rows: String = quality.candidates.iter().map(validation_row).collect();
    format!(
        "On simulated scenarios that nothing was trained or chosen on. By event:\n\n\
         | | threshold | detected | 5 min ahead | lead, median | lead, 10th percentile | false alarms | per module-day |\n\
         |---|---|---|---|---|---|---|---|\n{event_rows}\n\
         By row, over all labelled readings:\n\n\
         | | AUC | average precision | Brier score |\n|---|---|---|---|\n{}\n\
         The AUC is over all rows; alarms are decided among the highest scores, which average precision weighs.\n\n\
         False alarms by what went on:\n\n{}\n\
         On the validation scenarios, where thresholds were chosen for at most {} false alarms a module-day:\n\n\
         | | detected | lead, median | false alarms |\n|---|---|---|---|\n{validation_rows}\n\
         Protocol: {}.\n",
        quality.candidates.iter().map(row_row).collect::<String>(),
        circumstances(quality),
        settings.false_alarms_a_day,
        quality.protocol,
    )
}

fn event_row(compared: &Compared) -> String {
    let Compared { name, threshold, test, .. } = compared;
    let EventFigures { events, detected, detected_in_time, false_alarms, module_days, .. } = test;
    format!(
        "| {name} | {threshold} | {detected} of {events} | {detected_in_time} | {} | {} | {false_alarms} in \
         {module_days} days | {:.2} |\n",
        minutes(test.lead_median),
        minutes(test.lead_tenth),
        test.false_alarms_a_module_day,
    )
}

fn validation_row(compared: &Compared) -> String {
    let EventFigures { events, detected, lead_median, false_alarms, module_days, .. } = &compared.validation;
    format!(
        "| {} | {detected} of {events} | {} | {false_alarms} in {module_days} days |\n",
        compared.name,
        minutes(*lead_median),
    )
}

fn row_row(compared: &Compared) -> String {
    let rows = compared.test_rows;
    let brier = rows.brier.map_or("–".to_owned(), |brier| format!("{brier:.5}"));
    format!("| {} | {:.4} | {:.4} | {brier} |\n", compared.name, rows.auc, rows.average_precision)
}

/// A column a candidate.
fn circumstances(quality: &Quality) -> String {
    let Some(first) = quality.candidates.first() else { return String::new() };
    let names: Vec<&str> = quality.candidates.iter().map(|compared| compared.name.as_str()).collect();
    let mut text =
        format!("| | module-days | {} |\n|---|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for circumstance in &first.test.circumstances {
        let counts = quality.candidates.iter().map(|compared| {
            let same = compared.test.circumstances.iter().find(|other| other.name == circumstance.name);
            same.map_or(0, |same| same.alarms).to_string()
        });
        let counts: Vec<String> = counts.collect();
        text += &format!(
            "| {} | {} | {} |\n",
            circumstance.name.replace('_', " "),
            circumstance.module_days,
            counts.join(" | ")
        );
    }
    text
}

fn minutes(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.1} min"))
}

fn data(p: &Provenance, settings: Settings) -> String {
    let growth = settings.growth;
    format!(
        "**Synthetic.** Everything is simulated: simulator version {}, seed {}, {} scenarios of 3 hours at \
         one reading in 10 seconds, with 4 to 8 modules each. Of every 20 scenarios, 6 are benign, in 6 an \
         internal short runs away, in 3 one does not (too weak, or it burns out), in 3 the cooling fails, in \
         2 sensors do. Missing values, spikes and gas from elsewhere occur in all of them.\n\n\
         A module has two thermal masses, a resistance, a charge and gases that a hot core gives off; the \
         point of no return is a core temperature of 140 °C, or a rise of 0.5 °C/s above 110 °C, and a \
         module gives no reading after it. The constants are stated with their sources in \
         `trainer/src/hvs/simulator`. Labels are back-filled once the outcome is known; no row before the \
         start of a fault is hazardous, and the rows of a fault that runs away outside of the window of \
         early warning are not learnt from.\n\n\
         {} rows of the training scenarios were drawn by strata, {} of them hazardous: about 30 of each \
         event, more of the hard negatives than of the benign. Half of the rows look back over 1 to 20 \
         readings, as in short requests. The forest has {} trees of at most {} levels, with at least {} rows \
         a leaf, of smartcore's random forest; the value of a leaf is the share of hazardous rows in it, \
         each row weighted by the inverse of the probability with which it was drawn, and the score is the \
         mean over the trees. The reference profile is that of {} rows drawn evenly.\n",
        p.simulator_version,
        p.seed,
        p.scenarios,
        p.rows_used,
        p.rows_hazardous,
        growth.trees,
        growth.max_depth,
        growth.min_samples_leaf,
        p.reference_rows,
    )
}

fn features(spec: &ModelSpec) -> String {
    let row = |feature: &FeatureSpec| {
        let FeatureSpec { name, unit, description, .. } = feature;
        format!("| `{name}` | {description} | {unit} | {} |\n", values(feature))
    };
    let rows: String = spec.features.iter().map(row).collect();
    format!(
        "The first 9 are sensors; the others are computed from them over the readings of one module, in the \
         order of time. A row with a missing value is refused; gaps in raw readings are filled before.\n\n\
         | name | what | unit | values |\n|---|---|---|---|\n{rows}"
    )
}
