//! Builds components for wasm and programs natively, all in one target directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::paths;

/// Profile of the programs that `cargo xtask up` and `cargo xtask compose` run: quick to build.
pub(crate) const UP_PROFILE: &str = "up";

/// Target of the components.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";

/// The components: the two that are shipped, the example scorer, and those of the tests and the benchmark.
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

/// The shipped components, which are also built to be composed with a scorer. The files of these builds end in
/// `_scorer.wasm`.
pub(crate) const SCORED: [&str; 2] = ["predict", "predict-p3"];

/// Builds the components and the native programs.
pub(crate) fn all() -> Result<()> {
    components(&COMPONENTS)?;
    scored_components(&SCORED)?;
    programs(&["portent", "host-metrics"])
}

/// Builds components with the wasm profile, the same bytes wherever the repository stands.
pub(crate) fn components(packages: &[&str]) -> Result<()> {
    ensure_wasm_target()?;
    for package in packages {
        println!("building component {package} for {WASM_TARGET}");
        run(&mut component(package)?)?;
    }
    Ok(())
}

fn component(package: &str) -> Result<Command> {
    let mut command = cargo();
    command.args(["build", "--package", package, "--target", WASM_TARGET, "--profile", "wasm"]);
    command.args(paths::remapped(WASM_TARGET)?);
    Ok(command)
}

/// Builds components for a scorer and puts them beside the others. They have a target directory of their own, because
/// cargo writes both builds of a package to the same file.
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
    packages.iter().try_for_each(|package| program_with("release", package))
}

/// Builds one native program with a profile.
pub(crate) fn program_with(profile: &str, package: &str) -> Result<()> {
    println!("building {package} with profile {profile} (the first time takes some minutes)");
    run(cargo().args(["build", "--profile", profile, "--package", package]))
}

/// Builds what `cargo xtask up` runs: the component and the program, at the same time, because either build has a long
/// last step that uses one core. Cargo shows the progress of the program, which takes longer.
pub(crate) fn for_up() -> Result<()> {
    ensure_wasm_target()?;
    println!("building the component predict for {WASM_TARGET} in the background");
    let mut component = component("predict")?;
    std::thread::scope(|scope| {
        let component = scope.spawn(move || run(component.arg("--quiet")));
        program_with(UP_PROFILE, "portent")?;
        component.join().unwrap_or_else(|_| bail!("the build of the component panicked"))
    })
}

/// Path of a native program, by the folder of its profile.
pub(crate) fn program(profile: &str, name: &str) -> PathBuf {
    target_directory().join(profile).join(name)
}

/// Version of the compiler.
pub(crate) fn compiler_version() -> Result<String> {
    let output = Command::new("rustc").arg("--version").current_dir(workspace()).output();
    let text = String::from_utf8(output.context("cannot run rustc")?.stdout)?;
    text.split_whitespace().nth(1).map(str::to_owned).with_context(|| format!("rustc says {text:?}"))
}

/// Adds the wasm target if the toolchain lacks it.
pub(crate) fn ensure_wasm_target() -> Result<()> {
    ensure_target(WASM_TARGET)
}

/// Adds a target if the toolchain lacks it.
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
///
/// The variables that cargo has set for this program are removed. Build scripts watch some of them (that of `ring` does),
/// so `cargo build` and `cargo xtask` would otherwise undo each other's builds.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_package(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

/// Whether an environment variable is one that cargo sets for the programs of a package.
fn is_of_package(name: &str) -> bool {
    const NAMES: [&str; 4] = ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    NAMES.contains(&name) || ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_does_not_see_the_variables_of_this_package() {
        // Cargo sets them for this test as it does for `cargo xtask`.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let mut command = cargo();
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            assert!(removed.iter().any(|(found, _)| *found == name), "{name} is not removed");
        }
        assert!(!is_of_package("CARGO_TARGET_DIR") && !is_of_package("CARGO_HOME"));
        command.args(["--version"]);
        assert!(command.output().unwrap().status.success());
    }
}
