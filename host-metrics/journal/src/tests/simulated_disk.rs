//! A disk in memory that fails on command, and forgets what was not synced when its power is cut.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, ReadFile, WriteFile};

/// Unsynced bytes survive a power cut in units of this, or do not.
const PAGE_BYTES: usize = 16;

/// A handle on the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct SimulatedDisk(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    files: Vec<Inode>,
    /// Names as a process sees them.
    names: BTreeMap<PathBuf, usize>,
    /// Names that survive a power cut.
    durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names since the last sync of the directory.
    changes: Vec<Change>,
    operations: u64,
    /// Operations that fail, with a number that says how.
    faults: BTreeMap<u64, u64>,
    /// From this operation on nothing happens any more.
    crash_at: Option<u64>,
}

#[derive(Clone, Debug)]
struct Change {
    unlinked: Option<PathBuf>,
    linked: Option<(PathBuf, usize)>,
}

#[derive(Debug, Default)]
struct Inode {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// Bytes of `cached` from here on will be written by the next sync.
    dirty_from: usize,
}

/// Numbers from a seed, so that a failing case can be run again.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

impl SimulatedDisk {
    /// Sets what fails, by number of operations from now.
    pub(super) fn set_faults(&self, faults: &BTreeMap<u64, u64>, crash_in: Option<u64>) {
        let mut contents = self.contents();
        let now = contents.operations;
        contents.faults = faults.iter().map(|(after, how)| (now + after, *how)).collect();
        contents.crash_at = crash_in.map(|after| now + after);
    }

    /// Loses what was not synced, but for some of it.
    pub(super) fn cut_power(&self, chance: &mut Chance) {
        let mut contents = self.contents();
        let changes = std::mem::take(&mut contents.changes);
        let mut names = std::mem::take(&mut contents.durable_names);
        // Kept: everything, nothing, or any part.
        let kept = chance.below(3);
        for change in changes.iter().filter(|_| kept == 0 || kept == 1 && chance.below(2) == 0) {
            change.apply(&mut names);
        }
        contents.names.clone_from(&names);
        contents.durable_names = names;
        contents.files.iter_mut().for_each(|file| file.cut_power(chance));
    }

    /// The bytes of the files, by name.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let contents = self.contents();
        contents
            .names
            .iter()
            .map(|(path, file)| (path.clone(), contents.files[*file].cached.clone()))
            .collect()
    }

    /// Puts a file there, durably.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut contents = self.contents();
        let file = Inode { cached: bytes.to_vec(), durable: bytes.to_vec(), dirty_from: bytes.len() };
        contents.files.push(file);
        let inode = contents.files.len() - 1;
        contents.names.insert(path.to_owned(), inode);
        contents.durable_names.insert(path.to_owned(), inode);
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap()
    }

    /// Counts an operation and says how it fails, if it does.
    fn begin(&self) -> Result<MutexGuard<'_, Contents>, (MutexGuard<'_, Contents>, u64)> {
        let mut contents = self.contents();
        contents.operations += 1;
        let now = contents.operations;
        if contents.crash_at == Some(now) {
            return Err((contents, now));
        }
        if contents.crash_at.is_some_and(|crash| crash < now) {
            return Err((contents, u64::MAX));
        }
        match contents.faults.get(&now).copied() {
            Some(how) => Err((contents, how)),
            None => Ok(contents),
        }
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let mut contents = self.begin().map_err(|_| full())?;
        change.apply(&mut contents.names);
        contents.changes.push(change);
        Ok(())
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        names.retain(|path, _| self.unlinked.as_ref() != Some(path));
        names.extend(self.linked.clone());
    }
}

impl Inode {
    fn sync(&mut self) {
        self.durable.resize(self.cached.len(), 0);
        self.durable[self.dirty_from..].copy_from_slice(&self.cached[self.dirty_from..]);
        self.dirty_from = self.cached.len();
    }

    fn cut_power(&mut self, chance: &mut Chance) {
        let dirty = self.dirty_from..self.cached.len();
        let kept = chance.below(4);
        let length = match kept {
            0 => self.durable.len(),
            1 => self.cached.len(),
            _ => dirty.start + chance.below(dirty.len() as u64 + 1) as usize,
        };
        // What was not dirty is durable, or lost for good after a failed sync.
        let mut left = self.durable.clone();
        if kept > 0 {
            left.resize(length.max(self.durable.len().min(dirty.start)), 0);
            for at in dirty.clone().step_by(PAGE_BYTES) {
                let page = at..(at + PAGE_BYTES).min(left.len()).min(dirty.end);
                if !page.is_empty() && (kept < 3 || chance.below(2) == 0) {
                    left[page.clone()].copy_from_slice(&self.cached[page]);
                }
            }
        }
        *self = Self { cached: left.clone(), dirty_from: left.len(), durable: left };
    }
}

/// An open file of a [`SimulatedDisk`].
#[derive(Debug)]
struct OpenFile {
    disk: SimulatedDisk,
    inode: usize,
}

impl Disk for SimulatedDisk {
    fn names(&self, _: &Path) -> io::Result<Vec<OsString>> {
        let contents = self.begin().map_err(|_| full())?;
        Ok(contents.names.keys().filter_map(|path| path.file_name()).map(ToOwned::to_owned).collect())
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let contents = self.begin().map_err(|_| full())?;
        let inode = *contents.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(contents.files[inode].cached.clone())))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut contents = self.begin().map_err(|_| full())?;
        let inode = contents.names.get(path).copied().unwrap_or(contents.files.len());
        if inode == contents.files.len() {
            contents.files.push(Inode::default());
            let change = Change { unlinked: None, linked: Some((path.to_owned(), inode)) };
            change.apply(&mut contents.names);
            contents.changes.push(change);
        } else {
            contents.files[inode].cached.clear();
            contents.files[inode].dirty_from = 0;
        }
        Ok(Box::new(OpenFile { disk: self.clone(), inode }))
    }

    fn extend(&self, path: &Path, last_write: u64, length: u64) -> io::Result<Box<dyn WriteFile>> {
        let mut contents = self.begin().map_err(|_| full())?;
        let inode = *contents.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        let file = &mut contents.files[inode];
        file.cached.truncate(length as usize);
        file.dirty_from = file.dirty_from.min(last_write as usize);
        drop(contents);
        let mut file = OpenFile { disk: self.clone(), inode };
        file.sync()?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let inode = *self.contents().names.get(from).ok_or(io::ErrorKind::NotFound)?;
        self.change(Change { unlinked: Some(from.to_owned()), linked: Some((to.to_owned(), inode)) })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.contents().names.get(path).ok_or(io::ErrorKind::NotFound)?;
        self.change(Change { unlinked: Some(path.to_owned()), linked: None })
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        let mut contents = self.begin().map_err(|_| full())?;
        contents.changes.clear();
        contents.durable_names = contents.names.clone();
        Ok(())
    }
}

impl WriteFile for OpenFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.disk.begin() {
            Ok(mut contents) => {
                contents.files[self.inode].cached.extend(bytes);
                Ok(())
            }
            Err((_, u64::MAX)) => Err(full()),
            // A short write: some bytes are in the file all the same.
            Err((mut contents, how)) => {
                let written = (how % (bytes.len() as u64 + 1)) as usize;
                contents.files[self.inode].cached.extend(&bytes[..written]);
                Err(full())
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.disk.begin() {
            Ok(mut contents) => {
                contents.files[self.inode].sync();
                Ok(())
            }
            Err((_, u64::MAX)) => Err(full()),
            // As Linux does it: what could not be written counts as clean from then on.
            Err((mut contents, _)) => {
                let file = &mut contents.files[self.inode];
                file.dirty_from = file.cached.len();
                Err(full())
            }
        }
    }
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}
