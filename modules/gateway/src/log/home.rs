//! Whose is the folder of a log, and what if it cannot be made yet?

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use rustix::io::Errno;

use super::{
    OpenError,
    disk::{Disk, DiskFile, Open},
};

/// What keeps a folder from everybody else.
type Lock = Box<dyn fmt::Debug + Send + Sync>;

/// A folder that is kept from everybody else as long as this lives; nothing is kept while there is none.
#[derive(Debug)]
pub(super) struct Home(Mutex<Option<Lock>>);

/// What a log is given of its folder.
pub(super) struct Taken {
    pub(super) home: Arc<Home>,
    /// The disk to work with.
    pub(super) disk: Arc<dyn Disk>,
    /// Why the folder could not be made, if it is not there.
    pub(super) missing: Option<io::Error>,
}

impl Home {
    fn lock(&self) -> MutexGuard<'_, Option<Lock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the disk itself refuses, and may no longer do so later: whoever waits for that has a log that takes nothing
/// meanwhile. Anything else is a mistake in the configuration.
pub(crate) fn may_mend(error: &io::Error) -> bool {
    const DISK: [Errno; 4] = [Errno::ROFS, Errno::NOSPC, Errno::DQUOT, Errno::IO];
    let said = error.raw_os_error();
    DISK.iter().any(|errno| said == Some(errno.raw_os_error()))
}

/// Makes the folder where it is not, and keeps it from everybody else.
pub(super) fn take(folder: &Path, disk: Arc<dyn Disk>) -> Result<Taken, OpenError> {
    let failed = |source| OpenError::Folder {
        folder: folder.to_owned(),
        source,
    };
    // A folder that is there need not be made, and on a disk that is full or read-only cannot be.
    let made = disk.create_folder(folder);
    match (disk.lock(folder), made) {
        (Ok(lock), _) => Ok(Taken {
            home: Arc::new(Home(Mutex::new(Some(lock)))),
            disk,
            missing: None,
        }),
        (Err(source), _) if source.raw_os_error() == Some(Errno::WOULDBLOCK.raw_os_error()) => {
            Err(OpenError::InUse {
                folder: folder.to_owned(),
            })
        }
        (Err(source), Err(why)) if source.kind() == io::ErrorKind::NotFound && may_mend(&why) => {
            Ok(later(folder, disk, why))
        }
        (Err(_), Err(source)) | (Err(source), Ok(())) => Err(failed(source)),
    }
}

fn later(folder: &Path, disk: Arc<dyn Disk>, why: io::Error) -> Taken {
    let home = Arc::new(Home(Mutex::new(None)));
    let mut above = folder.ancestors();
    let ground = above.find_map(|at| Some((at.to_owned(), disk.identity(at).ok()?)));
    let disk = Arc::new(Later {
        disk,
        folder: folder.to_owned(),
        ground,
        home: Arc::downgrade(&home),
    });
    Taken {
        home,
        disk,
        missing: Some(why),
    }
}

/// A disk on which a folder is made, and kept from everybody else, only when a first file is to be in it.
#[derive(Debug)]
struct Later {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// The nearest folder above it that was there at the start. Where that is another one now, a volume was taken away or
    /// mounted: what would be written could be found by nobody.
    ground: Option<(PathBuf, (u64, u64))>,
    /// Whoever still waits for the medium does not keep the folder.
    home: Weak<Home>,
}

impl Later {
    /// Whether it would still be made on the disk on which it was missing.
    fn stand(&self) -> io::Result<()> {
        let Some((ground, identity)) = &self.ground else {
            return Ok(());
        };
        if self.disk.identity(ground).is_ok_and(|now| now == *identity) {
            return Ok(());
        }
        let (folder, ground) = (self.folder.display(), ground.display());
        let why = format!(
            "the folder `{folder}` is not made: `{ground}` is not the disk any more that it was when the gateway started; mount it again, or start the gateway again"
        );
        Err(io::Error::other(why))
    }

    fn make(&self) -> io::Result<()> {
        let Some(home) = self.home.upgrade() else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut taken = home.lock();
        if taken.is_some() {
            return Ok(());
        }
        self.stand()?;
        self.disk.create_folder(&self.folder)?;
        let lock = self.disk.lock(&self.folder)?;
        // Numbers of an earlier life would be given a second time, and a restart would take the ones for the others.
        if !self.disk.list(&self.folder)?.is_empty() {
            let folder = self.folder.display();
            let why = format!(
                "the folder `{folder}` was not there when the gateway started, and now it is and has something in it: start the gateway again, so that this is read first"
            );
            return Err(io::Error::other(why));
        }
        *taken = Some(lock);
        Ok(())
    }
}

impl Disk for Later {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.create_folder(folder)
    }

    fn identity(&self, folder: &Path) -> io::Result<(u64, u64)> {
        self.disk.identity(folder)
    }

    fn lock(&self, folder: &Path) -> io::Result<Lock> {
        self.disk.lock(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn open(&self, path: &Path, open: Open) -> io::Result<Arc<dyn DiskFile>> {
        if open == Open::Create {
            self.make()?;
        }
        self.disk.open(path, open)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.sync_folder(folder)
    }
}
