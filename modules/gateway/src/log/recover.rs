//! What was left in the folder of a log?

use std::{
    collections::BTreeMap,
    mem,
    path::Path,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    Backlog, Kind, Level, Log, OpenError, Position, Settings, Shared, Stats,
    destination::Destination,
    disk::{Disk, Open, read_full},
    format::{Heading, Life, SEGMENT_HEADER},
    home::{self, Taken},
    inner::{Inner, Unsynced},
    ledger::{Ledger, Memory, key},
    ranges::Ranges,
    recent::Recent,
    scan::{Found, Scan},
    segments::{Filled, Segment, Segments},
    sync::{Syncer, Work},
};

/// What a restart found: for a line in the program's own log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Why its folder could not be made: until it can be, nothing is taken.
    pub missing: Option<String>,
    /// Records that wait for some destination.
    pub records: u64,
    /// What waits for each.
    pub backlog: BTreeMap<String, Backlog>,
    /// Places in segments where something else than a record was.
    pub damaged_places: u64,
    /// Bytes of them.
    pub damaged_bytes: u64,
    /// Whether some of what was noted as delivered is unreadable, so that it is delivered once more.
    pub ledger_damaged: bool,
    /// A destination that is not in the configuration any more, and the one that has come in its place: what waited for
    /// the one waits for the other.
    pub renamed: Option<(String, String)>,
    /// Destinations that were in the log and are not any more in the configuration: nothing waits for them now.
    pub dropped: Vec<String>,
    /// Files that are not ours, or of a later version of this program: they stay where they are.
    pub foreign: Vec<String>,
    /// Files of ours that could not be opened.
    pub unreadable: Vec<String>,
    /// What the owner of the log noted and is not done with, in its order.
    pub notes: Vec<(Position, Bytes)>,
}

/// More records than a file can have.
const UNKNOWN: u64 = 1 << 32;

/// A restart at work.
struct Recovery<'a> {
    folder: &'a Path,
    disk: Arc<dyn Disk>,
    destinations: BTreeMap<u64, Destination>,
    segments: Segments,
    present: Ranges,
    recovered: Recovered,
}

pub(super) fn open(
    folder: &Path,
    settings: &Settings,
    disk: Arc<dyn Disk>,
) -> Result<(Log, Recovered), OpenError> {
    let Taken {
        home,
        disk,
        missing,
    } = home::take(folder, disk)?;
    let failed = |source| OpenError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let names = match missing {
        None => disk.list(folder).map_err(failed)?,
        Some(_) => Vec::new(),
    };
    let stats = Arc::new(Stats::default());
    let (ledger, memory) = Ledger::open(Arc::clone(&disk), folder, settings.capacity);
    let mut recovery = Recovery {
        folder,
        segments: Segments::new(
            Arc::clone(&disk),
            folder,
            settings.segment,
            settings.capacity,
            Arc::clone(&stats),
        ),
        disk: Arc::clone(&disk),
        destinations: BTreeMap::new(),
        present: Ranges::default(),
        recovered: Recovered {
            missing: missing.map(|why| why.to_string()),
            ..Recovered::default()
        },
    };
    let next = recovery.read(&names, settings, memory);
    stats.damaged_places.add(recovery.recovered.damaged_places);
    let mut inner = Inner {
        segments: recovery.segments,
        ledger,
        destinations: recovery.destinations,
        recent: Recent::new(settings.memory),
        next,
        compress: settings.compress,
        unsynced: (settings.level == Level::Power).then(|| Unsynced {
            segments: Vec::new(),
            records: Vec::new(),
            reached: next,
        }),
        stats: Arc::clone(&stats),
    };
    inner.ledger.prepare();
    inner.name_destinations();
    let inner = Arc::new(Mutex::new(inner));
    let work = || Work {
        inner: Arc::clone(&inner),
        disk,
        folder: folder.to_owned(),
        stats: Arc::clone(&stats),
        group: settings.group,
    };
    let syncer = match settings.level {
        Level::Process => None,
        Level::Power => Some(Syncer::start(work()).map_err(failed)?),
    };
    let shared = Shared {
        inner,
        freed: Notify::new(),
        stats,
        syncer,
        _home: home,
    };
    let shared = Arc::new(shared);
    Ok((Log { shared }, recovery.recovered))
}

impl Recovery<'_> {
    /// Reads everything, and says which sequence comes next.
    fn read(&mut self, names: &[String], settings: &Settings, memory: Memory) -> u64 {
        let lives: Vec<Life> = self.sort_out(names);
        let mut next = memory
            .known
            .values()
            .map(|known| known.done.end())
            .max()
            .unwrap_or(0);
        self.recovered.ledger_damaged = memory.damaged && !lives.is_empty();
        let newcomers = self.meet(settings, memory);
        for (nth, life) in lives.iter().enumerate() {
            let until = lives.get(nth + 1).map_or(u64::MAX, |later| later.base);
            next = next.max(life.base);
            self.segment(*life, until);
        }
        next = next.max(self.present.end());
        // What is in no segment is nowhere: nobody waits for it.
        for gap in self.present.gaps(next) {
            for destination in self.destinations.values_mut() {
                destination.done.insert(gap.clone());
            }
        }
        // A destination that is new gets what comes from now on.
        for (key, mut destination) in newcomers {
            destination.done.insert(0..next);
            self.destinations.insert(key, destination);
        }
        self.settle(next);
        next
    }

    /// Which of the files are segments; removes what an earlier life left to be used again.
    fn sort_out(&mut self, names: &[String]) -> Vec<Life> {
        let mut lives = Vec::new();
        for name in names {
            if let Some(life) = Life::of_file_name(name) {
                lives.push(life);
            } else if name.strip_suffix(".spare").is_some() {
                let _ = self.disk.remove(&self.folder.join(name));
            } else if !matches!(name.as_str(), "done.0" | "done.1") {
                self.recovered.foreign.push(name.clone());
            }
        }
        lives.sort();
        lives
    }

    /// Finds out who the destinations are; those that were never here before are returned.
    fn meet(&mut self, settings: &Settings, mut memory: Memory) -> Vec<(u64, Destination)> {
        let mut newcomers = Vec::new();
        for name in &settings.destinations {
            let key = key(name);
            let known = memory.known.remove(&key);
            // If notes were lost, it may have been here before: then it gets everything.
            let new = known.is_none() && !memory.damaged;
            let destination = Destination {
                name: name.clone(),
                done: known.unwrap_or_default().done,
                ..Destination::default()
            };
            if new {
                newcomers.push((key, destination));
            } else {
                self.destinations.insert(key, destination);
            }
        }
        // Where one has gone and one has come, it has another name now.
        if let ([(key, destination)], 1) = (&mut newcomers[..], memory.known.len())
            && let Some((_, before)) = memory.known.pop_first()
        {
            destination.done = before.done;
            self.recovered.renamed = Some((before.name, destination.name.clone()));
            self.destinations.insert(*key, mem::take(destination));
            newcomers.clear();
        }
        self.recovered.dropped = memory.known.into_values().map(|known| known.name).collect();
        newcomers
    }

    fn segment(&mut self, life: Life, until: u64) {
        let path = self.folder.join(life.file_name());
        let everybody = |destination: &Destination| destination.done.covers(life.base..until);
        if until != u64::MAX && self.destinations.values().all(everybody) {
            self.present.insert(life.base..until);
            let _ = self.disk.remove(&path);
            return;
        }
        let opened = self.disk.open(&path, Open::Existing);
        let Ok((file, size)) = opened.and_then(|file| {
            let size = file.length()?;
            Ok((file, size))
        }) else {
            return self.recovered.unreadable.push(life.file_name());
        };
        let mut header = [0; SEGMENT_HEADER as usize];
        let read = read_full(&*file, 0, &mut header).unwrap_or(0);
        if let Heading::Later(_) = life.heading(&header[..read]) {
            return self.recovered.foreign.push(life.file_name());
        }
        let segment = Arc::new(Segment { life, path, file });
        self.records(segment, size, until);
    }

    fn records(&mut self, segment: Arc<Segment>, size: u64, until: u64) {
        let last = until == u64::MAX;
        let mut scan = Scan::new(Arc::clone(&segment.file), segment.life, 0, size);
        let (mut used, mut end) = (0, segment.life.base);
        while let Some(found) = scan.next() {
            match found {
                // Where the program may have been stopped in the middle, the bodies are looked at too.
                Found::Record { at, header } if last && scan.body(at, &header).is_none() => {
                    self.damage(header.stride());
                }
                Found::Record { at, header } => {
                    used = at + header.stride();
                    end = end.max(header.sequence + 1);
                    let new = self.present.insert(header.sequence..header.sequence + 1) > 0;
                    if new && self.waits_for(&header.position()) && header.kind == Kind::Note {
                        // So that nobody has to look for them once more.
                        let body = scan.appended(at, &header);
                        let note = body.map(|body| (header.position(), body));
                        self.recovered.notes.extend(note);
                    }
                }
                Found::Damage { bytes } => self.damage(bytes),
            }
        }
        let life = segment.life;
        if scan.is_unreadable() {
            // The disk may give it later: nothing of it is given up, and no number that it may hold is used again.
            let until = if last { life.base + UNKNOWN } else { until };
            self.present.insert(life.base..until);
            return self.found(segment, size, size, until);
        }
        // What was made larger than it was needed takes no room any more.
        let cut = used > 0 && segment.file.truncate(used).is_ok();
        let size = if cut { used } else { size };
        self.found(segment, used.min(size), size, until.min(end));
    }

    fn found(&mut self, segment: Arc<Segment>, used: u64, size: u64, until: u64) {
        self.segments.found(Filled {
            segment,
            used,
            size,
            until,
        });
    }

    fn damage(&mut self, bytes: u64) {
        self.recovered.damaged_places += 1;
        self.recovered.damaged_bytes += bytes;
    }

    /// Notes a record that is there: whether any destination waits for it.
    fn waits_for(&mut self, position: &Position) -> bool {
        let mut wanted = false;
        for destination in self.destinations.values_mut() {
            if !destination.done.contains(position.sequence) {
                destination.backlog.add(position.items, position.bytes);
                wanted = true;
            }
        }
        self.recovered.records += u64::from(wanted);
        wanted
    }

    /// Gives back what nobody waits for.
    fn settle(&mut self, next: u64) {
        let all: Vec<(u64, u64)> = self
            .segments
            .sealed()
            .map(|filled| (filled.segment.life.base, filled.until))
            .collect();
        for (base, until) in all {
            let until = until.min(next);
            let done = |destination: &Destination| destination.done.covers(base..until);
            if self.destinations.values().all(done) {
                self.segments.free(base);
            }
        }
        for destination in self.destinations.values() {
            self.recovered
                .backlog
                .insert(destination.name.clone(), destination.backlog);
        }
    }
}
