//! Runs every part of the benchmark once, briefly, on the programs and components that the tests run with. The figures
//! are not checked. The report must name each contender: with its figures, or as skipped.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails is a test that fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The benchmark with these options, on the components and the program that the tests are run with.
fn bench(folder: &Path, options: &[&str]) -> Output {
    let bench = Path::new(env!("CARGO_BIN_EXE_portent-bench"));
    let program: PathBuf = bench.parent().unwrap().join("portent");
    assert!(program.exists(), "{} is not built: run `cargo xtask test`", program.display());
    let mut command = Command::new(bench);
    command.args(["--seconds", "1", "--rounds", "1", "--rate", "50", "--program"]);
    command.arg(program).args(options).arg("--json").arg(folder.join("figures.json"));
    command.args(["--spin", "/absent/spin", "--peers", "/absent/peers"]).arg("--charts").arg(folder);
    command.output().unwrap()
}

fn figures(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("figures.json")).unwrap()).unwrap()
}

fn row<'a>(table: &'a Value, name: &str) -> &'a Value {
    let rows = table.as_array().unwrap_or_else(|| panic!("no table with {name}"));
    let is_it = |row: &&Value| row.as_object().unwrap().values().any(|value| value == name);
    rows.iter().find(is_it).unwrap_or_else(|| panic!("no row {name} in {table:#}"))
}

#[test]
fn every_part_measures_the_embedded_host() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = ["embedded host, WASI 0.2, events stdout", "embedded host, WASI 0.2, do-nothing"];
    let wanted = kinds.map(|kind| ["--contender", kind]).concat();
    let parts = ["requests", "latency", "start"].map(|part| ["--only", part]).concat();
    let output = bench(folder.path(), &[wanted, parts].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!printed.contains("skipped"), "{printed}");
    let figures = figures(folder.path());
    for kind in kinds {
        assert!(row(&figures["requests"], kind)["CPU µs"].is_number());
        assert!(row(&figures["start of a process"], kinds[1])["ms to the first answer"].is_number());
        let latency = row(&figures["latency"], &format!("{kind}, at 50"));
        assert_eq!(latency["requests"], 50);
        assert!(printed.contains(&format!("| {kind} |")), "{printed}");
    }
    assert!(row(&figures["other requests"], kinds[0])["invalid"].is_number());
    let chart = std::fs::read_to_string(folder.path().join("performance-requests.svg")).unwrap();
    assert!(kinds.iter().all(|kind| chart.contains(kind)), "{chart}");
}

#[test]
fn what_cannot_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = ["--contender", "Spin, WASI 0.2, do-nothing", "--contender", "fastapi, async"];
    let output = bench(folder.path(), &[&wanted[..], &["--only", "requests"]].concat());
    let skipped = figures(folder.path())["skipped"].to_string();
    for name in ["Spin, WASI 0.2, do-nothing", "FastAPI, async, numpy"] {
        assert!(skipped.contains(name), "{skipped}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("skipped: {name}")));
    }
}
