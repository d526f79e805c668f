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
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build everything, then run the component in the embedded host with the aggregator beside it.
    ///
    /// All further arguments go to `host-metrics up`, for example `--listen 127.0.0.1:3001`;
    /// `cargo xtask up --help-host` lists them.
    Up(up::Arguments),
    /// Check formatting, lints and documentation, and run every test, native and wasm.
    Test,
    /// Build the components and the native programs, without running anything.
    Build,
    /// Compose Portent and a scorer into one component.
    Compose(compose::Arguments),
    /// Build the aggregator as a static program, in target/static, for its container image.
    Static,
    /// Measure CPU time per request and latency beside other servers; `bench aggregator` measures counting.
    Bench(Box<bench::Arguments>),
    /// Count the instructions that fixed requests take, and compare with the counts kept in the repository.
    Instructions(instructions::Arguments),
    /// Run the fuzz targets.
    Fuzz(fuzz::Arguments),
    /// Write the files that are made of others, or check them.
    Generate(generate::Arguments),
    /// Write the bill of materials of each shipped program, in CycloneDX 1.6.
    Sbom(sbom::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up(arguments) => up::run(&arguments),
        Command::Test => test::run(),
        Command::Build => build::all(),
        Command::Compose(arguments) => compose::run(&arguments),
        Command::Static => static_program::run(),
        Command::Bench(arguments) => bench::run(&arguments),
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
