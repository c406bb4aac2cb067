//! What if the folder of a log cannot be made?

use std::{path::Path, sync::Arc, thread::sleep};

use rustix::io::Errno;

use super::{
    disk::SimDisk,
    faults::LATER,
    world::{FOLDER, World, small},
};
use crate::{
    Refusal,
    log::{Level, Log, OpenError, Settings},
};

fn refused(world: &World) -> String {
    match Refusal::from(world.append(0, 100).unwrap_err()) {
        Refusal::Busy { why, .. } => why.to_string(),
        other => panic!("it would not come again: {other:?}"),
    }
}

#[tokio::test]
async fn where_the_disk_does_not_let_it_be_made_it_is_made_once_it_does() {
    for (how, level) in [
        (Errno::ROFS, Level::Process),
        (Errno::NOSPC, Level::Power),
        (Errno::DQUOT, Level::Process),
        (Errno::IO, Level::Power),
    ] {
        let settings = Settings {
            level,
            ..small(&["a"])
        };
        let disk = SimDisk::default();
        disk.without_folder(Some(how));
        let world = World::open(&disk, &settings);
        assert!(world.recovered.missing.is_some(), "nobody is told of {how}");
        let why = refused(&world);
        assert!(why.contains(&how.to_string()), "{why}");
        assert_eq!(world.log.stats().failing.get(), 1);
        assert!(world.next("a").is_none());

        disk.without_folder(None);
        sleep(LATER);
        let record = world.append(1, 100).unwrap();
        world.log.synced(record).await.unwrap();
        let log = || Log::open(Path::new(FOLDER), &settings, Arc::new(disk.clone()));
        assert!(matches!(log(), Err(OpenError::InUse { .. })), "{how}");
        drop(world);
        let world = World::open(&disk, &settings);
        assert_eq!(world.recovered.missing, None);
        assert_eq!(world.all("a"), [1], "after {how}");
    }
}

#[test]
fn what_would_stay_so_is_told_at_once() {
    for how in [
        Errno::ACCESS,
        Errno::PERM,
        Errno::NOTDIR,
        Errno::NAMETOOLONG,
    ] {
        let disk = SimDisk::default();
        disk.without_folder(Some(how));
        let error = Log::open(Path::new(FOLDER), &small(&["a"]), Arc::new(disk)).unwrap_err();
        let text = error_reporter::Report::new(&error).to_string();
        assert!(text.contains(&how.to_string()), "{text}");
    }
}

#[test]
fn what_is_in_it_when_it_comes_is_not_mixed_with_what_comes() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    World::open(&disk, &settings).appended(7, 100);
    disk.without_folder(Some(Errno::ROFS));
    let world = World::open(&disk, &settings);
    disk.without_folder(None);
    let why = refused(&world);
    assert!(why.contains("start the gateway again"), "{why}");
    drop(world);
    assert_eq!(World::open(&disk, &settings).all("a"), [7]);
}

#[test]
fn it_is_not_made_on_another_disk_than_it_was_missing_on() {
    let (disk, settings) = (SimDisk::default(), small(&["a"]));
    disk.without_folder(Some(Errno::ROFS));
    let world = World::open(&disk, &settings);
    disk.without_folder(None);
    // The volume was taken away, and what lies under it can be written.
    disk.mount(1);
    let why = refused(&world);
    assert!(why.contains("mount it again"), "{why}");
    disk.mount(0);
    sleep(LATER);
    world.append(1, 100).unwrap();
}
