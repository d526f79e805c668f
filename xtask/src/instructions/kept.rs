//! The counts that the repository keeps.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::build;

use super::count::Counted;

/// Counts, and the compiler that they are of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// Version of Rust.
    pub(crate) compiler: String,
    /// Instructions of one request, by input.
    pub(crate) instructions: BTreeMap<String, u64>,
}

impl Kept {
    pub(crate) fn new(compiler: String, counted: &[Counted]) -> Self {
        let instructions =
            counted.iter().map(|counted| (counted.name.clone(), counted.instructions)).collect();
        Self { compiler, instructions }
    }

    pub(crate) fn read() -> Result<Self> {
        let file = file();
        let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not as written", file.display()))
    }

    pub(crate) fn write(&self) -> Result<()> {
        let file = file();
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("wrote {}", file.display());
        Ok(())
    }

    /// A sentence on each kept input that is no longer counted.
    pub(crate) fn unknown(&self, counted: &[Counted]) -> Vec<String> {
        let names = self.instructions.keys();
        let gone = names.filter(|name| counted.iter().all(|counted| counted.name != **name));
        gone.map(|name| format!("{name} is kept, but there is no such input")).collect()
    }
}

fn file() -> PathBuf {
    build::workspace().join("tests/instructions/counts.json")
}
