//! The files that a component sees. They are copied at start into one directory, its read-only `/`.
//!
//! Spin does the same: a path means the same under both hosts, and neither shows a later change of a file.

use std::fmt::Display;
use std::fs;
use std::path::{Component, Path};

use tempfile::TempDir;

use crate::manifest::FilesMount;

/// Copies the files that the entries name, relative to `root`, into a directory, which dropping it deletes. `None` if
/// there are no entries. An error names the entry and the rule.
pub(crate) fn stage(
    root: &Path,
    mounts: &[FilesMount],
    excluded: &[String],
) -> Result<Option<TempDir>, String> {
    if mounts.is_empty() {
        return Ok(None);
    }
    let dir = tempfile::Builder::new().prefix("portent-").tempdir();
    let dir = dir.map_err(|error| invalid(std::env::temp_dir(), error))?;
    let excluded = excluded.iter().map(|pattern| parse_pattern(pattern)).collect::<Result<_, _>>()?;
    let stage = Stage { root, dest: dir.path(), excluded };
    mounts.iter().try_for_each(|mount| stage.add(mount))?;
    Ok(Some(dir))
}

struct Stage<'a> {
    root: &'a Path,
    dest: &'a Path,
    excluded: Vec<glob::Pattern>,
}

impl Stage<'_> {
    fn add(&self, mount: &FilesMount) -> Result<(), String> {
        match mount {
            FilesMount::Pattern(pattern) => self.add_pattern(pattern),
            FilesMount::Placement { source, destination } => self.add_placed(source, destination),
        }
    }

    fn add_pattern(&self, pattern: &str) -> Result<(), String> {
        let path = self.root.join(pattern);
        if path.is_dir() {
            return Err(invalid(pattern, "a directory: write DIR/**/* or { source = DIR, destination = … }"));
        }
        if path.is_file() {
            return self.copy(&path, Path::new(pattern));
        }
        if !pattern.contains(['*', '?', '[']) {
            return Err(invalid(pattern, "no such file, and not a pattern"));
        }
        self.copy_matching(&path, self.root, Path::new(""))
    }

    fn add_placed(&self, source: &str, destination: &str) -> Result<(), String> {
        let path = self.root.join(source);
        let dest = Path::new(destination.trim_start_matches('/'));
        if path.is_dir() {
            return self.copy_matching(&path.join("**/*"), &path, dest);
        }
        if !path.exists() {
            return Err(invalid(source, "no such file or directory"));
        }
        self.copy(&path, dest)
    }

    fn copy_matching(&self, pattern: &Path, prefix: &Path, dest: &Path) -> Result<(), String> {
        let text = pattern.to_str().ok_or_else(|| invalid(pattern, "not UTF-8"))?;
        let paths = glob::glob(text).map_err(|error| invalid(text, error.msg))?;
        for path in paths {
            let path = path.map_err(|error| invalid(error.path(), error.error()))?;
            let relative =
                path.strip_prefix(prefix).map_err(|_| invalid(text, "leads out of its directory"))?;
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

    fn copy(&self, source: &Path, dest: &Path) -> Result<(), String> {
        let inside = |path: &Path| !path.components().any(|part| part == Component::ParentDir);
        let relative = source.strip_prefix(self.root).ok().filter(|path| inside(path));
        if relative.is_none() {
            return Err(invalid(source, "outside the application's directory"));
        }
        if !inside(dest) || dest.is_absolute() || dest.as_os_str().is_empty() {
            return Err(invalid(dest, "not a place in the component's files"));
        }
        let dest = self.dest.join(dest);
        let parent = dest.parent().unwrap_or(self.dest);
        fs::create_dir_all(parent).map_err(|error| invalid(parent, error))?;
        fs::copy(source, &dest).map(drop).map_err(|error| invalid(source, error))
    }
}

fn parse_pattern(pattern: &str) -> Result<glob::Pattern, String> {
    glob::Pattern::new(pattern).map_err(|error| invalid(pattern, error.msg))
}

fn invalid(path: impl AsRef<Path>, problem: impl Display) -> String {
    format!("{}: {problem}", path.as_ref().display())
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

    fn names(files: &TempDir) -> Vec<String> {
        let found = glob::glob(&format!("{}/**/*", files.path().display())).unwrap();
        let files_only = found.map(Result::unwrap).filter(|path| path.is_file());
        files_only.map(|path| path.strip_prefix(files.path()).unwrap().display().to_string()).collect()
    }

    #[test]
    fn entries_land_where_spin_puts_them() {
        let app = app();
        let stage = |mounts: &[FilesMount]| names(&super::stage(app.path(), mounts, &[]).unwrap().unwrap());
        assert_eq!(stage(&[placed("models", "/m")]), ["m/a.portent", "m/old/b.portent"]);
        assert_eq!(stage(&[placed("note.txt", "/x/y.txt")]), ["x/y.txt"]);
        assert_eq!(stage(&[FilesMount::Pattern("models/*.portent".into())]), ["models/a.portent"]);
        assert_eq!(stage(&[FilesMount::Pattern("note.txt".into())]), ["note.txt"]);
        assert!(super::stage(app.path(), &[], &[]).unwrap().is_none());
    }

    #[test]
    fn excluded_files_stay_out() {
        let app = app();
        let excluded = ["models/old/*".to_owned()];
        let files = super::stage(app.path(), &[placed("models", "/m")], &excluded).unwrap().unwrap();
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
            assert!(super::stage(app.path(), std::slice::from_ref(&mount), &[]).is_err(), "{mount:?}");
        }
    }
}
