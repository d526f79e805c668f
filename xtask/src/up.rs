//! `cargo xtask up`: the main job.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Result, anyhow};

use crate::build;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Show the options of `host-metrics up`.
    #[arg(long)]
    help_host: bool,
    /// Options of `host-metrics up`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    host: Vec<String>,
}

/// Builds, then becomes `host-metrics up`, so that signals and the exit status are its own.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    build::components(&["predict"])?;
    build::programs()?;
    let mut command = Command::new(build::program("host-metrics"));
    command.arg("up").current_dir(build::workspace());
    if arguments.help_host {
        command.arg("--help");
    }
    Err(anyhow!(command.args(&arguments.host).exec()).context("cannot start host-metrics"))
}
