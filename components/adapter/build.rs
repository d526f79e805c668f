//! Embeds every artefact of `models/` in the component, by the name of its file, unless it is built for a scorer.
//!
//! A fresh instance then starts with its model in memory: reading it from a mounted file was measured to cost
//! about 140 µs more of CPU time a request under Spin 4.0.2 (docs/performance.md).

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use portent_model::Model;

fn main() -> Result<()> {
    if env::var_os("CARGO_FEATURE_SCORER").is_some() {
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").canonicalize()?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths: Vec<_> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "portent"));
    paths.sort();
    ensure!(!paths.is_empty(), "no artefact in {}", folder.display());
    let mut table = String::from("static EMBEDDED: &[(&str, &[u8])] = &[\n");
    for path in paths {
        let file = fs::read(&path)?;
        Model::open(&file).with_context(|| format!("{} cannot be embedded", path.display()))?;
        let name = path.file_stem().context("no name")?.to_string_lossy();
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(table, "    ({name:?}, include_bytes!({:?})),", path.to_string_lossy())?;
    }
    table.push_str("];\n");
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), table)?)
}
