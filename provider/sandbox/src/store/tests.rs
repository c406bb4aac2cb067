//! The store remembers, and several processes see one world.

use std::path::PathBuf;

use serde_json::json;

use super::{ObjectName, Store};
use crate::random;
use crate::registry::Collection;

struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("sandbox-store-{}", random::uuid())))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pods() -> Collection {
    Collection::new("", "pods")
}

fn write(store: &mut Store, name: &str, value: u32) {
    let guard = store.begin().unwrap();
    store.put(
        &pods(),
        &ObjectName::new("a", name),
        json!({ "metadata": {}, "value": value }),
    );
    store.commit().unwrap();
    drop(guard);
}

fn names(store: &Store) -> Vec<String> {
    store
        .list(&pods(), None)
        .map(|(name, _)| name.name.clone())
        .collect()
}

#[test]
fn what_one_process_wrote_the_next_one_finds() {
    let directory = Directory::new();
    let mut first = Store::open(&directory.0).unwrap();
    write(&mut first, "one", 1);
    write(&mut first, "one", 2);
    drop(first);
    let second = Store::open(&directory.0).unwrap();
    let object = second.get(&pods(), &ObjectName::new("a", "one")).unwrap();
    assert_eq!(object["value"], 2);
    assert_eq!(object["metadata"]["resourceVersion"], "2");
    assert_eq!(second.revision(), 2);
}

#[test]
fn two_processes_at_once_see_each_other_and_never_share_a_version() {
    let directory = Directory::new();
    let mut left = Store::open(&directory.0).unwrap();
    let mut right = Store::open(&directory.0).unwrap();
    write(&mut left, "one", 1);
    write(&mut right, "two", 1);
    write(&mut left, "three", 1);
    right.catch_up().unwrap();
    assert_eq!(names(&left), names(&right));
    assert_eq!((left.revision(), right.revision()), (3, 3));
    assert_eq!(right.since(0).unwrap().count(), 3);
}

#[test]
fn a_deleted_file_is_an_empty_cluster() {
    let directory = Directory::new();
    let mut store = Store::open(&directory.0).unwrap();
    write(&mut store, "one", 1);
    std::fs::remove_dir_all(&directory.0).unwrap();
    store.catch_up().unwrap();
    assert!(names(&store).is_empty());
}

#[test]
fn a_file_full_of_history_is_rewritten_and_others_notice() {
    let directory = Directory::new();
    let mut first = Store::open(&directory.0).unwrap();
    for value in 0..2_100 {
        write(&mut first, "one", value);
    }
    let file = directory.0.join("sandbox.jsonl");
    let before = std::fs::metadata(&file).unwrap().len();
    let second = Store::open(&directory.0).unwrap();
    assert!(std::fs::metadata(&file).unwrap().len() < before / 100);
    assert_eq!(second.revision(), 2_100);
    write(&mut first, "two", 1);
    assert_eq!(names(&first), ["one", "two"]);
    assert_eq!(first.revision(), 2_101);
}

#[test]
fn a_line_without_its_end_waits_for_the_rest() {
    let directory = Directory::new();
    let mut store = Store::open(&directory.0).unwrap();
    write(&mut store, "one", 1);
    let file = directory.0.join("sandbox.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}{{\"revision\":2,")).unwrap();
    store.catch_up().unwrap();
    assert_eq!(store.revision(), 1);
    write(&mut store, "two", 1);
    assert_eq!(names(&Store::open(&directory.0).unwrap()), ["one", "two"]);
}

#[test]
fn earlier_states_are_known_until_they_are_compacted() {
    let mut store = Store::in_memory();
    write(&mut store, "one", 1);
    write(&mut store, "two", 1);
    store.remove(&pods(), &ObjectName::new("a", "one"));
    let before: Vec<_> = store.at(&pods(), 1).unwrap().into_keys().collect();
    assert_eq!(before, [ObjectName::new("a", "one")]);
    store.compact();
    assert!(store.at(&pods(), 1).is_err());
    assert!(store.since(3).is_ok());
}
