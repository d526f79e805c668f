//! What is known of each crate: licence, origin, checksum.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::graph::Node;
use super::models;
use crate::build::{self, cargo};

/// Where the crates of the workspace come from.
const REPOSITORY: &str = "https://github.com/portent-serve/portent";

/// Everything that a bill may name.
#[derive(Debug)]
pub(super) struct Catalogue {
    crates: HashMap<(String, String), Crate>,
    checksums: HashMap<(String, String), String>,
    /// Version of the compiler, which the standard library has too.
    compiler: String,
    models: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
}

#[derive(Debug, Deserialize)]
struct Crate {
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
    repository: Option<String>,
    /// Registry that it is from; none for a crate of the workspace.
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Catalogue {
    /// Asks cargo and the compiler, and reads `Cargo.lock` and `models/`.
    pub(super) fn read() -> Result<Self> {
        let output = cargo().args(["metadata", "--locked", "--format-version", "1"]).output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo metadata failed: {}", error.trim());
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        let lock: Lock = toml::from_str(&std::fs::read_to_string(build::workspace().join("Cargo.lock"))?)?;
        let checksum = |locked: Locked| Some(((locked.name, locked.version), locked.checksum?));
        let by_name = |found: Crate| ((found.name.clone(), found.version.clone()), found);
        Ok(Self {
            crates: metadata.packages.into_iter().map(by_name).collect(),
            checksums: lock.package.into_iter().filter_map(checksum).collect(),
            compiler: build::compiler_version()?,
            models: models::components()?,
        })
    }

    /// What identifies a crate.
    pub(super) fn reference(&self, node: &Node) -> Result<Value> {
        Ok(purl(self.get(node)?).into())
    }

    /// A crate as a component.
    pub(super) fn component(&self, node: &Node) -> Result<Value> {
        let found = self.get(node)?;
        let license = found.license.as_deref();
        let license = license.with_context(|| format!("{} states no licence", node.name))?;
        let purl = purl(found);
        let mut component = json!({
            "type": "library",
            "bom-ref": purl,
            "name": found.name,
            "version": found.version,
            "licenses": [{ "expression": expression(license) }],
            "purl": purl,
        });
        if let Some(description) = &found.description {
            let words: Vec<&str> = description.split_whitespace().collect();
            component["description"] = words.join(" ").into();
        }
        if let Some(checksum) = self.checksums.get(&key(node)) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        if let Some(repository) = &found.repository {
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

    fn get(&self, node: &Node) -> Result<&Crate> {
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
fn purl(found: &Crate) -> String {
    // Build metadata of a version begins with a plus sign, which a package URL escapes.
    let purl = format!("pkg:cargo/{}@{}", found.name, found.version.replace('+', "%2B"));
    if found.source.is_some() { purl } else { format!("{purl}?vcs_url=git%2B{REPOSITORY}") }
}

fn key(node: &Node) -> (String, String) {
    (node.name.clone(), node.version.clone())
}
