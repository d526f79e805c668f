//! Dashboards before the types that Grafana publishes, where no unknown key is allowed. Node and the packages of
//! `tests/external_checkers/grafana_schema` are external checkers.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portent_tests::external::{self, workspace};
use portent_tests::{dashboard, deploy};
use serde_json::{Value, json};

/// Checks files, in the folder where the packages were installed.
fn checked(files: &[PathBuf]) -> Option<Output> {
    let node = external::program("node")?;
    let packages = workspace().join("target/external-checkers/grafana");
    let installed = packages.join("node_modules/@grafana/schema/package.json").is_file();
    let packages = external::found(installed.then_some(packages), "@grafana/schema")?;
    let own = workspace().join("tests/external_checkers/grafana_schema");
    for file in ["check.mjs", "panels.ts", "tsconfig.json"] {
        std::fs::copy(own.join(file), packages.join(file)).unwrap();
    }
    Some(Command::new(node).current_dir(&packages).arg("check.mjs").args(files).output().unwrap())
}

fn shipped() -> Vec<PathBuf> {
    deploy::files("grafana/dashboards", ".json")
}

/// Faults, each by the place of a value, what it becomes, and words of the complaint.
fn faults() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/panels/1/optoins", json!({}), "optoins"),
        ("/panels/1/options/colourMode", json!("value"), "colourMode"),
        ("/panels/1/options/colorMode", json!("foreground"), "colorMode"),
        ("/panels/1/fieldConfig/defaults/units", json!("s"), "units"),
        ("/panels/1/targets/0/query", json!("up"), "query"),
        ("/panels/1/gridPos/w", json!("4"), "/panels/1/gridPos/w"),
        ("/panels/1/type", json!("graph"), "graph"),
        ("/panels/7/fieldConfig/defaults/custom/linewidth", json!(1), "linewidth"),
        ("/panels/7/fieldConfig/overrides/0/properties/0/id", json!("colour"), "properties colour"),
        ("/panels/7/options/tooltip/sort", json!("down"), "/panels/7/options/tooltip/sort"),
        ("/templating/list/1/multiple", json!(true), "multiple"),
        ("/refresh", json!(30), "/refresh"),
        ("/annotation", json!({}), "annotation"),
    ]
}

fn broken(folder: &Path) -> Vec<PathBuf> {
    let sound = &dashboard::shipped().pop().unwrap().json;
    let mut files = Vec::new();
    for (index, (place, value, _)) in faults().into_iter().enumerate() {
        let mut json = sound.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        json.pointer_mut(parent).unwrap()[key] = value;
        files.push(folder.join(format!("fault-{index}.json")));
        std::fs::write(&files[index], json.to_string()).unwrap();
    }
    files
}

#[test]
fn grafana_knows_every_key_and_no_fault_passes() {
    let folder = tempfile::tempdir().unwrap();
    let files = [shipped(), broken(folder.path())].concat();
    let Some(output) = checked(&files) else { return };
    let (report, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&report).unwrap_or_else(|_| unreachable!("{report}{errors}"));
    let complaints = |file: &PathBuf| report[file.to_str().unwrap()].as_array().unwrap();
    let mut wrong = String::new();
    for file in shipped() {
        complaints(&file).iter().for_each(|one| writeln!(wrong, "{}: {one}", file.display()).unwrap());
    }
    assert!(wrong.is_empty(), "{wrong}");
    for (file, (place, _, words)) in broken(folder.path()).iter().zip(faults()) {
        let found = complaints(file);
        let is_found = found.iter().any(|one| one.as_str().unwrap().contains(words));
        assert!(is_found, "{place}: {found:?}");
    }
}
