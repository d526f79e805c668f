//! Rendering by `kubectl kustomize`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use portent_tests::{deploy, external};

/// Components that go with any others.
const FREE: [&str; 5] = ["monitoring", "pdb", "otel", "log-tailing", "ingress"];

/// Components of which one at most may be used.
const SCALERS: [Option<&str>; 3] = [None, Some("hpa"), Some("keda")];

/// Every overlay, and the base with every combination of components, by a name for each.
pub(crate) fn all() -> Option<&'static BTreeMap<String, String>> {
    static RENDERINGS: LazyLock<Option<BTreeMap<String, String>>> = LazyLock::new(render_all);
    RENDERINGS.as_ref()
}

fn render_all() -> Option<BTreeMap<String, String>> {
    let kubectl = kubectl()?;
    let mut texts = BTreeMap::new();
    for overlay in ["kind", "prod"] {
        let folder = deploy::path("spinkube/overlays").join(overlay);
        texts.insert(format!("overlay {overlay}"), render(&kubectl, &folder).unwrap());
    }
    for chosen in 0..1_u32 << FREE.len() {
        for scaler in SCALERS {
            let free = (0..FREE.len()).filter(|bit| chosen >> bit & 1 == 1).map(|bit| FREE[bit]);
            let components: Vec<_> = free.chain(scaler).collect();
            let text = combine(&kubectl, &components).unwrap();
            texts.insert(format!("base + {}", components.join(" + ")), text);
        }
    }
    Some(texts)
}

/// The base with these components, or why kustomize refuses it.
pub(crate) fn combination(components: &[&str]) -> Option<Result<String, String>> {
    kubectl().map(|kubectl| combine(&kubectl, components))
}

/// No package registry has it.
fn kubectl() -> Option<PathBuf> {
    external::optional_program("PORTENT_KUBECTL", "kubectl")
}

fn combine(kubectl: &Path, components: &[&str]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    // kustomize follows relative paths only.
    let root = folder.path().canonicalize().unwrap();
    let up = "../".repeat(root.components().count() - 1);
    let tree = deploy::path("spinkube").canonicalize().unwrap();
    let tree = format!("{up}{}", tree.display().to_string().trim_start_matches('/'));
    let mut text = format!("resources:\n- {tree}/base\ncomponents:\n");
    text.extend(components.iter().map(|component| format!("- {tree}/components/{component}\n")));
    std::fs::write(root.join("kustomization.yaml"), text).unwrap();
    render(kubectl, &root)
}

fn render(kubectl: &Path, folder: &Path) -> Result<String, String> {
    let output = Command::new(kubectl).arg("kustomize").arg(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}
