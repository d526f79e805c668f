//! The shipped models as components.

use anyhow::{Context as _, Result};
use portent_model::Model;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::build;

/// Every artefact of `models/`, by the name of its file.
pub(super) fn components() -> Result<Vec<Value>> {
    let mut files: Vec<_> = std::fs::read_dir(build::workspace().join("models"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "portent"));
    files.sort();
    files
        .iter()
        .map(|file| {
            let bytes = std::fs::read(file)?;
            let model = Model::open(&bytes).with_context(|| format!("cannot read {}", file.display()))?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let reference = format!("model:{name}@{}", model.version());
            Ok(json!({
                "type": "machine-learning-model",
                "bom-ref": reference,
                "name": name,
                "version": model.version(),
                "description": format!("{} ({}) in one artefact", model.name(), model.model_type()),
                "scope": "required",
                "licenses": [{ "expression": "Apache-2.0" }],
                "hashes": [{ "alg": "SHA-256", "content": hex(&Sha256::digest(&bytes)) }],
                // `sha256` of the metric model_info: of the content behind the header, not of the file.
                "properties": [{ "name": "portent:model_info:sha256", "value": model.digest().to_string() }],
            }))
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
