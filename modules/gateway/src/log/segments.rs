//! Which files make up the log, and which one is written?

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    AppendError, Stats,
    disk::{Disk, DiskFile, Open, write_all},
    format::{Life, RECORD_HEADER, SEGMENT_HEADER, TERMINATOR, salt},
};

/// How many files that are no longer needed are kept to be used again: what was written before is written faster, and
/// needs no room.
const SPARES: usize = 2;
/// How long the disk is left alone after it refused a file.
const PATIENCE: Duration = Duration::from_millis(100);

/// A file of records.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) life: Life,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<dyn DiskFile>,
}

/// A segment, and how far it is filled.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    pub(crate) segment: Arc<Segment>,
    /// Where its records end.
    pub(crate) used: u64,
    /// How many bytes the file has.
    pub(crate) size: u64,
    /// One more than its last sequence; of the segment that is written this is not known yet.
    pub(crate) until: u64,
}

/// All files of records.
#[derive(Debug)]
pub(crate) struct Segments {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    segment_size: u64,
    capacity: u64,
    sealed: BTreeMap<u64, Filled>,
    active: Option<Filled>,
    spares: Vec<(PathBuf, Arc<dyn DiskFile>)>,
    named_spares: u64,
    allocated: u64,
    refused: Option<(Instant, Arc<io::Error>)>,
    stats: Arc<Stats>,
}

impl Segments {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        folder: &Path,
        segment_size: u64,
        capacity: u64,
        stats: Arc<Stats>,
    ) -> Self {
        Self {
            disk,
            folder: folder.to_owned(),
            // Two must fit: one that waits to be delivered and one that is written.
            segment_size: segment_size.min(capacity / 2).max(4 << 10),
            capacity,
            sealed: BTreeMap::new(),
            active: None,
            spares: Vec::new(),
            named_spares: 0,
            allocated: 0,
            refused: None,
            stats,
        }
    }

    /// Takes up a segment that a restart found.
    pub(crate) fn found(&mut self, filled: Filled) {
        self.allocated += filled.size;
        self.sealed.insert(filled.segment.life.base, filled);
        self.stats.disk_bytes.set(self.allocated);
    }

    /// Makes room for a record of `need` bytes with sequence `next`; says where. A segment that is full is sealed.
    pub(crate) fn place(&mut self, need: u64, next: u64) -> Result<Filled, AppendError> {
        if let Some(active) = &self.active {
            if active.used + need <= active.size {
                return Ok(active.clone());
            }
            self.seal(next);
        }
        if need + SEGMENT_HEADER > self.capacity {
            return Err(AppendError::TooLarge {
                bytes: need - RECORD_HEADER,
                capacity: self.capacity,
            });
        }
        if let Some((when, error)) = &self.refused
            && when.elapsed() < PATIENCE
        {
            return Err(AppendError::Disk {
                source: Arc::clone(error),
            });
        }
        let begun = self.begin(need, next);
        if let Err(AppendError::Disk { source }) = &begun {
            self.refused = Some((Instant::now(), Arc::clone(source)));
        } else {
            self.refused = None;
        }
        begun
    }

    /// The segment that is written has records up to there.
    pub(crate) fn advance(&mut self, used: u64) {
        if let Some(active) = &mut self.active {
            active.used = used;
        }
    }

    /// Nothing more is written to the segment that is written now: its last sequence is the one before `next`.
    pub(crate) fn seal(&mut self, next: u64) {
        if let Some(mut active) = self.active.take() {
            active.until = next;
            self.sealed.insert(active.segment.life.base, active);
        }
    }

    /// The segment that has a sequence, or the first after it.
    pub(crate) fn containing(&self, sequence: u64) -> Option<&Filled> {
        self.sealed
            .range(..=sequence)
            .next_back()
            .map(|(_, filled)| filled)
            .filter(|filled| filled.until > sequence)
            .or_else(|| {
                self.sealed
                    .range(sequence..)
                    .next()
                    .map(|(_, filled)| filled)
            })
            .or(self.active.as_ref())
    }

    /// Every segment that is no longer written.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = &Filled> {
        self.sealed.values()
    }

    /// Gives back a segment that nobody needs any more: kept to be written again, or removed.
    pub(crate) fn free(&mut self, base: u64) {
        let Some(filled) = self.sealed.remove(&base) else {
            return;
        };
        self.stats.freed_segments.add(1);
        let (size, reusable) = (filled.size, filled.size == self.segment_size);
        // Whoever still reads it must not find another's records there.
        let segment = Arc::try_unwrap(filled.segment);
        if let (Ok(segment), true) = (segment.as_ref(), reusable && self.spares.len() < SPARES) {
            let spare = self.spare_path();
            if self.disk.rename(&segment.path, &spare).is_ok() {
                self.spares.push((spare, Arc::clone(&segment.file)));
                return;
            }
        }
        let path = match &segment {
            Ok(segment) => &segment.path,
            Err(shared) => &shared.path,
        };
        // If even that fails, the next start finds nothing new in it and tries again.
        let _ = self.disk.remove(path);
        self.allocated = self.allocated.saturating_sub(size);
        self.stats.disk_bytes.set(self.allocated);
    }

    fn begin(&mut self, need: u64, next: u64) -> Result<Filled, AppendError> {
        let life = Life {
            base: next,
            salt: salt(),
        };
        let path = self.folder.join(life.file_name());
        let size = self.segment_size.max(need + SEGMENT_HEADER);
        let file = match self.spares.pop() {
            Some((spare, file)) if size == self.segment_size => {
                self.disk.rename(&spare, &path).inspect_err(|_| {
                    self.allocated = self.allocated.saturating_sub(size);
                })?;
                file
            }
            other => {
                self.spares.extend(other);
                self.make(&path, size)?
            }
        };
        let header = life.header();
        if let Err(error) = write_all(&*file, 0, &[&header, &TERMINATOR]) {
            let _ = self.disk.remove(&path);
            self.allocated = self.allocated.saturating_sub(size);
            return Err(error.into());
        }
        let segment = Arc::new(Segment { life, path, file });
        let filled = Filled {
            segment,
            used: SEGMENT_HEADER,
            size,
            until: u64::MAX,
        };
        self.active = Some(filled.clone());
        self.stats.disk_bytes.set(self.allocated);
        Ok(filled)
    }

    fn make(&mut self, path: &Path, size: u64) -> Result<Arc<dyn DiskFile>, AppendError> {
        while self.allocated + size > self.capacity {
            // A spare of another size is of no use here.
            let Some((spare, _)) = self.spares.pop() else {
                return Err(AppendError::Full {
                    capacity: self.capacity,
                });
            };
            let _ = self.disk.remove(&spare);
            self.allocated = self.allocated.saturating_sub(self.segment_size);
        }
        let made = self.disk.open(path, Open::Create).and_then(|file| {
            file.allocate(size)?;
            Ok(file)
        });
        match made {
            Ok(file) => {
                self.allocated += size;
                Ok(file)
            }
            Err(error) => {
                let _ = self.disk.remove(path);
                Err(error.into())
            }
        }
    }

    fn spare_path(&mut self) -> PathBuf {
        self.named_spares += 1;
        self.folder.join(format!("{}.spare", self.named_spares))
    }
}
