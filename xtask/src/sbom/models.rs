//! The shipped models as components.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::build;

/// Every artefact of `models/`, by the name of its file.
pub(super) fn components() -> Result<Vec<Value>> {
    let mut files: Vec<_> = std::fs::read_dir(build::workspace().join("models"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "portent"));
    files.sort();
    files.iter().map(|file| component(file)).collect()
}

fn component(file: &Path) -> Result<Value> {
    let card = file.with_extension("md");
    let text = std::fs::read_to_string(&card).with_context(|| format!("cannot read {}", card.display()))?;
    let Card { name: model, kind, version, digest } =
        Card::parse(&text).with_context(|| format!("{} does not name its model", card.display()))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(json!({
        "type": "machine-learning-model",
        "bom-ref": format!("model:{name}@{version}"),
        "name": name,
        "version": version,
        "description": format!("{model} ({kind}) in one artefact"),
        "scope": "required",
        "licenses": [{ "expression": "Apache-2.0" }],
        "hashes": [{ "alg": "SHA-256", "content": sha256(file)? }],
        // `sha256` of the metric model_info: of the content behind the header, not of the file.
        "properties": [{ "name": "portent:model_info:sha256", "value": digest }],
    }))
}

/// A model as its card names it. `portent train` writes the card together with the artefact.
#[derive(Debug, PartialEq)]
struct Card<'t> {
    name: &'t str,
    kind: &'t str,
    version: &'t str,
    digest: &'t str,
}

impl<'t> Card<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let row = |title: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix("| ")?.strip_prefix(title));
            found?.strip_prefix(" | ")?.strip_suffix(" |")
        };
        let mut model = row("model")?.split(", ");
        let name = model.next()?.trim_matches('`');
        let (kind, version) = (model.next()?, model.next()?.strip_prefix("version ")?);
        Some(Self { name, kind, version, digest: row("SHA-256")?.trim_matches('`') })
    }
}

/// The digest of a file, by coreutils: hashing is not worth a dependency here.
fn sha256(file: &Path) -> Result<String> {
    let output = Command::new("sha256sum").arg(file).output().context("cannot run sha256sum")?;
    ensure!(output.status.success(), "sha256sum cannot read {}", file.display());
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().next().context("sha256sum printed nothing")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_names_its_model() {
        let card = "# Model card: a\n\n| | |\n|---|---|\n| model | `a_b`, Forest, version 1.2.0 |\n| SHA-256 | `0f` |\n";
        let expected = Card { name: "a_b", kind: "Forest", version: "1.2.0", digest: "0f" };
        assert_eq!(Card::parse(card), Some(expected));
        assert_eq!(Card::parse("# Model card: a\n"), None);
    }
}
