//! Does it hold on a disk that is one?

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::world::body;
use crate::{
    Budget, Payload,
    log::{
        Cursor, Level, Log, RealDisk, Settings,
        disk::{Disk as _, Open},
    },
};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("log-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self, settings: &Settings) -> (Log, Cursor) {
        let (log, recovered) = Log::open(&self.0, settings, Arc::new(RealDisk::default())).unwrap();
        assert_eq!(recovered.damaged_places, 0);
        let cursor = log.cursor("a");
        (log, cursor)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn payload(nth: u64, length: usize, budget: &Arc<Budget>) -> Payload {
    let body = body(nth, length);
    Payload {
        signal: collector_config::Signal::Logs,
        items: 1,
        arrived: Instant::now(),
        charge: Arc::new(budget.charge(body.len() as u64).unwrap()),
        body: body.into(),
        metadata: None,
    }
}

#[test]
fn many_records_are_found_again_at_once() {
    let folder = Folder::new("many");
    let budget = Budget::new(1 << 20);
    let settings = Settings {
        memory: 0,
        ..Settings::new(["a"])
    };
    let (log, cursor) = folder.open(&settings);
    let record = payload(7, 100, &budget);
    for _ in 0..100_000 {
        log.append(&record).unwrap();
    }
    drop((log, cursor));
    let began = Instant::now();
    let (_log, cursor) = folder.open(&settings);
    let took = began.elapsed();
    assert_eq!(cursor.backlog().records, 100_000);
    // A million take three seconds where it is optimised. This is not, and shares its machine: what is seen here is
    // whether a record takes the longer the more there are.
    assert!(took < Duration::from_mins(1), "{took:?}");
    assert!(cursor.try_next(&budget).is_some());
}

#[tokio::test]
async fn many_who_wait_for_the_medium_wait_together() {
    let folder = Folder::new("power");
    let budget = Budget::new(1 << 20);
    let settings = Settings {
        level: Level::Power,
        ..Settings::new(["a"])
    };
    let (log, cursor) = folder.open(&settings);
    let waiting = (0..200).map(|nth| {
        let position = log.append(&payload(nth, 500, &budget)).unwrap();
        let log = log.clone();
        async move { log.synced(position).await }
    });
    let waiting: Vec<_> = waiting.collect();
    for held in futures::future::join_all(waiting).await {
        held.unwrap();
    }
    let syncs = log.stats().syncs.get();
    assert!(syncs < 100, "{syncs} for 200");
    drop((log, cursor));
    assert_eq!(folder.open(&settings).1.backlog().records, 200);
}

#[test]
fn bytes_that_the_disk_loses_cost_what_they_held() {
    let folder = Folder::new("flipped");
    let budget = Budget::new(1 << 20);
    let settings = Settings {
        memory: 0,
        ..Settings::new(["a"])
    };
    let (log, cursor) = folder.open(&settings);
    for nth in 0..100 {
        log.append(&payload(nth, 1000, &budget)).unwrap();
    }
    drop((log, cursor));
    let segment = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "segment"))
        .unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[4400..5000].fill(0xff);
    fs::write(&segment, bytes).unwrap();
    let (log, recovered) = Log::open(&folder.0, &settings, Arc::new(RealDisk::default())).unwrap();
    assert_eq!((recovered.damaged_places, recovered.records), (1, 99));
    let cursor = log.cursor("a");
    let all: Vec<_> = std::iter::from_fn(|| cursor.try_next(&budget)).collect();
    assert_eq!(all.len(), 99);
}

#[test]
fn it_is_the_kernel_that_says_whether_the_medium_has_it() {
    let folder = Folder::new("medium");
    fs::create_dir_all(&folder.0).unwrap();
    let file = RealDisk::default()
        .open(&folder.0.join("file"), Open::Create)
        .unwrap();
    file.sync().unwrap();
    // What has no medium cannot be waited for.
    let pipe = folder.0.join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let pipe = RealDisk::default().open(&pipe, Open::Existing).unwrap();
    assert!(pipe.sync().is_err());
}
