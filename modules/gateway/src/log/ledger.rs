//! What is each destination done with, after a restart?
//!
//! Two files, `done.0` and `done.1`, made as large as they need to be before they are needed, so that a full disk
//! does not keep anybody from noting what was delivered. Each is a header and then slots of 32 bytes; one is written
//! until it is full, then everything goes in short form into the other.
//!
//! Being done is never taken back, so all that can be read in both files holds, and what cannot be read is delivered
//! once more.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    disk::{Disk, DiskFile, Open, read_full, write_all},
    format::{VERSION, salt, u32_at, u64_at},
    ranges::Ranges,
};
use crate::fnv;

const MAGIC: [u8; 8] = *b"OTELDON\n";
const HEADER: usize = 64;
const SLOT: usize = 32;
const FILES: [&str; 2] = ["done.0", "done.1"];
/// How large a file is made at least and at most, if what is in it does not need more: room for a hundred, or for
/// thirty thousand notes between two short forms.
const LENGTHS: (u64, u64) = (4 << 10, 1 << 20);

/// What a slot says.
const NAME: u8 = 1;
const DONE: u8 = 2;

/// A destination as the ledger knows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Its name, if that could be read.
    pub(crate) name: String,
    pub(crate) done: Ranges,
    /// The last file that names it.
    generation: u64,
}

/// What the ledger remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Each destination by the key of its name.
    pub(crate) known: BTreeMap<u64, Known>,
    /// Whether something that was written cannot be read: who is missing above may have been there.
    pub(crate) damaged: bool,
}

/// The files that say what each destination is done with.
#[derive(Debug)]
pub(crate) struct Ledger {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    files: [Option<Arc<dyn DiskFile>>; 2],
    current: usize,
    generation: u64,
    salt: u32,
    /// Where the next slot goes in the current file, and how long that is.
    at: u64,
    length: u64,
    /// How long a file is made.
    least: u64,
    /// Whether something could not be noted: everything has to be written again.
    behind: bool,
}

/// The key under which a name is in the slots: FNV-1a.
pub(crate) fn key(name: &str) -> u64 {
    fnv::of_64(name.as_bytes())
}

impl Ledger {
    /// Reads what is there, for a log of so many bytes. Nothing is written yet: whoever opened it calls [`Ledger::rewrite`].
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: &Path, capacity: u64) -> (Self, Memory) {
        let mut ledger = Self {
            disk,
            folder: folder.to_owned(),
            files: [None, None],
            current: 0,
            generation: 0,
            salt: 0,
            at: 0,
            length: 0,
            least: (capacity / 16).clamp(LENGTHS.0, LENGTHS.1),
            behind: true,
        };
        let mut memory = Memory::default();
        let mut sound = 0;
        for (nth, name) in FILES.into_iter().enumerate() {
            let Ok(file) = ledger.disk.open(&folder.join(name), Open::Existing) else {
                continue;
            };
            match read(&*file, &mut memory) {
                Some(generation) => {
                    sound += 1;
                    if generation >= ledger.generation {
                        (ledger.generation, ledger.current) = (generation, nth);
                    }
                }
                // A file that was only just made says nothing, and nothing was lost.
                None => memory.damaged |= !is_blank(&*file),
            }
            ledger.files[nth] = Some(file);
        }
        memory.damaged |= sound == 0;
        if !memory.damaged {
            // Who is in the file before alone was let go of.
            let last = ledger.generation;
            memory.known.retain(|_, known| known.generation == last);
        }
        (ledger, memory)
    }

    /// Notes that a destination is done with a run; `all` is everything that is to be remembered, this run included.
    pub(crate) fn note<'a>(
        &mut self,
        key: u64,
        done: Range<u64>,
        all: impl Iterator<Item = (&'a str, &'a Ranges)> + Clone,
    ) -> io::Result<()> {
        if self.behind || self.at + SLOT as u64 > self.length {
            return self.rewrite(all);
        }
        let slot = self.slot(DONE, 0, key, done.start, done.end);
        let written = match &self.files[self.current] {
            Some(file) => write_all(&**file, self.at, &[&slot]),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        match &written {
            Ok(()) => self.at += SLOT as u64,
            Err(_) => self.behind = true,
        }
        written
    }

    /// Writes everything in short form into the other file, and goes on there.
    pub(crate) fn rewrite<'a>(
        &mut self,
        all: impl Iterator<Item = (&'a str, &'a Ranges)> + Clone,
    ) -> io::Result<()> {
        self.behind = true;
        let other = 1 - self.current;
        let generation = self.generation + 1;
        self.salt = salt() as u32;
        let mut slots = Vec::new();
        for (name, done) in all {
            let key = key(name);
            for (part, piece) in name.as_bytes().chunks(16).enumerate() {
                let mut text = [0; 16];
                text[..piece.len()].copy_from_slice(piece);
                let part = u8::try_from(part).unwrap_or(u8::MAX);
                slots.extend(self.slot(NAME, part, key, u64_at(&text, 0), u64_at(&text, 8)));
            }
            for run in done.iter() {
                slots.extend(self.slot(DONE, 0, key, run.start, run.end));
            }
        }
        let end = (HEADER + slots.len()) as u64;
        let length = self.least.max((end * 2).next_power_of_two());
        let file = self.file(other)?;
        file.allocate(length)?;
        // The header last: without it the file is of no generation, and the one before still holds. Nothing waits for
        // the medium in between: the header counts the slots, so it shows if they did not get there before it.
        write_all(&*file, 0, &[&[0; HEADER]])?;
        write_all(&*file, HEADER as u64, &[&slots, &[0; SLOT]])?;
        let header = header(generation, self.salt, (slots.len() / SLOT) as u64);
        write_all(&*file, 0, &[&header])?;
        (self.current, self.generation) = (other, generation);
        (self.at, self.length, self.behind) = (end, length, false);
        Ok(())
    }

    /// Waits until the file is on the medium with its name: who the destinations are has to be known after a crash.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if let Some(file) = &self.files[self.current] {
            file.sync()?;
        }
        self.disk.sync_folder(&self.folder)
    }

    /// Makes both files, so that each short form finds its room.
    pub(crate) fn prepare(&mut self) {
        for nth in 0..FILES.len() {
            // Where there is none now, there may be when it is needed.
            let _ = self.file(nth).and_then(|file| file.allocate(self.least));
        }
    }

    /// The file that is written now, to be synchronised.
    pub(crate) fn current(&self) -> Option<Arc<dyn DiskFile>> {
        self.files[self.current].clone()
    }

    fn file(&mut self, nth: usize) -> io::Result<Arc<dyn DiskFile>> {
        if let Some(file) = &self.files[nth] {
            return Ok(Arc::clone(file));
        }
        let file = self
            .disk
            .open(&self.folder.join(FILES[nth]), Open::Create)?;
        self.files[nth] = Some(Arc::clone(&file));
        Ok(file)
    }

    fn slot(&self, kind: u8, part: u8, key: u64, first: u64, second: u64) -> [u8; SLOT] {
        let mut slot = [0; SLOT];
        (slot[4], slot[5]) = (kind, part);
        slot[8..16].copy_from_slice(&key.to_le_bytes());
        slot[16..24].copy_from_slice(&first.to_le_bytes());
        slot[24..32].copy_from_slice(&second.to_le_bytes());
        let crc = checksum(self.salt, &slot[4..]);
        slot[..4].copy_from_slice(&crc.to_le_bytes());
        slot
    }
}

fn checksum(salt: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(bytes);
    hasher.finalize()
}

fn header(generation: u64, salt: u32, slots: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&generation.to_le_bytes());
    header[24..28].copy_from_slice(&salt.to_le_bytes());
    header[32..40].copy_from_slice(&slots.to_le_bytes());
    let crc = checksum(VERSION, &header[16..]);
    header[12..16].copy_from_slice(&crc.to_le_bytes());
    header
}

/// Whether a file was made and never written.
fn is_blank(file: &dyn DiskFile) -> bool {
    let mut header = [0; HEADER];
    read_full(file, 0, &mut header).is_ok() && header == [0; HEADER]
}

/// Adds what a file says to the memory; its generation if it has one.
fn read(file: &dyn DiskFile, memory: &mut Memory) -> Option<u64> {
    let mut bytes = vec![0; usize::try_from(file.length().ok()?).ok()?];
    let length = read_full(file, 0, &mut bytes).ok()?;
    bytes.truncate(length);
    if bytes.len() < HEADER || bytes[..8] != MAGIC || u32_at(&bytes, 8) != VERSION {
        return None;
    }
    let (generation, salt, slots) = (u64_at(&bytes, 16), u32_at(&bytes, 24), u64_at(&bytes, 32));
    if header(generation, salt, slots)[..] != bytes[..HEADER] {
        return None;
    }
    let (mut sound, mut broken) = (0_u64, false);
    for slot in bytes[HEADER..].chunks_exact(SLOT) {
        if *slot == [0; SLOT] || checksum(salt, &slot[4..]) != u32_at(slot, 0) {
            broken = true;
            continue;
        }
        // A sound slot after one that is not: something in between was lost.
        memory.damaged |= broken;
        sound += 1;
        learn(memory, slot, generation);
    }
    memory.damaged |= sound < slots;
    Some(generation)
}

fn learn(memory: &mut Memory, slot: &[u8], generation: u64) {
    let known = memory.known.entry(u64_at(slot, 8)).or_default();
    known.generation = known.generation.max(generation);
    match slot[4] {
        NAME if slot[5] == 0 || !known.name.is_empty() => {
            let text: Vec<u8> = slot[16..]
                .iter()
                .copied()
                .take_while(|byte| *byte != 0)
                .collect();
            if slot[5] == 0 {
                known.name.clear();
            }
            known.name.push_str(&String::from_utf8_lossy(&text));
        }
        DONE => {
            known.done.insert(u64_at(slot, 16)..u64_at(slot, 24));
        }
        _ => {}
    }
}
