//! The files that a component sees: copied at start into one directory, which is its `/`, read-only.
//!
//! Spin does the same, so a path means the same under both hosts, and a file changed while the host runs
//! changes under neither.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use super::manifest::FilesMount;

/// A component's files; they go when this is dropped.
#[derive(Debug)]
pub(crate) struct Files(TempDir);

/// Why files cannot be given to a component.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Reading or copying failed.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The entry breaks a rule.
    #[error("{entry:?}: {rule}")]
    Rule {
        /// The entry, or the file that it names.
        entry: String,
        /// The rule.
        rule: &'static str,
    },
}

impl Files {
    /// Copies what the entries name, relative to `root`; `None` if there are no entries.
    pub(crate) fn stage(
        root: &Path,
        mounts: &[FilesMount],
        excluded: &[String],
    ) -> Result<Option<Self>, FilesError> {
        if mounts.is_empty() {
            return Ok(None);
        }
        let dir = tempfile::Builder::new().prefix("portent-").tempdir();
        let dir = dir.map_err(|error| FilesError::Io { path: std::env::temp_dir(), error })?;
        let excluded = excluded.iter().map(|pattern| parse_pattern(pattern)).collect::<Result<_, _>>()?;
        let stage = Stage { root, dest: dir.path(), excluded };
        mounts.iter().try_for_each(|mount| stage.add(mount))?;
        Ok(Some(Self(dir)))
    }

    /// The directory to show to the component as `/`.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

struct Stage<'a> {
    root: &'a Path,
    dest: &'a Path,
    excluded: Vec<glob::Pattern>,
}

impl Stage<'_> {
    fn add(&self, mount: &FilesMount) -> Result<(), FilesError> {
        match mount {
            FilesMount::Pattern(pattern) => self.add_pattern(pattern),
            FilesMount::Placement { source, destination } => self.add_placed(source, destination),
        }
    }

    fn add_pattern(&self, pattern: &str) -> Result<(), FilesError> {
        let path = self.root.join(pattern);
        if path.is_dir() {
            return Err(rule(pattern, "a directory: write DIR/**/* or { source = DIR, destination = … }"));
        }
        if path.is_file() {
            return self.copy(&path, Path::new(pattern));
        }
        if !pattern.contains(['*', '?', '[']) {
            return Err(rule(pattern, "no such file, and not a pattern"));
        }
        self.copy_matching(&path, self.root, Path::new(""))
    }

    fn add_placed(&self, source: &str, destination: &str) -> Result<(), FilesError> {
        let path = self.root.join(source);
        let dest = Path::new(destination.trim_start_matches('/'));
        if path.is_dir() {
            return self.copy_matching(&path.join("**/*"), &path, dest);
        }
        if !path.exists() {
            return Err(rule(source, "no such file or directory"));
        }
        self.copy(&path, dest)
    }

    fn copy_matching(&self, pattern: &Path, prefix: &Path, dest: &Path) -> Result<(), FilesError> {
        let text = pattern.to_str().ok_or_else(|| rule(&pattern.to_string_lossy(), "not UTF-8"))?;
        let paths = glob::glob(text).map_err(|error| rule(text, error.msg))?;
        for path in paths {
            let path = path.map_err(|error| io_error(error.path(), error.error().kind().into()))?;
            let relative = path.strip_prefix(prefix).map_err(|_| rule(text, "leads out of its directory"))?;
            if path.is_file() && !self.is_excluded(&path) {
                self.copy(&path, &dest.join(relative))?;
            }
        }
        Ok(())
    }

    fn is_excluded(&self, path: &Path) -> bool {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        self.excluded.iter().any(|pattern| pattern.matches_path(relative))
    }

    fn copy(&self, source: &Path, dest: &Path) -> Result<(), FilesError> {
        let inside = |path: &Path| !path.components().any(|part| part == Component::ParentDir);
        let relative = source.strip_prefix(self.root).ok().filter(|path| inside(path));
        if relative.is_none() {
            return Err(rule(&source.to_string_lossy(), "outside the application's directory"));
        }
        if !inside(dest) || dest.is_absolute() || dest.as_os_str().is_empty() {
            return Err(rule(&dest.to_string_lossy(), "not a place in the component's files"));
        }
        let dest = self.dest.join(dest);
        let parent = dest.parent().unwrap_or(self.dest);
        fs::create_dir_all(parent).map_err(|error| io_error(parent, error))?;
        fs::copy(source, &dest).map(drop).map_err(|error| io_error(source, error))
    }
}

fn parse_pattern(pattern: &str) -> Result<glob::Pattern, FilesError> {
    glob::Pattern::new(pattern).map_err(|error| rule(pattern, error.msg))
}

fn rule(entry: &str, rule: &'static str) -> FilesError {
    FilesError::Rule { entry: entry.to_owned(), rule }
}

fn io_error(path: &Path, error: io::Error) -> FilesError {
    FilesError::Io { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> TempDir {
        let app = TempDir::new().unwrap();
        for (path, text) in [("models/a.portent", "a"), ("models/old/b.portent", "b"), ("note.txt", "n")] {
            let path = app.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        app
    }

    fn placed(source: &str, destination: &str) -> FilesMount {
        FilesMount::Placement { source: source.to_owned(), destination: destination.to_owned() }
    }

    fn names(files: &Files) -> Vec<String> {
        let found = glob::glob(&format!("{}/**/*", files.path().display())).unwrap();
        let files_only = found.map(Result::unwrap).filter(|path| path.is_file());
        files_only.map(|path| path.strip_prefix(files.path()).unwrap().display().to_string()).collect()
    }

    #[test]
    fn entries_land_where_spin_puts_them() {
        let app = app();
        let stage = |mounts: &[FilesMount]| names(&Files::stage(app.path(), mounts, &[]).unwrap().unwrap());
        assert_eq!(stage(&[placed("models", "/m")]), ["m/a.portent", "m/old/b.portent"]);
        assert_eq!(stage(&[placed("note.txt", "/x/y.txt")]), ["x/y.txt"]);
        assert_eq!(stage(&[FilesMount::Pattern("models/*.portent".into())]), ["models/a.portent"]);
        assert_eq!(stage(&[FilesMount::Pattern("note.txt".into())]), ["note.txt"]);
        assert!(Files::stage(app.path(), &[], &[]).unwrap().is_none());
    }

    #[test]
    fn excluded_files_stay_out() {
        let app = app();
        let excluded = ["models/old/*".to_owned()];
        let files = Files::stage(app.path(), &[placed("models", "/m")], &excluded).unwrap().unwrap();
        assert_eq!(names(&files), ["m/a.portent"]);
    }

    #[test]
    fn nothing_leads_out() {
        let app = app();
        let bad = [
            placed("../etc", "/x"),
            placed("/etc/passwd", "/x"),
            placed("note.txt", "../x"),
            placed("note.txt", "/"),
            placed("missing", "/x"),
            FilesMount::Pattern("models".into()),
            FilesMount::Pattern("missing.txt".into()),
        ];
        for mount in bad {
            assert!(Files::stage(app.path(), std::slice::from_ref(&mount), &[]).is_err(), "{mount:?}");
        }
    }
}
