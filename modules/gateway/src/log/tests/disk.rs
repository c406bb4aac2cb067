//! A disk whose plug can be pulled: it remembers each write, so that every state that a crash may leave can be made.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IoSlice},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use rustix::io::Errno;

use super::change::{Change, Naming, apply, apply_some, name};
use crate::log::{Disk, DiskFile, Open};

#[derive(Clone, Debug)]
enum Op {
    Change(usize, Change),
    Naming(Naming),
    Sync(usize),
    SyncFolder,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<PathBuf, usize>,
    files: Vec<Vec<u8>>,
    ops: Vec<Op>,
    /// How many of them only say what was there before.
    before: usize,
    locked: BTreeSet<PathBuf>,
    calls: u64,
    faults: BTreeMap<u64, Errno>,
    /// From which call on everything that changes something fails, and how.
    refuses: Option<Errno>,
    /// Whether reading fails.
    unreadable: bool,
    /// How many bytes were read.
    read: u64,
    /// Whether whoever waits for the medium goes on waiting.
    stuck: bool,
    /// How many bytes the disk has.
    capacity: Option<usize>,
    /// Why no folder can be made; there is none as long as this says something.
    no_folder: Option<Errno>,
    /// Which volume is mounted.
    volume: u64,
}

/// A disk in memory. A clone is the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: usize,
}

#[derive(Debug)]
struct SimLock(SimDisk, PathBuf);

impl Drop for SimLock {
    fn drop(&mut self) {
        self.0.state().locked.remove(&self.1);
    }
}

impl SimDisk {
    /// How many bytes were read from it.
    pub(crate) fn read(&self) -> u64 {
        self.state().read
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// How many operations there were.
    pub(crate) fn ops(&self) -> usize {
        let state = self.state();
        state.ops.len() - state.before
    }

    /// Counts operations from here on; what is there now is on the medium.
    pub(crate) fn forget_history(&self) {
        let mut state = self.state();
        state.ops.clear();
        let files = state.files.clone();
        let names = state.names.clone();
        for (path, file) in names {
            state.ops.push(Op::Naming(Naming::Made { path, file }));
        }
        for (file, bytes) in files.into_iter().enumerate() {
            state
                .ops
                .push(Op::Change(file, Change::Write { at: 0, bytes }));
            state.ops.push(Op::Sync(file));
        }
        state.ops.push(Op::SyncFolder);
        state.before = state.ops.len();
    }

    /// How many calls could have failed.
    pub(super) fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Lets the n-th call that changes something fail. A write fails half way.
    pub(super) fn fail(&self, nth: u64, how: Errno) {
        self.state().faults.insert(nth, how);
    }

    /// Lets everything that changes something fail, or no longer.
    pub(super) fn refuse(&self, how: Option<Errno>) {
        self.state().refuses = how;
    }

    /// Lets reading fail, or no longer.
    pub(crate) fn unreadable(&self, unreadable: bool) {
        self.state().unreadable = unreadable;
    }

    /// Lets whoever waits for the medium go on waiting, or no longer.
    pub(crate) fn stick(&self, stuck: bool) {
        self.state().stuck = stuck;
    }

    /// Gives the disk that many bytes.
    pub(super) fn capacity(&self, bytes: Option<usize>) {
        self.state().capacity = bytes;
    }

    /// Mounts another volume.
    pub(super) fn mount(&self, volume: u64) {
        self.state().volume = volume;
    }

    /// Lets no folder be made, or lets it be made again.
    pub(super) fn without_folder(&self, why: Option<Errno>) {
        self.state().no_folder = why;
    }

    /// Changes the bytes of a file behind everybody's back.
    pub(super) fn corrupt(&self, name: &str, corrupt: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state
            .names
            .iter()
            .find(|(path, _)| path.ends_with(name))
            .map(|(_, file)| *file)
            .unwrap();
        corrupt(&mut state.files[file]);
    }

    pub(super) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.files.len();
        state.files.push(bytes.to_vec());
        state.names.insert(path.to_owned(), file);
    }

    pub(super) fn names(&self) -> Vec<String> {
        let state = self.state();
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        state.names.keys().map(name).collect()
    }

    /// The disk as a killed process leaves it, after that many operations.
    pub(crate) fn killed_after(&self, ops: usize) -> Self {
        self.crashed(ops, &mut |_| usize::MAX)
    }

    /// The disk as a power cut leaves it, after that many operations: `keep` is asked for each thing that was not
    /// waited for, how many of so many choices are kept.
    pub(crate) fn cut_after(&self, ops: usize, keep: &mut dyn FnMut(usize) -> usize) -> Self {
        self.crashed(ops, keep)
    }

    fn crashed(&self, ops: usize, keep: &mut dyn FnMut(usize) -> usize) -> Self {
        let state = self.state();
        let mut files: BTreeMap<usize, (Vec<u8>, Vec<Change>)> = BTreeMap::new();
        let (mut names, mut namings) = (BTreeMap::new(), Vec::new());
        for op in &state.ops[..state.before + ops] {
            match op {
                Op::Change(file, change) => {
                    files.entry(*file).or_default().1.push(change.clone());
                }
                Op::Naming(naming) => namings.push(naming.clone()),
                Op::Sync(file) => {
                    let (bytes, changes) = files.entry(*file).or_default();
                    changes.drain(..).for_each(|change| apply(bytes, &change));
                }
                Op::SyncFolder => namings
                    .drain(..)
                    .for_each(|naming| name(&mut names, &naming)),
            }
        }
        // Names reach the medium in their order, bytes in none.
        let kept = keep(namings.len());
        namings
            .iter()
            .take(kept)
            .for_each(|naming| name(&mut names, naming));
        let mut after = State::default();
        for (path, file) in names {
            let (mut bytes, changes) = files.get(&file).cloned().unwrap_or_default();
            for change in &changes {
                apply_some(&mut bytes, change, keep);
            }
            after.names.insert(path, after.files.len());
            after.files.push(bytes);
        }
        Self(Arc::new(Mutex::new(after)))
    }
}

impl State {
    fn may_fail(&mut self) -> io::Result<()> {
        self.calls += 1;
        match self.faults.remove(&self.calls).or(self.refuses) {
            Some(how) => Err(how.into()),
            None => Ok(()),
        }
    }

    fn in_folder(&self) -> io::Result<()> {
        match self.no_folder {
            Some(_) => Err(Errno::NOENT.into()),
            None => Ok(()),
        }
    }

    fn room(&self, file: usize, length: usize) -> io::Result<()> {
        let used: usize = self
            .names
            .values()
            .map(|file| self.files[*file].len())
            .sum();
        let more = length.saturating_sub(self.files[file].len());
        match self.capacity {
            Some(capacity) if more > 0 && used + more > capacity => Err(Errno::NOSPC.into()),
            _ => Ok(()),
        }
    }

    fn change(&mut self, file: usize, change: Change) {
        apply(&mut self.files[file], &change);
        self.ops.push(Op::Change(file, change));
    }

    fn rename(&mut self, naming: Naming) {
        name(&mut self.names, &naming);
        self.ops.push(Op::Naming(naming));
    }
}

impl Disk for SimDisk {
    fn create_folder(&self, _: &Path) -> io::Result<()> {
        let refused = self.state().no_folder;
        refused.map_or(Ok(()), |why| Err(why.into()))
    }

    fn identity(&self, _: &Path) -> io::Result<(u64, u64)> {
        Ok((self.state().volume, 0))
    }

    fn lock(&self, folder: &Path) -> io::Result<Box<dyn std::fmt::Debug + Send + Sync>> {
        self.state().in_folder()?;
        if self.state().locked.insert(folder.to_owned()) {
            Ok(Box::new(SimLock(self.clone(), folder.to_owned())))
        } else {
            Err(Errno::WOULDBLOCK.into())
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let here = state
            .names
            .keys()
            .filter(|path| path.parent() == Some(folder));
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        Ok(here.map(name).collect())
    }

    fn open(&self, path: &Path, open: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        state.in_folder()?;
        let file = match (state.names.get(path), open) {
            (Some(file), _) => *file,
            (None, Open::Existing) => return Err(Errno::NOENT.into()),
            (None, Open::Create) => {
                state.may_fail()?;
                let file = state.files.len();
                state.files.push(Vec::new());
                let path = path.to_owned();
                state.rename(Naming::Made { path, file });
                file
            }
        };
        let disk = self.clone();
        Ok(Arc::new(SimFile { disk, file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.may_fail()?;
        let (from, to) = (from.to_owned(), to.to_owned());
        state.rename(Naming::Renamed { from, to });
        Ok(())
    }

    // A full disk lets go of files.
    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.refuses != Some(Errno::NOSPC) {
            state.may_fail()?;
        }
        let path = path.to_owned();
        state.rename(Naming::Removed { path });
        Ok(())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.may_fail()?;
        state.ops.push(Op::SyncFolder);
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn write_at(&self, offset: u64, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.to_vec()).collect();
        let at = offset as usize;
        let mut state = self.disk.state();
        // Inside what was allocated a write needs no room.
        state.room(self.file, at + bytes.len())?;
        let failed = state.may_fail();
        if failed.is_err() {
            bytes.truncate(bytes.len() / 2);
        }
        let written = bytes.len();
        state.change(self.file, Change::Write { at, bytes });
        failed.map(|()| written)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        if state.unreadable {
            return Err(Errno::IO.into());
        }
        let bytes = &state.files[self.file];
        let from = bytes.len().min(offset as usize);
        let read = into.len().min(bytes.len() - from);
        into[..read].copy_from_slice(&bytes[from..from + read]);
        state.read += read as u64;
        Ok(read)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.may_fail()?;
        state.room(self.file, length as usize)?;
        state.change(self.file, Change::AtLeast(length as usize));
        Ok(())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.may_fail()?;
        state.change(self.file, Change::Length(length as usize));
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        while self.disk.state().stuck {
            thread::sleep(Duration::from_millis(1));
        }
        let mut state = self.disk.state();
        state.may_fail()?;
        state.ops.push(Op::Sync(self.file));
        Ok(())
    }
}
