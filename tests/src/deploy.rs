//! What stands in `deploy/`, as values.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::external::workspace;

/// The place of a file below `deploy/`.
#[must_use]
pub fn path(relative: &str) -> PathBuf {
    workspace().join("deploy").join(relative)
}

/// The files of a folder below `deploy/`, and of those in it, that end so; sorted.
///
/// # Panics
/// If there is none, or the folder cannot be read.
#[must_use]
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&path(folder), ending, &mut found);
    found.sort();
    assert!(!found.is_empty(), "deploy/{folder} has no {ending}");
    found
}

/// The documents of a YAML text, without empty ones.
///
/// # Errors
/// If it is no YAML: the place and the reason.
pub fn yaml(text: &str) -> Result<Vec<Value>, String> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder);
    assert!(entries.is_ok(), "cannot read {}", folder.display());
    for entry in entries.into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_one_by_one() {
        let text = "a: 1\n---\n---\nb: [x, \"1\"]\nc: |2\n    f(x)\n  > 1\n";
        let expected =
            [serde_json::json!({"a": 1}), serde_json::json!({"b": ["x", "1"], "c": "  f(x)\n> 1\n"})];
        assert_eq!(yaml(text).unwrap(), expected);
        assert!(yaml("a: [").unwrap_err().contains("1"));
    }
}
