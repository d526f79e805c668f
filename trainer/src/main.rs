//! `trainer`: trains, evaluates and inspects model artefacts.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};
use trainer::date::Date;
use trainer::evaluate::{Evaluation, evaluate};
use trainer::inspect::Inspected;
use trainer::output::write_atomically;
use trainer::{Options, Task, Trained, heart, train};

/// Trains, evaluates and inspects model artefacts.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model; write its artefact and, beside it, its card.
    #[command(subcommand)]
    Train(Dataset),
    /// Show what is in an artefact, verify its SHA-256 and replay its self-check.
    Inspect {
        /// The artefact.
        file: PathBuf,
        /// Everything, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Measure an artefact on labelled data in the coding it was trained on.
    Evaluate {
        /// The artefact.
        file: PathBuf,
        /// The data, CSV.
        #[arg(long)]
        data: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Dataset {
    /// UCI "Heart Disease", Cleveland (DOI 10.24432/C52P4X), with a header and empty cells for missing values.
    Heart(TrainArguments),
}

#[derive(Debug, Args)]
struct TrainArguments {
    /// The data, CSV.
    #[arg(long)]
    data: PathBuf,
    /// The artefact to write, `*.portent`; its card goes beside it, `*.md`.
    #[arg(long)]
    out: PathBuf,
    /// Seed of the cross-validation.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Date to state, YYYY-MM-DD; today if not given.
    #[arg(long)]
    date: Option<Date>,
}

#[expect(clippy::print_stderr, reason = "the one place where a failure is told")]
fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trainer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    match command {
        Command::Train(Dataset::Heart(arguments)) => train_task(&heart::task(), arguments),
        Command::Inspect { file, json } => inspect_file(file, *json),
        Command::Evaluate { file, data, json } => evaluate_file(file, data, *json),
    }
}

fn train_task(task: &Task, arguments: &TrainArguments) -> Result<()> {
    let TrainArguments { data, out, seed, date } = arguments;
    if out.extension().is_none_or(|extension| extension != "portent") {
        bail!("--out {}: must end in .portent", out.display());
    }
    let options = Options { seed: *seed, date: date.unwrap_or_else(Date::today) };
    let trained = train(task, data, options).with_context(|| data.display().to_string())?;
    let card = out.with_extension("md");
    for (path, bytes) in [(&card, trained.card.as_bytes()), (out, &trained.artefact)] {
        write_atomically(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    print(&training_report(&trained, out, &card))
}

fn training_report(trained: &Trained, out: &Path, card: &Path) -> String {
    let Trained { rows_used, rows_dropped, artefact, quality, .. } = trained;
    let figures = quality
        .named()
        .map(|(name, summary)| format!("  {name:<13} {:.4} (sd {:.4})\n", summary.mean, summary.sd));
    format!(
        "{rows_used} rows used, {rows_dropped} with a missing value left out\n\
         out of fold:\n{}wrote {} ({} bytes) and {}\n",
        figures.concat(),
        out.display(),
        artefact.len(),
        card.display()
    )
}

fn inspect_file(file: &Path, json: bool) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let inspected = Inspected::open(&bytes).with_context(|| file.display().to_string())?;
    print(&if json { format!("{:#}\n", inspected.to_json()) } else { inspected.to_text() })
}

fn evaluate_file(file: &Path, data: &Path, json: bool) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let model = Inspected::open(&bytes).with_context(|| file.display().to_string())?.model();
    let task = match model.app() {
        heart::APP => heart::task(),
        app => bail!("{}: no dataset is known for {app}", file.display()),
    };
    let evaluation = evaluate(&model, &task, data).with_context(|| data.display().to_string())?;
    print(&if json {
        serde_json::to_string_pretty(&evaluation)? + "\n"
    } else {
        evaluation_report(&evaluation)
    })
}

fn evaluation_report(evaluation: &Evaluation) -> String {
    let Evaluation { rows_used, rows_dropped, positive_share, metrics, .. } = evaluation;
    let figures = metrics.named().map(|(name, value)| format!("  {name:<13} {value:.4}\n"));
    format!(
        "{rows_used} rows scored, {rows_dropped} with a missing value left out, {:.1} % positive\n{}",
        100.0 * positive_share,
        figures.concat()
    )
}

/// Writes to standard output; that its reader has gone (`trainer inspect … | head`) is no failure.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
