//! Licence, origin and checksum of each crate.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::graph::Node;
use super::models;
use crate::build::{self, cargo};

/// Where the crates of the workspace come from.
const REPOSITORY: &str = "https://github.com/portent-serve/portent";

/// Everything that a bill of materials can name.
#[derive(Debug)]
pub(super) struct Catalogue {
    crates: HashMap<(String, String), Value>,
    checksums: HashMap<(String, String), String>,
    /// Version of the compiler, which the standard library has too.
    compiler: String,
    models: Vec<Value>,
}

impl Catalogue {
    /// Asks cargo and the compiler, and reads `Cargo.lock` and `models/`.
    pub(super) fn read() -> Result<Self> {
        let output = cargo().args(["metadata", "--locked", "--format-version", "1"]).output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo metadata failed: {}", error.trim());
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
        let by_name =
            |found: &Value| Some(((field(found, "name")?, field(found, "version")?), found.clone()));
        Ok(Self {
            crates: packages.iter().filter_map(by_name).collect(),
            checksums: checksums(&std::fs::read_to_string(build::workspace().join("Cargo.lock"))?),
            compiler: build::compiler_version()?,
            models: models::components()?,
        })
    }

    /// What identifies a crate.
    pub(super) fn reference(&self, node: &Node) -> Result<Value> {
        Ok(purl(node, self.get(node)?).into())
    }

    /// A crate as a component.
    pub(super) fn component(&self, node: &Node) -> Result<Value> {
        let found = self.get(node)?;
        let license = field(found, "license");
        let license = license.with_context(|| format!("{} states no licence", node.name))?;
        let purl = purl(node, found);
        let mut component = json!({
            "type": "library",
            "bom-ref": purl,
            "name": node.name,
            "version": node.version,
            "licenses": [{ "expression": expression(&license) }],
            "purl": purl,
        });
        if let Some(description) = field(found, "description") {
            let words: Vec<&str> = description.split_whitespace().collect();
            component["description"] = words.join(" ").into();
        }
        if let Some(checksum) = self.checksums.get(&key(node)) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        if let Some(repository) = field(found, "repository") {
            component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
        }
        Ok(component)
    }

    /// The standard library, which is in every program and in no lock file.
    pub(super) fn standard_library(&self) -> Value {
        let purl = format!("pkg:generic/rust-std@{}", self.compiler);
        json!({
            "type": "library",
            "bom-ref": purl,
            "name": "rust-std",
            "version": self.compiler,
            "description": "Rust's standard library, with the C library that it brings for the target",
            "scope": "required",
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            "purl": purl,
            "externalReferences": [{ "type": "vcs", "url": "https://github.com/rust-lang/rust" }],
        })
    }

    /// The models that are built into the component and copied into the image.
    pub(super) fn models(&self) -> Vec<Value> {
        self.models.clone()
    }

    fn get(&self, node: &Node) -> Result<&Value> {
        let found = self.crates.get(&key(node));
        found.with_context(|| format!("cargo metadata has no {} {}", node.name, node.version))
    }
}

/// A licence as SPDX writes it. A slash is the choice of old manifests; of `MPL-2.0+`, this version or a later one, for
/// which SPDX has no name, this version is taken.
pub(super) fn expression(license: &str) -> String {
    license.split('/').map(|choice| choice.trim().trim_end_matches('+')).collect::<Vec<_>>().join(" OR ")
}

/// The package URL: of a crate of the workspace one that no crate of the registry has.
fn purl(node: &Node, found: &Value) -> String {
    // Build metadata of a version begins with a plus sign, which a package URL escapes.
    let purl = format!("pkg:cargo/{}@{}", node.name, node.version.replace('+', "%2B"));
    if found["source"].is_string() { purl } else { format!("{purl}?vcs_url=git%2B{REPOSITORY}") }
}

fn key(node: &Node) -> (String, String) {
    (node.name.clone(), node.version.clone())
}

/// A text of a package in cargo's metadata.
fn field(found: &Value, name: &str) -> Option<String> {
    found[name].as_str().map(str::to_owned)
}

/// The checksums of `Cargo.lock`, by name and version. Cargo writes each key on a line of its own, the checksum last.
fn checksums(lock: &str) -> HashMap<(String, String), String> {
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        Some(line?.strip_suffix('"')?.to_owned())
    };
    let entry = |package: &str| {
        Some(((value(package, "name")?, value(package, "version")?), value(package, "checksum")?))
    };
    lock.split("[[package]]").filter_map(entry).collect()
}
