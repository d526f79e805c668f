//! The counts that the repository keeps.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::build;

use super::count::Counted;

/// Counts, and the compiler that they are of.
#[derive(Debug)]
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
        let value: Value =
            serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", file.display()))?;
        let compiler = value["compiler"].as_str();
        let instructions = value["instructions"].as_object().and_then(|counts| {
            counts.iter().map(|(name, count)| Some((name.clone(), count.as_u64()?))).collect()
        });
        let kept = compiler
            .zip(instructions)
            .map(|(compiler, instructions)| Self { compiler: compiler.to_owned(), instructions });
        kept.with_context(|| {
            format!("{} needs a compiler, and instructions that are numbers", file.display())
        })
    }

    pub(crate) fn write(&self) -> Result<()> {
        let file = file();
        let Self { compiler, instructions } = self;
        let value = json!({ "compiler": compiler, "instructions": instructions });
        let text = serde_json::to_string_pretty(&value)? + "\n";
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
