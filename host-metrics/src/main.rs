//! `host-metrics`: see `host-metrics --help`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use host_metrics::cli::{Cli, Command};
use host_metrics::start::StartError;
use host_metrics::{exit, start};

fn main() -> ExitCode {
    exit::run("host-metrics", |cli: &Cli| &cli.log, |cli| run(cli.command))
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => {
            let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
            Ok(runtime.block_on(start::run(&args))?)
        }
        Command::Up { .. } => {
            let moved = "`up` is a command of the program `portent` now: portent up";
            Err(StartError::Usage(moved.to_owned()).into())
        }
        Command::CheckConfig(args) => Ok(writeln!(io::stdout(), "{}", args.check()?)?),
    }
}
