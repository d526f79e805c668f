//! How a program of ours reads its arguments, and how it ends.

use std::process::ExitCode;

use clap::Parser;
use portent_exposition::config::ConfigError;

use crate::start::StartError;

/// Exit status for a wrong command line or configuration (`EX_USAGE`).
const USAGE: u8 = 64;

/// Reads the arguments of the program `name`.
///
/// # Errors
/// The status to exit with: help was printed, or a line that says what is wrong.
pub fn parse<C: Parser>(name: &str) -> Result<C, ExitCode> {
    C::try_parse().map_err(|error| match error.use_stderr() {
        true => usage(name, &one_line(&error)),
        false => {
            error.print().ok();
            ExitCode::SUCCESS
        }
    })
}

/// Prints what is wrong with the command line.
#[must_use]
pub fn usage(name: &str, message: &str) -> ExitCode {
    print_failure(name, message);
    ExitCode::from(USAGE)
}

/// The exit status of a finished program. Prints why it failed.
#[must_use]
pub fn finish(name: &str, result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let is_usage = error.downcast_ref().is_some_and(StartError::is_usage) || error.is::<ConfigError>();
    print_failure(name, &format!("{error:#}"));
    if is_usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
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
fn print_failure(name: &str, message: &str) {
    // Only a configuration file has several lines to say: one for each broken rule.
    message.lines().for_each(|line| eprintln!("{name}: {line}"));
}
