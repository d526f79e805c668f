//! `cargo xtask sbom`: writes the bill of materials of each shipped program, in CycloneDX.
//!
//! cargo-cyclonedx was tried. It lists the crates of the whole workspace, which are more than one build takes, and names
//! the workspace's crates by their path on the machine. `cargo tree` lists the crates of one build.

mod catalogue;
mod graph;
mod models;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::build::{self, WASM_TARGET};

use catalogue::Catalogue;
use graph::Graph;

/// A program that is shipped, as it is built for that.
#[derive(Debug)]
struct Subject {
    package: &'static str,
    target: &'static str,
}

const SUBJECTS: [Subject; 2] = [
    Subject { package: "predict", target: WASM_TARGET },
    Subject { package: "host-metrics", target: "x86_64-unknown-linux-musl" },
];

/// Options of `cargo xtask sbom`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder in which PACKAGE.cdx.json is written for each shipped program; target/sbom by default.
    #[arg(long)]
    output: Option<PathBuf>,
}

/// Writes a bill of materials for each shipped program.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = arguments.output.clone().unwrap_or_else(|| build::target_directory().join("sbom"));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let catalogue = Catalogue::read()?;
    for subject in &SUBJECTS {
        let file = folder.join(format!("{}.cdx.json", subject.package));
        let text = serde_json::to_string_pretty(&bill(subject, &catalogue)?)? + "\n";
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("wrote {}", file.display());
    }
    Ok(())
}

/// The bill of one program. It holds no time and no number of its own: the same sources have the same bill.
fn bill(subject: &Subject, catalogue: &Catalogue) -> Result<Value> {
    let graph = Graph::read(subject)?;
    let mut main = catalogue.component(&graph.root)?;
    main["type"] = "application".into();
    let mut components = catalogue.models();
    components.push(catalogue.standard_library());
    // What is in the program beside crates hangs on its root.
    let beside: Vec<Value> = components.iter().map(|component| component["bom-ref"].clone()).collect();
    for node in graph.edges.keys().filter(|node| **node != graph.root) {
        let mut component = catalogue.component(node)?;
        let scope = if graph.linked.contains(node) { "required" } else { "excluded" };
        component["scope"] = scope.into();
        components.push(component);
    }
    let mut dependencies: Vec<Value> =
        beside.iter().map(|reference| json!({ "ref": reference, "dependsOn": [] })).collect();
    for (node, needs) in &graph.edges {
        let mut needs = needs.iter().map(|need| catalogue.reference(need)).collect::<Result<Vec<_>>>()?;
        if *node == graph.root {
            needs.extend(beside.iter().cloned());
        }
        dependencies.push(json!({ "ref": catalogue.reference(node)?, "dependsOn": needs }));
    }
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{ "phase": "build" }],
            "tools": { "components": [{ "type": "application", "name": "cargo xtask sbom" }] },
            "component": main,
            "properties": [{ "name": "portent:target", "value": subject.target }],
        },
        "components": components,
        "dependencies": dependencies,
    }))
}
