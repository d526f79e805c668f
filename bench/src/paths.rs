//! Places of the repository and of what is built. `cargo xtask bench` builds; this program measures.

use std::path::{Path, PathBuf};

/// Root of the repository.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Cargo's target directory.
pub(crate) fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// A program built with the release profile.
pub(crate) fn program(name: &str) -> PathBuf {
    target_directory().join("release").join(name)
}

/// A built component, by the name of its file without `.wasm`.
pub(crate) fn component(name: &str) -> PathBuf {
    target_directory().join("wasm32-wasip2/wasm").join(name).with_extension("wasm")
}
