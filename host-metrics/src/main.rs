//! `host-metrics`: see `host-metrics --help`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use host_metrics::cli::{Cli, Command};
use host_metrics::start::StartError;
use host_metrics::{exit, logging, start};

const NAME: &str = "host-metrics";

fn main() -> ExitCode {
    let cli: Cli = match exit::parse(NAME) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    if let Err(error) = logging::init(&cli.log) {
        return exit::usage(NAME, &error.to_string());
    }
    exit::finish(NAME, run(cli.command))
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
