//! The artefacts and profiles that `--models` names, read at start and again when a model turns up that is not among them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use glob::Pattern;
use portent_event::Digest;

use super::metadata::ModelMetadata;

/// Least time between two readings, so that unknown digests cannot keep the disk busy.
const REREAD_PAUSE: Duration = Duration::from_secs(5);

/// Most models remembered. Models of removed files keep their names for late events.
const MODELS: usize = 256;

/// Largest file that is read as an artefact.
const FILE_BYTES: u64 = 256 << 20;

/// Why the artefacts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ModelStoreError {
    /// The path or pattern is malformed.
    #[error("--models {pattern}: {reason}")]
    Pattern {
        /// As given.
        pattern: String,
        /// The problem.
        reason: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file is neither an intact artefact nor, in JSON, the profile of a model.
    #[error("{path}: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// More models than are remembered.
    #[error("more than {MODELS} models")]
    TooMany,
}

/// The models known at one moment, by digest.
pub type Models = BTreeMap<Digest, Arc<ModelMetadata>>;

/// Models by pattern of their files.
#[derive(Debug)]
pub struct ModelStore {
    patterns: Vec<String>,
    loaded: Mutex<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    models: Arc<Models>,
    read_at: Instant,
}

impl ModelStore {
    /// Reads every file that a path or pattern names. A pattern without a match is only warned of: the
    /// first model may be deployed later.
    ///
    /// # Errors
    /// [`ModelStoreError`] for a malformed pattern and for the first file that is not an intact artefact.
    pub fn open(patterns: Vec<String>) -> Result<Self, ModelStoreError> {
        for pattern in &patterns {
            Pattern::new(pattern)
                .map_err(|error| ModelStoreError::Pattern { pattern: pattern.clone(), reason: error.msg })?;
        }
        let mut models = Models::default();
        for pattern in &patterns {
            let paths = matches(pattern);
            if paths.is_empty() {
                tracing::warn!(pattern, "no model artefact matches");
            }
            for path in paths {
                put(read_metadata(&path)?, &mut models)?;
            }
        }
        let loaded = Mutex::new(Loaded { models: Arc::new(models), read_at: Instant::now() });
        Ok(Self { patterns, loaded })
    }

    /// The models known now.
    #[must_use]
    pub fn models(&self) -> Arc<Models> {
        Arc::clone(&self.loaded().models)
    }

    /// Adds a model that a service has described.
    ///
    /// # Errors
    /// [`ModelStoreError::TooMany`] if no more are remembered.
    pub fn learn(&self, metadata: ModelMetadata) -> Result<(), ModelStoreError> {
        put(metadata, Arc::make_mut(&mut self.loaded().models))
    }

    /// The models, after reading the files again if one of these digests is unknown and the last reading is
    /// not too recent.
    pub fn models_for<'a>(&self, mut digests: impl Iterator<Item = &'a Digest>) -> Arc<Models> {
        let mut loaded = self.loaded();
        let is_unknown = digests.any(|digest| !loaded.models.contains_key(digest));
        if is_unknown && loaded.read_at.elapsed() >= REREAD_PAUSE {
            loaded.read_at = Instant::now();
            let models = Arc::make_mut(&mut loaded.models);
            for path in self.patterns.iter().flat_map(|pattern| matches(pattern)) {
                // The file may be in the middle of being written. The next reading finds it complete.
                if let Err(error) = read_metadata(&path).and_then(|metadata| put(metadata, models)) {
                    tracing::warn!(%error, "model artefact ignored");
                }
            }
            tracing::info!(models = models.len(), "model artefacts read again");
        }
        Arc::clone(&loaded.models)
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files that a pattern names. A directory that cannot be listed has none.
fn matches(pattern: &str) -> Vec<PathBuf> {
    glob::glob(pattern).into_iter().flatten().filter_map(Result::ok).collect()
}

fn put(metadata: ModelMetadata, models: &mut Models) -> Result<(), ModelStoreError> {
    if models.len() >= MODELS && !models.contains_key(&metadata.digest) {
        return Err(ModelStoreError::TooMany);
    }
    models.insert(metadata.digest, Arc::new(metadata));
    Ok(())
}

fn read_metadata(path: &Path) -> Result<ModelMetadata, ModelStoreError> {
    let unreadable = |error| ModelStoreError::Read { path: path.to_owned(), error };
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES {
        return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
    }
    let file = std::fs::read(path).map_err(unreadable)?;
    let metadata = if file.starts_with(b"{") {
        ModelMetadata::of_profile(&file).map_err(|error| error.to_string())
    } else {
        ModelMetadata::read(&file).map_err(|error| error.to_string())
    };
    metadata.map_err(|reason| ModelStoreError::Invalid { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{artefact, digest};

    fn store(directory: &Path) -> Result<ModelStore, ModelStoreError> {
        ModelStore::open(vec![directory.join("*.portent").display().to_string()])
    }

    fn let_pause_pass(store: &ModelStore) {
        store.loaded.lock().unwrap().read_at -= REREAD_PAUSE;
    }

    #[test]
    fn a_model_deployed_later_is_found_when_it_is_used() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.portent"), artefact("1")).unwrap();
        let store = store(directory.path()).unwrap();
        assert_eq!(store.models().len(), 1);
        std::fs::write(directory.path().join("b.portent"), artefact("2")).unwrap();
        assert!(
            !store.models_for([digest("2")].iter()).contains_key(&digest("2")),
            "too soon after the last reading"
        );
        let_pause_pass(&store);
        assert!(
            !store.models_for([digest("1")].iter()).contains_key(&digest("2")),
            "nothing unknown was asked for"
        );
        assert!(store.models_for([digest("2")].iter()).contains_key(&digest("2")));
    }

    #[test]
    fn a_profile_and_what_a_service_tells_are_models_too() {
        let directory = tempfile::tempdir().unwrap();
        let service = r#"{"sha256":"SHA","app":"a","model_name":"m","model_type":"t","version":"1","classes":[{"name":"c"}],
            "score":{"edges":[]},"features":[{"name":"f","edges":[0.5]}]}"#;
        let profile = |digit: &str| service.replace("SHA", &digit.repeat(64));
        std::fs::write(directory.path().join("a.portent"), profile("1")).unwrap();
        let store = store(directory.path()).unwrap();
        assert!(store.models().contains_key(&portent_event::Digest([0x11; 32])));
        store.learn(ModelMetadata::of_profile(profile("2").as_bytes()).unwrap()).unwrap();
        let_pause_pass(&store);
        let models = store.models_for([digest("2")].iter());
        assert_eq!(models.len(), 2, "a later reading forgets nothing");
        std::fs::write(directory.path().join("b.portent"), "{}").unwrap();
        let error = ModelStore::open(store.patterns).unwrap_err().to_string();
        assert!(error.contains("b.portent: not the answer of /model/profile: missing field"), "{error}");
    }

    /// A file that is removed or half written later takes no name away from the counts.
    #[test]
    fn a_later_reading_forgets_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let (first, second) = (directory.path().join("a.portent"), directory.path().join("b.portent"));
        std::fs::write(&first, artefact("1")).unwrap();
        let store = store(directory.path()).unwrap();
        std::fs::write(&first, &artefact("2")[..100]).unwrap();
        std::fs::write(second, artefact("2")).unwrap();
        let_pause_pass(&store);
        let models = store.models_for([digest("2")].iter());
        assert!(models.contains_key(&digest("1")) && models.contains_key(&digest("2")));
    }

    #[test]
    fn what_cannot_be_read_at_the_start_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        assert!(store(directory.path()).unwrap().models().is_empty());
        std::fs::write(directory.path().join("broken.portent"), "not a model").unwrap();
        let error = store(directory.path()).unwrap_err().to_string();
        assert!(error.ends_with("broken.portent: not a Portent model artefact"), "{error}");
        let error = ModelStore::open(vec!["a***".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("--models a***: "), "{error}");
    }
}
