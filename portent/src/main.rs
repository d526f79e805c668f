//! `portent`: see `portent --help`.

mod cli;

mod compose;
mod examples;
mod train;
mod up;

use std::process::ExitCode;

use anyhow::Context as _;
use host_metrics::exit;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    exit::run("portent", |cli: &Cli| &cli.log, |cli| run(cli.command))
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Up(args) => {
            let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
            runtime.block_on(up::run(*args))
        }
        Command::Train(command) => train::train(&command),
        Command::Simulate(command) => train::simulate(&command),
        Command::Inspect { file, json } => train::inspect(&file, json),
        Command::Evaluate { file, data, json } => train::evaluate(&file, &data, json),
        Command::Compose(args) => compose::run(&args),
    }
}
