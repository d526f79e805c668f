//! The file system as the journal uses it: a trait, so that tests can make it fail.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Modes of directories and files: only their owner may read them.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The operations of a file system that the journal needs.
pub(crate) trait Disk: Debug + Send + Sync {
    /// Names in a directory.
    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>>;
    /// Opens a file to read it.
    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>>;
    /// Creates an empty file. It replaces one of the same name.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;
    /// Cuts a file to a length and opens it to append. The bytes from `last_write` on are written again and
    /// synced: after a failed sync, the system may show bytes that it will never write.
    fn extend(&self, path: &Path, last_write: u64, length: u64) -> io::Result<Box<dyn WriteFile>>;
    /// Renames a file over another.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// A file to read.
pub(crate) trait ReadFile: Read + Seek {}

impl<T: Read + Seek> ReadFile for T {}

/// A file to append to.
pub(crate) trait WriteFile: Debug + Send {
    /// Appends bytes.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything written durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The operating system's files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn names(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        std::fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(File::open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let file = File::options().write(true).create(true).truncate(true).mode(FILE_MODE).open(path)?;
        Ok(Box::new(file))
    }

    fn extend(&self, path: &Path, last_write: u64, length: u64) -> io::Result<Box<dyn WriteFile>> {
        let mut file = File::options().read(true).write(true).open(path)?;
        file.seek(SeekFrom::Start(last_write))?;
        let mut bytes = Vec::new();
        (&mut file).take(length - last_write).read_to_end(&mut bytes)?;
        file.set_len(length)?;
        file.seek(SeekFrom::Start(last_write))?;
        io::Write::write_all(&mut file, &bytes)?;
        file.sync_all()?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        File::open(directory)?.sync_all()
    }
}

impl WriteFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Creates a directory and those above it, durably. One that exists stays as it is.
pub(crate) fn create_directory(directory: &Path) -> io::Result<()> {
    let absent = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let created: Vec<&Path> = directory.ancestors().take_while(absent).collect();
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory)?;
    let parents = created.into_iter().filter_map(Path::parent);
    parents
        .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
        .try_for_each(|parent| RealDisk.sync_directory(parent))
}
