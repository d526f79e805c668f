//! `cargo xtask compose`: builds Portent for a scorer, then runs `portent compose`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::{self, UP_PROFILE};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The scorer: a component that exports portent:serve/scorer@0.1.0.
    #[arg(long, value_name = "FILE")]
    scorer: PathBuf,
    /// The composed component to write [default: beside the components, as NAME_composed.wasm].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compose with the component for WASI 0.3, for Spin 4.1 and later.
    #[arg(long)]
    p3: bool,
    /// Take what was built before.
    #[arg(long)]
    no_build: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // A file that is not there is reported before anything is built.
    let scorer = std::fs::canonicalize(&arguments.scorer);
    let scorer = scorer.with_context(|| arguments.scorer.display().to_string())?;
    if !arguments.no_build {
        let [p2, p3] = build::SCORED;
        build::scored_components(&[if arguments.p3 { p3 } else { p2 }])?;
        build::program_with(UP_PROFILE, "portent")?;
    }
    let mut command = Command::new(build::program(UP_PROFILE, "portent"));
    command.current_dir(build::workspace()).arg("compose").arg("--scorer").arg(scorer);
    if let Some(out) = &arguments.out {
        command.arg("--out").arg(std::path::absolute(out)?);
    }
    if arguments.p3 {
        command.arg("--p3");
    }
    build::run(&mut command)
}
