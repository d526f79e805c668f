//! `cargo xtask static`: the aggregator as one statically linked file.

use std::env::consts::ARCH;

use anyhow::{Context as _, Result};

use crate::build::{self, cargo, workspace};
use crate::paths;

/// Builds the aggregator against musl, with the same bytes wherever the repository is, and copies it to where the
/// container image takes it from.
///
/// A C compiler for musl is needed (`musl-gcc`, Debian's musl-tools), for the cryptography of TLS.
pub(crate) fn run() -> Result<()> {
    let target = format!("{ARCH}-unknown-linux-musl");
    build::ensure_target(&target)?;
    println!("building host-metrics for {target}");
    let arguments = ["build", "--release", "--package", "host-metrics", "--target"];
    let mut command = cargo();
    command.args(arguments).arg(&target).args(paths::remapped(&target)?);
    build::run(&mut command).context("is musl-gcc there (Debian: musl-tools)?")?;
    let built = build::target_directory().join(target).join("release/host-metrics");
    // A place of its own, whatever the target directory and the architecture: .dockerignore names it.
    let place = workspace().join("target/static");
    std::fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let program = place.join("host-metrics");
    std::fs::copy(&built, &program).with_context(|| format!("cannot write {}", program.display()))?;
    println!("{}", program.display());
    Ok(())
}
