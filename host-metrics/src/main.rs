//! `host-metrics`: see `host-metrics --help`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use host_metrics::cli::{CheckConfigArgs, Cli, Command, one_line};
use host_metrics::start::StartError;
use host_metrics::{logging, start};
use portent_exposition::config::ConfigError;

/// Exit status for options that cannot be meant (`EX_USAGE`).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return fail(&one_line(&error), USAGE),
        Err(help) => {
            help.print().ok();
            return ExitCode::SUCCESS;
        }
    };
    if let Err(error) = logging::init(&cli.log) {
        return fail(&error.to_string(), USAGE);
    }
    let ran = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from);
    match ran.and_then(|runtime| runtime.block_on(run(cli.command))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}"), status(&error)),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => Ok(start::run(&args).await?),
        Command::Up { .. } => {
            Err(StartError::Usage("`up` is a command of the program `portent` now: portent up".to_owned())
                .into())
        }
        Command::CheckConfig(args) => check_config(&args),
    }
}

fn check_config(args: &CheckConfigArgs) -> anyhow::Result<()> {
    let line = args.check()?;
    Ok(writeln!(io::stdout(), "{line}")?)
}

fn status(error: &anyhow::Error) -> u8 {
    let usage = error.downcast_ref().is_some_and(StartError::is_usage) || error.is::<ConfigError>();
    if usage { USAGE } else { 1 }
}

#[expect(clippy::print_stderr, reason = "what says why the program ends, log or no log")]
fn fail(message: &str, status: u8) -> ExitCode {
    // Only a configuration file has several lines to say: one for each broken rule.
    message.lines().for_each(|line| eprintln!("host-metrics: {line}"));
    ExitCode::from(status)
}
