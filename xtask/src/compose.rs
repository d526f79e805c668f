//! `cargo xtask compose`: Portent and a scorer as one component, for hosts that take a single file.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use portent_compose::{Dependency, DependencyName};

use crate::build;

/// The import that a scorer is for.
const SCORER: &str = "portent:serve/scorer@0.1.0";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The scorer: a component that exports portent:serve/scorer@0.1.0.
    #[arg(long, value_name = "FILE")]
    scorer: PathBuf,
    /// Where the composed component is written [default: beside the components, as NAME_composed.wasm].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compose with the component for WASI 0.3, for Spin 4.1 and later.
    #[arg(long)]
    p3: bool,
    /// Take the component that was built before.
    #[arg(long)]
    no_build: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let [p2, p3] = build::SCORED;
    let package = if arguments.p3 { p3 } else { p2 };
    // Read first: a name that was mistyped is told before anything is built.
    let scorer = fs::read(&arguments.scorer).with_context(|| arguments.scorer.display().to_string())?;
    if !arguments.no_build {
        build::scored_components(&[package])?;
    }
    let component = build::scored_component(package);
    let wasm = fs::read(&component).with_context(|| component.display().to_string())?;
    let name = DependencyName::parse(SCORER).context("the name of the contract")?;
    let dependency = Dependency { name, wasm: &scorer, export: None, inherits: &[] };
    let composed = portent_compose::compose(&wasm, &[dependency])
        .with_context(|| format!("cannot compose with {}", arguments.scorer.display()))?;
    let out = arguments.out.clone().unwrap_or_else(|| {
        let stem = arguments.scorer.file_stem().unwrap_or_default().to_string_lossy();
        component.with_file_name(format!("{stem}_composed.wasm"))
    });
    fs::write(&out, &composed).with_context(|| out.display().to_string())?;
    println!("wrote {}: {} bytes, of which {} are the scorer", out.display(), composed.len(), scorer.len());
    println!("it imports");
    for import in portent_compose::imports(&composed)? {
        println!("  {import}");
    }
    Ok(())
}
