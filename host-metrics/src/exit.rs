//! How a program of ours reads its arguments, and how it ends.

use std::process::ExitCode;

use clap::Parser;
use portent_exposition::config::ConfigError;

use crate::cli::LogArgs;
use crate::logging;
use crate::start::StartError;

/// Exit status for a wrong command line or configuration (`EX_USAGE`).
const USAGE: u8 = 64;

/// Runs the program `name` from its arguments to its exit status. `log` says where the options of the log are. If something
/// is wrong, the reason is printed.
#[must_use]
pub fn run<C: Parser>(
    name: &str,
    log: impl FnOnce(&C) -> &LogArgs,
    run: impl FnOnce(C) -> anyhow::Result<()>,
) -> ExitCode {
    let cli = match C::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return fail(name, &one_line(&error), USAGE),
        Err(help) => {
            help.print().ok();
            return ExitCode::SUCCESS;
        }
    };
    if let Err(error) = logging::init(log(&cli)) {
        return fail(name, &error.to_string(), USAGE);
    }
    let Err(error) = run(cli) else { return ExitCode::SUCCESS };
    let is_usage = error.downcast_ref().is_some_and(StartError::is_usage) || error.is::<ConfigError>();
    fail(name, &format!("{error:#}"), if is_usage { USAGE } else { 1 })
}

/// A usage error as one line: clap's message without its hints.
#[must_use]
pub fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let message = lines.collect::<Vec<_>>().join(" ");
    message.strip_prefix("error: ").unwrap_or(&message).to_owned()
}

#[expect(clippy::print_stderr, reason = "the reason why the program ends, log or no log")]
fn fail(name: &str, message: &str, status: u8) -> ExitCode {
    // Only a configuration file has several lines to say: one for each broken rule.
    message.lines().for_each(|line| eprintln!("{name}: {line}"));
    ExitCode::from(status)
}
