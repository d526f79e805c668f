//! `cargo xtask bench`: builds what the benchmark measures, then runs it (`bench/`).

use std::process::Command;

use anyhow::Result;

use crate::build::{self, cargo};

/// The measured components.
const COMPONENTS: [&str; 5] =
    ["predict", "predict-p3", "portent-do-nothing", "portent-do-nothing-p3", "portent-scorer-linear"];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Options of the benchmark.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

pub(crate) fn run(Arguments { mut options }: Arguments) -> Result<()> {
    let is_built = |option: &String| {
        let name = option.split('=').next().unwrap_or_default();
        ["--no-build", "--program", "--help", "-h"].contains(&name)
    };
    if !options.iter().any(is_built) {
        if options.iter().any(|option| option == "aggregator") {
            build::programs(&["host-metrics"])?;
        } else {
            build::components(&COMPONENTS)?;
            build::scored_components(&build::SCORED)?;
            build::programs(&["portent", "host-metrics"])?;
        }
    }
    options.retain(|option| option != "--no-build");
    build::run(cargo().args(["build", "--package", "portent-bench"]))?;
    build::run(Command::new(build::program("debug", "portent-bench")).args(options))
}
