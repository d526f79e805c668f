//! The manifests of the examples, for either build of the component.

use portent_tests::external::workspace;

use crate::fixture::{Build, Running};

/// An application in a folder of its own.
pub(super) struct Application {
    folder: tempfile::TempDir,
    text: String,
}

impl Application {
    /// The manifest in this folder of the repository.
    pub(super) fn of(folder: &str, build: Build) -> Self {
        let text = std::fs::read_to_string(workspace().join(folder).join("spin.toml")).unwrap();
        let text = text.replace("../../target", &workspace().join("target").display().to_string());
        let component = match build {
            Build::P2 => "predict_scorer.wasm",
            Build::P3 => "predict_p3_scorer.wasm",
        };
        Self { folder: tempfile::tempdir().unwrap(), text: text.replace("predict_scorer.wasm", component) }
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
