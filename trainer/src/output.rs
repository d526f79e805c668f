//! Writing files whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes beside `path`, then renames: whoever reads sees the old file or the new one, never half of it.
///
/// # Errors
/// As of the file system; nothing is left behind.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically_by(path, |file| file.write_all(bytes))
}

/// The same for what is too large to be held at once: `write` is given the file.
///
/// # Errors
/// As of the file system, and of `write`; nothing is left behind.
pub fn write_atomically_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    let temporary = path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let written = create(&temporary, write).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() && temporary.exists() {
        fs::remove_file(&temporary)?;
    }
    written
}

fn create(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    write(&mut file)?;
    file.into_inner()?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.portent");
        write_atomically(&path, b"a longer first version").unwrap();
        write_atomically(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(folder.path()), ["model.portent"]);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.portent");
        fs::create_dir_all(path.join("in the way")).unwrap();
        write_atomically(&path, b"bytes").unwrap_err();
        assert_eq!(names(folder.path()), ["model.portent"]);
        write_atomically(&folder.path().join("nowhere/model.portent"), b"bytes").unwrap_err();
    }
}
