//! The manifests of the examples, for the shell under test.

use portent_tests::judge::workspace;

use crate::fixture::{IS_P3, Running};

/// An application in a folder of its own.
pub(super) struct Application {
    folder: tempfile::TempDir,
    text: String,
}

impl Application {
    /// The manifest in this folder of the repository.
    pub(super) fn of(folder: &str) -> Self {
        let text = std::fs::read_to_string(workspace().join(folder).join("spin.toml")).unwrap();
        let target = format!("{}target", "../".repeat(folder.split('/').count()));
        let text = text.replace(&target, &workspace().join("target").display().to_string());
        let shell = if IS_P3 { "predict_p3_scorer.wasm" } else { "predict_scorer.wasm" };
        Self { folder: tempfile::tempdir().unwrap(), text: text.replace("predict_scorer.wasm", shell) }
    }

    /// Another text in place of one that is there.
    pub(super) fn with(mut self, old: &str, new: &str) -> Self {
        assert!(self.text.contains(old), "{old}");
        self.text = self.text.replace(old, new);
        self
    }

    /// Its own folder, where other files may be put.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Writes the manifest and tells where it is.
    pub(super) fn write(&self) -> String {
        let path = self.folder.path().join("spin.toml");
        std::fs::write(&path, &self.text).unwrap();
        path.display().to_string()
    }

    pub(super) fn up(&self, arguments: &[&str]) -> Running {
        Running::up_from(&self.write(), arguments)
    }
}
