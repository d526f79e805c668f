//! Which package may depend on which. Dependencies of tests alone are free.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::workspace;

/// Every package outside `tests` and `examples`, and those of the workspace that it may depend on.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("portent-event", &[]),
    ("portent-model", &["portent-event"]),
    ("portent-openapi", &["portent-event", "portent-model"]),
    ("portent-service", &["portent-event", "portent-model", "portent-openapi"]),
    ("portent-adapter", &["portent-event", "portent-model", "portent-openapi", "portent-service"]),
    ("predict", &["portent-adapter", "portent-event", "portent-model", "portent-service"]),
    ("predict-p3", &["portent-adapter", "portent-event", "portent-model", "portent-service"]),
    ("portent-journal", &[]),
    ("portent-server", &[]),
    ("portent-counts", &["portent-event", "portent-journal", "portent-model"]),
    ("portent-exposition", &["portent-counts", "portent-event", "portent-model"]),
    (
        "host-metrics",
        &[
            "portent-counts",
            "portent-event",
            "portent-exposition",
            "portent-journal",
            "portent-model",
            "portent-server",
        ],
    ),
    // Composing needs no wasmtime: the embedded host and `portent compose` both do it.
    ("portent-compose", &[]),
    ("portent-embedded-host", &["portent-compose", "portent-event"]),
    ("trainer", &["portent-event", "portent-model"]),
    // The only one that joins the embedded host, the aggregator and the trainer.
    (
        "portent",
        &[
            "host-metrics",
            "portent-compose",
            "portent-counts",
            "portent-embedded-host",
            "portent-event",
            "portent-exposition",
            "portent-model",
            "portent-openapi",
            "portent-server",
            "trainer",
        ],
    ),
    ("portent-bench", &["portent-model"]),
];

/// Folders whose packages need no entry above. They may depend on any package of the workspace.
const FREE: [&str; 2] = ["tests", "examples"];

/// Libraries that few packages may name. A name that ends in `*` stands for all that begin so.
const RESTRICTED: [(&str, &[&str]); 6] = [
    // `run-wasm` of the tests runs wasm test programs.
    ("wasmtime*", &["portent-embedded-host", "portent-tests"]),
    ("cranelift*", &["portent-embedded-host"]),
    ("wac-*", &["portent-compose"]),
    ("wit-component", &["portent-compose"]),
    ("wasm-encoder", &["portent-compose"]),
    ("smartcore", &["trainer"]),
];

/// Libraries that need an operating system. No package of `components` names one.
const NATIVE: [&str; 14] = [
    "clap*",
    "cranelift*",
    "glob",
    "hyper*",
    "ring",
    "rustls*",
    "tempfile",
    "tokio*",
    "toml",
    "tracing*",
    "ureq",
    "wac-*",
    "wasmtime*",
    "wit-component",
];

/// A package of the workspace.
#[derive(Debug)]
struct Package {
    name: String,
    /// Its folder, relative to the workspace.
    folder: PathBuf,
    /// Names of the packages that it is built with.
    dependencies: Vec<String>,
}

/// A sentence on each dependency that is not allowed, and on each package without a rule.
fn violations(packages: &[Package]) -> Vec<String> {
    let mut violations = Vec::new();
    for Package { name, folder, dependencies } in packages {
        let ours =
            dependencies.iter().filter(|dependency| packages.iter().any(|other| other.name == **dependency));
        let allowed = ALLOWED.iter().find(|(package, _)| package == name).map(|(_, allowed)| *allowed);
        match allowed {
            Some(allowed) => violations.extend(
                ours.filter(|dependency| !allowed.contains(&dependency.as_str()))
                    .map(|dependency| format!("{name} must not depend on {dependency}")),
            ),
            // It builds the others and depends on none.
            None if name == "xtask" => {
                violations.extend(ours.map(|dependency| format!("xtask must not depend on {dependency}")));
            }
            None if FREE.iter().any(|free| folder.starts_with(free)) => {}
            None => violations.push(format!("{name} ({}) has no rule", folder.display())),
        }
        for dependency in dependencies {
            for (library, users) in RESTRICTED {
                if is_named(library, dependency) && !users.contains(&name.as_str()) {
                    violations
                        .push(format!("{name} must not name {dependency}: only {} may", users.join(", ")));
                }
            }
            if folder.starts_with("components") && NATIVE.iter().any(|library| is_named(library, dependency))
            {
                violations.push(format!("{name} runs as wasm and must not name {dependency}"));
            }
        }
    }
    violations
}

fn is_named(library: &str, dependency: &str) -> bool {
    library.strip_suffix('*').map_or(library == dependency, |start| dependency.starts_with(start))
}

/// The packages of the workspace, as cargo reads their manifests.
fn packages() -> Vec<Package> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(workspace());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn package(value: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let manifest = text(&value["manifest_path"]);
    let folder = Path::new(&manifest).parent().unwrap();
    let dependencies = value["dependencies"].as_array().unwrap().iter();
    let built = dependencies.filter(|dependency| dependency["kind"] != "dev");
    Package {
        name: text(&value["name"]),
        folder: folder.strip_prefix(workspace()).unwrap_or(folder).to_owned(),
        dependencies: built.map(|dependency| text(&dependency["name"])).collect(),
    }
}

#[test]
fn every_dependency_is_allowed() {
    let violations = violations(&packages());
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn every_rule_is_of_a_package() {
    let packages = packages();
    let names = || packages.iter().map(|package| package.name.as_str());
    for (name, allowed) in ALLOWED {
        let unknown =
            std::iter::once(&name).chain(allowed).find(|name| !names().any(|found| found == **name));
        assert_eq!(unknown, None, "there is no such package");
    }
}

#[test]
fn a_broken_rule_is_found() {
    let package = |name: &str, folder: &str, dependencies: &[&str]| Package {
        name: name.to_owned(),
        folder: folder.into(),
        dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
    };
    let found = violations(&[
        package("portent-event", "components/event", &["serde", "tokio"]),
        package("portent-journal", "host-metrics/journal", &["portent-event"]),
        package("host-metrics", "host-metrics", &["portent-journal", "wasmtime-wasi"]),
        package(
            "portent-embedded-host",
            "portent/embedded-host",
            &["portent-event", "wasmtime", "host-metrics"],
        ),
        package("portent-tests", "tests", &["portent-event", "host-metrics", "wasmtime"]),
        package("xtask", "xtask", &["anyhow", "portent-event"]),
        package("portent-new", "components/new", &[]),
    ]);
    let expected = [
        "portent-event runs as wasm and must not name tokio",
        "portent-journal must not depend on portent-event",
        "host-metrics must not name wasmtime-wasi: only portent-embedded-host, portent-tests may",
        "portent-embedded-host must not depend on host-metrics",
        "xtask must not depend on portent-event",
        "portent-new (components/new) has no rule",
    ];
    assert_eq!(found, expected);
}
