//! Building: components for wasm, programs natively, all in one target directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::paths;

/// Target of the components.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";

/// Components: the two that are shipped, the scorer that is an example, those that tests run in the hosts, and those that
/// the benchmark measures hosts by.
pub(crate) const COMPONENTS: [&str; 9] = [
    "predict",
    "predict-p3",
    "scorer-rules",
    "portent-scorer-misbehaving",
    "portent-scorer-linear",
    "portent-guest",
    "portent-guest-p3",
    "portent-do-nothing",
    "portent-do-nothing-p3",
];

/// Components whose model is a scorer that they are composed with: another build of the shipped ones. Its file has
/// `_scorer` behind the name.
pub(crate) const SCORED: [&str; 2] = ["predict", "predict-p3"];

/// Builds the components and the native programs.
pub(crate) fn all() -> Result<()> {
    components(&COMPONENTS)?;
    scored_components(&SCORED)?;
    programs(&["host-metrics", "trainer"])
}

/// Builds components with the wasm profile, the same bytes wherever the repository stands.
pub(crate) fn components(packages: &[&str]) -> Result<()> {
    ensure_wasm_target()?;
    for package in packages {
        println!("building component {package} for {WASM_TARGET}");
        let arguments = ["build", "--package", package, "--target", WASM_TARGET, "--profile", "wasm"];
        run(cargo().args(arguments).args(paths::remapped(WASM_TARGET)?))?;
    }
    Ok(())
}

/// Builds components for a scorer, in a folder of their own, since cargo has one place for both builds of a package, and
/// puts them beside the others.
pub(crate) fn scored_components(packages: &[&str]) -> Result<()> {
    ensure_wasm_target()?;
    let folder = target_directory().join("scorer");
    for package in packages {
        println!("building component {package} for a scorer");
        let arguments = ["build", "--package", package, "--features", "scorer"];
        let mut command = cargo();
        command.args(arguments).args(["--target", WASM_TARGET, "--profile", "wasm", "--target-dir"]);
        run(command.arg(&folder).args(paths::remapped(WASM_TARGET)?))?;
        let name = package.replace('-', "_");
        let built = folder.join(WASM_TARGET).join("wasm").join(format!("{name}.wasm"));
        let place = scored_component(package);
        std::fs::copy(&built, &place).with_context(|| format!("cannot copy {}", built.display()))?;
    }
    Ok(())
}

/// Path of a component built by [`scored_components`].
pub(crate) fn scored_component(package: &str) -> PathBuf {
    let name = format!("{}_scorer.wasm", package.replace('-', "_"));
    target_directory().join(WASM_TARGET).join("wasm").join(name)
}

/// Builds native programs with the release profile, one by one: built together, their dependencies would have
/// the features of both, and building one alone later would build these anew.
pub(crate) fn programs(packages: &[&str]) -> Result<()> {
    for package in packages {
        println!("building {package} (the first time takes some minutes)");
        run(cargo().args(["build", "--release", "--package", package]))?;
    }
    Ok(())
}

/// Builds the aggregator alone, without the embedded host. Until [`programs`] builds it again, it stands where
/// that puts the whole program.
pub(crate) fn lean_host_metrics() -> Result<()> {
    println!("building host-metrics without the embedded host");
    run(cargo().args(["build", "--release", "--package", "host-metrics", "--no-default-features"]))
}

/// Path of a native program built by [`programs`].
pub(crate) fn program(name: &str) -> PathBuf {
    target_directory().join("release").join(name)
}

/// Version of the compiler.
pub(crate) fn compiler_version() -> Result<String> {
    let output = Command::new("rustc").arg("--version").current_dir(workspace()).output();
    let text = String::from_utf8(output.context("cannot run rustc")?.stdout)?;
    text.split_whitespace().nth(1).map(str::to_owned).with_context(|| format!("rustc says {text:?}"))
}

/// Adds the wasm target where the toolchain lacks it.
pub(crate) fn ensure_wasm_target() -> Result<()> {
    ensure_target(WASM_TARGET)
}

/// Adds a target where the toolchain lacks it.
pub(crate) fn ensure_target(target: &str) -> Result<()> {
    let print = ["--print", "target-libdir", "--target", target];
    let output = Command::new("rustc").args(print).current_dir(workspace()).output();
    let output = output.context("cannot run rustc")?;
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && library.is_dir() {
        return Ok(());
    }
    println!("adding the target {target}");
    run(Command::new("rustup").args(["target", "add", target]).current_dir(workspace())).with_context(|| {
        format!("the Rust toolchain lacks {target} and rustup could not add it: install it first")
    })
}

/// A cargo command in the workspace, of the cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// Runs a command to its end; its failure is an error that names it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", shown(command)))?;
    ensure!(status.success(), "{} failed ({status})", shown(command));
    Ok(())
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Root of the repository.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Cargo's target directory.
pub(crate) fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}
