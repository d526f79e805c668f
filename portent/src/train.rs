//! `portent train`, `simulate`, `inspect` and `evaluate`.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use portent_event::time::{self, Date, SECOND};
use trainer::hvs::{csv, simulator};
use trainer::inspect::Inspected;
use trainer::output::{write_atomically, write_atomically_by};
use trainer::report;
use trainer::{Options, Trained, heart, hvs, tabular};

/// Models that can be trained.
#[derive(Debug, Subcommand)]
pub(crate) enum Training {
    /// UCI "Heart Disease", Cleveland (DOI 10.24432/C52P4X), with a header and empty cells for missing values.
    Heart {
        /// The data, CSV.
        #[arg(long)]
        data: PathBuf,
        #[command(flatten)]
        common: TrainArguments,
    },
    /// Battery modules before a thermal runaway, simulated.
    Hvs {
        /// Scenarios to simulate.
        #[arg(long, default_value_t = hvs::Settings::default().scenarios)]
        scenarios: u64,
        #[command(flatten)]
        common: TrainArguments,
    },
}

/// Data that can be simulated.
#[derive(Debug, Subcommand)]
pub(crate) enum Simulation {
    /// Racks of battery modules: sensors every 10 seconds, and which rows announce a thermal runaway.
    Hvs {
        /// Seed of the scenarios.
        #[arg(long, default_value_t = 42)]
        seed: u64,
        /// Number of scenarios.
        #[arg(long, default_value_t = 20)]
        scenarios: u64,
        /// The file to write, CSV.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Options of every training.
#[derive(Debug, Args)]
pub(crate) struct TrainArguments {
    /// The artefact to write, `*.portent`; its card goes beside it, `*.md`.
    #[arg(long)]
    out: PathBuf,
    /// Seed of everything that is random.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Date to state, YYYY-MM-DD; today if not given.
    #[arg(long)]
    date: Option<Date>,
}

/// Trains a model and writes it.
pub(crate) fn train(command: &Training) -> Result<()> {
    match command {
        Training::Heart { data, common } => {
            let train = |options| tabular::train(&heart::task(), data, options);
            train_into(common, report::table_training, |options| {
                train(options).with_context(|| data.display().to_string())
            })
        }
        Training::Hvs { scenarios, common } => {
            let settings = hvs::Settings { scenarios: *scenarios, ..hvs::Settings::default() };
            train_into(common, report::hvs_training, |options| Ok(hvs::train(settings, options)?))
        }
    }
}

fn train_into<Q>(
    arguments: &TrainArguments,
    report: impl FnOnce(&Trained<Q>, &Path, &Path) -> String,
    train: impl FnOnce(Options) -> Result<Trained<Q>>,
) -> Result<()> {
    let TrainArguments { out, seed, date } = arguments;
    if out.extension().is_none_or(|extension| extension != "portent") {
        bail!("--out {}: must end in .portent", out.display());
    }
    let trained = train(Options { seed: *seed, date: date.unwrap_or_else(today) })?;
    let card = out.with_extension("md");
    for (path, bytes) in [(&card, trained.card.as_bytes()), (out, &trained.artefact)] {
        write_atomically(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    print(&report(&trained, out, &card))
}

/// The day that it is now, in UTC.
fn today() -> Date {
    Date::from_days(time::nanoseconds(SystemTime::now()) / SECOND / 86_400)
}

/// Writes simulated data.
pub(crate) fn simulate(command: &Simulation) -> Result<()> {
    let Simulation::Hvs { seed, scenarios, out } = command;
    let write = write_atomically_by(out, |file| {
        csv::write_header(file)?;
        (0..*scenarios).try_for_each(|number| csv::write(&simulator::simulate(*seed, number), file))
    });
    write.with_context(|| format!("cannot write {}", out.display()))?;
    print(&format!("wrote {} ({scenarios} scenarios)\n", out.display()))
}

/// Shows an artefact.
pub(crate) fn inspect(file: &Path, json: bool) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let inspected = Inspected::open(&bytes).with_context(|| file.display().to_string())?;
    print(&if json { format!("{:#}\n", inspected.to_json()) } else { inspected.to_text() })
}

/// Measures an artefact on data.
pub(crate) fn evaluate(file: &Path, data: &Path, json: bool) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let model = Inspected::open(&bytes).with_context(|| file.display().to_string())?.model();
    let context = || data.display().to_string();
    let (text, figures) = match model.app() {
        heart::APP => {
            let evaluation = trainer::evaluate::evaluate(&model, &heart::task(), data).with_context(context)?;
            (report::table_evaluation(&evaluation), serde_json::to_string_pretty(&evaluation)?)
        }
        hvs::APP => {
            let evaluation = hvs::evaluate::evaluate(&model, data).with_context(context)?;
            (report::hvs_evaluation(&evaluation), serde_json::to_string_pretty(&evaluation)?)
        }
        app => bail!("{}: no dataset is known for {app}", file.display()),
    };
    print(&if json { figures + "\n" } else { text })
}

/// Writes to standard output; that its reader has gone (`portent inspect … | head`) is no failure.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
