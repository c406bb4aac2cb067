//! What is left when the bytes on disk are not those that were written?

use std::{collections::BTreeSet, path::Path};

use bytes::Bytes;
use collector_config::Signal;
use proptest::prelude::*;

use super::{
    disk::SimDisk,
    world::{FOLDER, World, small},
};
use crate::{
    Chunks,
    log::format::{Arrived, Codec, Header, Kind, Life, RECORD_MAGIC},
};

const RECORDS: u64 = 24;

/// A disk with some records that nobody got yet.
fn filled() -> SimDisk {
    let disk = SimDisk::default();
    let world = World::open(&disk, &small(&["a"]));
    (0..RECORDS).for_each(|record| world.appended(record, 200 + record as usize * 30));
    disk
}

fn segments(disk: &SimDisk) -> Vec<String> {
    let names = disk.names().into_iter();
    names
        .filter(|name| Life::of_file_name(name).is_some())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_flipped_bit_costs_one_record_at_most(which: prop::sample::Index, bit: prop::sample::Index) {
        let disk = filled();
        let names = disk.names();
        disk.corrupt(&names[which.index(names.len())], |bytes| {
            // Most of the ledger is empty: where something is, a flip is of interest.
            let bit = bit.index(bytes.len().min(4096) * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        });
        let world = World::open(&disk, &small(&["a"]));
        let there = world.set("a");
        prop_assert!(there.len() as u64 >= RECORDS - 1, "{:?}", there);
        // It is gone for good, and keeps nothing from being given back.
        let lost = RECORDS - there.len() as u64;
        let counted = world.log.stats().skipped_records.get() + world.recovered.damaged_places;
        prop_assert!(counted >= lost, "{lost} lost and {counted} counted");
        while let Some(delivery) = world.next("a") {
            delivery.done();
        }
        prop_assert_eq!(world.cursors["a"].backlog().records, 0);
    }

    #[test]
    fn a_segment_that_was_cut_has_what_is_before_the_cut(which: prop::sample::Index, at: prop::sample::Index) {
        let disk = filled();
        let names = segments(&disk);
        let cut = which.index(names.len());
        disk.corrupt(&names[cut], |bytes| bytes.truncate(at.index(bytes.len())));
        let world = World::open(&disk, &small(&["a"]));
        let there = world.set("a");
        let lives: Vec<u64> = names.iter().map(|name| Life::of_file_name(name).unwrap().base).collect();
        let until = lives.get(cut + 1).copied().unwrap_or(RECORDS);
        let whole: BTreeSet<u64> = (0..lives[cut]).chain(until..RECORDS).collect();
        prop_assert!(whole.is_subset(&there));
        let of_cut: Vec<u64> = there.difference(&whole).copied().collect();
        let prefix = lives[cut]..lives[cut] + of_cut.len() as u64;
        prop_assert_eq!(of_cut, prefix.collect::<Vec<_>>());
        world.appended(900, 10);
        prop_assert!(world.set("a").contains(&900));
    }

    #[test]
    fn whatever_is_in_the_files_a_log_opens(
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        times in 1_usize..4,
    ) {
        let disk = filled();
        for name in disk.names().iter().skip(1).step_by(times) {
            disk.corrupt(name, |there| there.clone_from(&bytes));
        }
        let world = World::open(&disk, &small(&["a"]));
        world.set("a");
        world.appended(900, 10);
        prop_assert!(world.set("a").contains(&900));
    }
}

#[test]
fn files_of_others_stay_and_do_no_harm() {
    let disk = filled();
    for name in ["lost+found", "notes.txt", "0-0.segment", "done.7"] {
        disk.put(&Path::new(FOLDER).join(name), b"something");
    }
    let base = 1 << 40;
    let empty = Life { base, salt: 3 };
    disk.put(&Path::new(FOLDER).join(empty.file_name()), &[0; 4096]);
    disk.put(&Path::new(FOLDER).join("9.spare"), &[1; 4096]);
    let world = World::open(&disk, &small(&["a"]));
    assert_eq!(
        world.recovered.foreign,
        ["0-0.segment", "done.7", "lost+found", "notes.txt"]
    );
    assert_eq!(world.set("a").len() as u64, RECORDS);
    let names = disk.names();
    assert!(names.contains(&"notes.txt".to_owned()) && !names.contains(&"9.spare".to_owned()));
    assert!(
        !names.contains(&empty.file_name()),
        "prepared, and never used"
    );
}

#[test]
fn nobody_can_put_a_record_into_the_body_of_another() {
    let disk = SimDisk::default();
    let world = World::open(&disk, &small(&["a"]));
    let mut payload = world.payload(0, 0);
    let forged = Header {
        sequence: 0,
        stored: 8,
        length: 8,
        items: 1,
        kind: Kind::Request,
        signal: Signal::Traces,
        codec: Codec::Plain,
        body_crc: crc32fast::hash(&[0; 8]),
        arrived: Arrived::default(),
    };
    let mut body = vec![0; 16];
    body.extend(forged.encode(Life { base: 0, salt: 0 }));
    body.extend([0; 64]);
    payload.body = Chunks::from(Bytes::from(body));
    world.log.append(&payload).unwrap();
    world.appended(1, 100);
    drop(world);
    // The header of the outer one breaks, so that the search for the next record goes through its body.
    disk.corrupt(&segments(&disk)[0], |bytes| {
        let at = bytes
            .windows(4)
            .position(|four| four == RECORD_MAGIC)
            .unwrap();
        bytes[at + 9] ^= 1;
    });
    assert_eq!(World::open(&disk, &small(&["a"])).all("a"), [1]);
}
