//! What happens to the bytes and the names on a disk, and how much of it a power cut leaves.

use std::{collections::BTreeMap, path::PathBuf};

/// What a power cut keeps or loses as a whole.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
pub(super) enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
    AtLeast(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Naming {
    Made { path: PathBuf, file: usize },
    Renamed { from: PathBuf, to: PathBuf },
    Removed { path: PathBuf },
}

pub(super) fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes: written } => {
            bytes.resize(bytes.len().max(at + written.len()), 0);
            bytes[*at..at + written.len()].copy_from_slice(written);
        }
        Change::Length(length) => bytes.resize(*length, 0),
        Change::AtLeast(length) => bytes.resize(bytes.len().max(*length), 0),
    }
}

/// Applies none, some sectors, or all of a change.
pub(super) fn apply_some(
    bytes: &mut Vec<u8>,
    change: &Change,
    keep: &mut dyn FnMut(usize) -> usize,
) {
    let Change::Write { at, bytes: written } = change else {
        if keep(1) > 0 {
            apply(bytes, change);
        }
        return;
    };
    match keep(2) {
        0 => {}
        1 => {
            let mut from = 0;
            while from < written.len() {
                let until = written.len().min(from + SECTOR - (at + from) % SECTOR);
                if keep(1) > 0 {
                    let piece = Change::Write {
                        at: at + from,
                        bytes: written[from..until].to_vec(),
                    };
                    apply(bytes, &piece);
                }
                from = until;
            }
        }
        _ => apply(bytes, change),
    }
}

pub(super) fn name(names: &mut BTreeMap<PathBuf, usize>, naming: &Naming) {
    match naming {
        Naming::Made { path, file } => {
            names.insert(path.clone(), *file);
        }
        Naming::Renamed { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Naming::Removed { path } => {
            names.remove(path);
        }
    }
}
