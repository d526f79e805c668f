//! `portent compose`: Portent and a scorer as one component, for hosts that take a single file.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use portent_compose::{Dependency, DependencyName};

/// The import that a scorer satisfies.
const SCORER: &str = "portent:serve/scorer@0.1.0";

/// Options of `compose`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ComposeArgs {
    /// The scorer: a component that exports portent:serve/scorer@0.1.0.
    #[arg(long, value_name = "FILE")]
    scorer: PathBuf,
    /// Portent's component for a scorer [default: the one that `cargo xtask compose` builds].
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Compose with the component for WASI 0.3, for Spin 4.1 and later.
    #[arg(long, conflicts_with = "component")]
    p3: bool,
    /// The composed component to write [default: beside Portent's component, as NAME_composed.wasm].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &ComposeArgs) -> Result<()> {
    let built = if args.p3 { "predict_p3_scorer.wasm" } else { "predict_scorer.wasm" };
    let built = PathBuf::from("target/wasm32-wasip2/wasm").join(built);
    let component = args.component.clone().unwrap_or(built);
    let read = |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let scorer = read(&args.scorer)?;
    let wasm = read(&component).context("`cargo xtask compose` builds it first")?;
    let name = DependencyName::parse(SCORER).context("the name of the contract")?;
    let dependency = Dependency { name, wasm: &scorer, export: None, inherits: &[] };
    let composed = portent_compose::compose(&wasm, &[dependency])
        .with_context(|| format!("cannot compose with {}", args.scorer.display()))?;
    let out = args.out.clone().unwrap_or_else(|| {
        let stem = args.scorer.file_stem().unwrap_or_default().to_string_lossy();
        component.with_file_name(format!("{stem}_composed.wasm"))
    });
    fs::write(&out, &composed).with_context(|| format!("cannot write {}", out.display()))?;
    let imports = portent_compose::imports(&composed)?;
    let size = composed.len();
    let mut text = format!("wrote {}: {size} bytes, of which {} are the scorer\nit imports\n", out.display(), scorer.len());
    imports.iter().for_each(|import| text += &format!("  {import}\n"));
    Ok(io::stdout().write_all(text.as_bytes())?)
}
