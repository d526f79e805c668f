//! The repository's own commands.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its user")]

mod bench;
mod build;
mod compose;
mod fuzz;
mod generate;
mod instructions;
mod paths;
mod sbom;
mod static_program;
mod test;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs and tests Portent.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build what is needed, then run the shipped applications and count their predictions.
    ///
    /// All further arguments go to `portent up`, for example `--listen 127.0.0.1:3001`;
    /// `cargo xtask up --help-host` lists them.
    Up(up::Arguments),
    /// Check formatting, lints and documentation, and run the tests, native and wasm.
    Test(test::Arguments),
    /// Build the components and the native programs, without running anything.
    Build,
    /// Compose Portent and a scorer into one component.
    Compose(compose::Arguments),
    /// Build the aggregator as a static program, in target/static, for its container image.
    Static,
    /// Measure CPU time per request and latency beside other servers; `bench aggregator` measures counting.
    ///
    /// All further arguments go to the benchmark: `cargo xtask bench --help` lists them. With `--no-build`, or with a
    /// `--program`, nothing is built.
    #[command(disable_help_flag = true)]
    Bench(bench::Arguments),
    /// Count the instructions that fixed requests take, and compare them with the counts kept in the repository.
    Instructions(instructions::Arguments),
    /// Run the fuzz targets.
    Fuzz(fuzz::Arguments),
    /// Write the files that are generated from others, or check them.
    Generate(generate::Arguments),
    /// Write the bill of materials of each shipped program, in CycloneDX 1.6.
    Sbom(sbom::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up(arguments) => up::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Build => build::all(),
        Command::Compose(arguments) => compose::run(&arguments),
        Command::Static => static_program::run(),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Instructions(arguments) => instructions::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Sbom(arguments) => sbom::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
