//! What does the log ask of a disk?

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, IoSlice},
    os::unix::fs::{DirBuilderExt as _, FileExt, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{FallocateFlags, FlockOperation, fallocate, flock},
    io::{Errno, pwritev},
};

/// A disk as the log sees it: the real one, or one that a test can pull the plug of.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a folder and those above it, where they are missing.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// What tells a folder from every other, also from one that has its name when a volume was mounted there or taken away.
    fn identity(&self, folder: &Path) -> io::Result<(u64, u64)>;
    /// Takes a folder for this process alone, until what is returned is dropped.
    fn lock(&self, folder: &Path) -> io::Result<Box<dyn fmt::Debug + Send + Sync>>;
    /// The names of the files in a folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Opens a file to read and write.
    fn open(&self, path: &Path, open: Open) -> io::Result<Arc<dyn DiskFile>>;
    /// Gives a file another name, in place of whatever had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Waits until names made, changed and removed in a folder are on the medium.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// It is there; where it cannot be written, it is opened to be read.
    Existing,
    /// It is made where it is missing.
    Create,
}

/// An open file.
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Writes some of the bytes, and says how many.
    fn write_at(&self, offset: u64, pieces: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Reads some bytes, and says how many: none only at the end of the file.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Makes room, so that a write below `length` cannot fail for lack of it.
    fn allocate(&self, length: u64) -> io::Result<()>;
    /// Cuts it to a length.
    fn truncate(&self, length: u64) -> io::Result<()>;
    /// How long it is.
    fn length(&self) -> io::Result<u64>;
    /// Waits until what was written is on the medium.
    fn sync(&self) -> io::Result<()>;
}

/// How many pieces the kernel takes in one call.
const AT_ONCE: usize = 1024;

/// Writes all of it, however few bytes the disk takes at a time.
pub(crate) fn write_all(file: &dyn DiskFile, mut at: u64, pieces: &[&[u8]]) -> io::Result<()> {
    let mut slices: smallvec::SmallVec<[IoSlice<'_>; 8]> =
        pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut rest = &mut slices[..];
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_at(at, &rest[..rest.len().min(AT_ONCE)]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                at += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads until `into` is full or the file ends, and says how many bytes there were.
pub(crate) fn read_full(file: &dyn DiskFile, at: u64, into: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match file.read_at(at + read as u64, &mut into[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk {
    /// Whom the folders that it makes are for, as permissions; whoever the system lets, if none.
    pub mode: Option<u32>,
}

impl Disk for RealDisk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        if let Some(mode) = self.mode {
            builder.mode(mode);
        }
        let missing: Vec<&Path> = folder.ancestors().take_while(|at| !at.exists()).collect();
        builder.recursive(true).create(folder)?;
        // The names of what was made, too, are to be there after the power went.
        let parents = missing.iter().filter_map(|made| made.parent());
        parents
            .filter(|parent| !parent.as_os_str().is_empty())
            .try_for_each(|parent| File::open(parent)?.sync_all())
    }

    fn identity(&self, folder: &Path) -> io::Result<(u64, u64)> {
        let here = folder.as_os_str().is_empty();
        let folder = fs::metadata(if here { Path::new(".") } else { folder })?;
        Ok((folder.dev(), folder.ino()))
    }

    // The folder itself is locked: a file to lock could not be made on a disk that is full.
    fn lock(&self, folder: &Path) -> io::Result<Box<dyn fmt::Debug + Send + Sync>> {
        let opened = File::open(folder)?;
        flock(&opened, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Box::new(opened))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn open(&self, path: &Path, open: Open) -> io::Result<Arc<dyn DiskFile>> {
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(open == Open::Create)
            .truncate(false)
            .open(path);
        let file = match opened {
            Err(error) if open == Open::Existing && error.kind() != ErrorKind::NotFound => {
                File::open(path)?
            }
            other => other?,
        };
        Ok(Arc::new(RealFile {
            file,
            path: path.to_owned(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

#[derive(Debug)]
struct RealFile {
    file: File,
    /// Only for whoever reads a debug print.
    #[allow(dead_code)]
    path: PathBuf,
}

impl DiskFile for RealFile {
    fn write_at(&self, offset: u64, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(pwritev(&self.file, pieces, offset)?)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(into, offset)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        match fallocate(&self.file, FallocateFlags::empty(), 0, length) {
            // Some file systems cannot: there the write itself may find the disk full.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) if self.length()? < length => {
                self.file.set_len(length)
            }
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            other => Ok(other?),
        }
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
