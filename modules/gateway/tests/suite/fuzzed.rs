//! What the fuzz targets look for, on what is known and small changes of it.

#[path = "../../fuzz/bodies.rs"]
mod bodies;

use std::{collections::BTreeSet, fs, path::Path};

use fastrand::Rng;

/// How many changes are tried.
const CHANGES: usize = 400;

/// Runs a body with the seeds of its name, and with what a few changes make of them.
fn run(name: &str, body: fn(&[u8]), changes: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    seeds.sort();
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty());
    for seed in &seeds {
        body(seed);
    }
    let mut rng = Rng::with_seed(1);
    for _ in 0..changes {
        let mut data = seeds[rng.usize(..seeds.len())].clone();
        for _ in 0..rng.usize(1..4) {
            change(&mut rng, &mut data, &seeds);
        }
        body(&data);
    }
}

fn change(rng: &mut Rng, data: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = rng.usize(..=data.len());
    match rng.u8(..6) {
        0 => data.insert(at, rng.u8(..)),
        1 if at < data.len() => data[at] ^= 1 << rng.u8(..8),
        2 if at < data.len() => data[at] = *b"\0\xff\"[{:,}0"[..].get(rng.usize(..9)).unwrap_or(&0),
        3 => data.truncate(at.max(1)),
        4 => {
            let other = &seeds[rng.usize(..seeds.len())];
            let from = rng.usize(..=other.len());
            data.extend_from_slice(&other[from..]);
        }
        _ => {
            let end = (at + rng.usize(..9)).min(data.len());
            data.drain(at..end);
        }
    }
}

#[test]
fn the_scanner_takes_what_prost_takes() {
    run("scanner", bodies::scanner, CHANGES);
}

#[test]
fn json_is_the_same_when_it_was_written_and_read_again() {
    run("json", bodies::json, CHANGES);
}

#[test]
fn any_configuration_is_taken_or_refused() {
    run("configuration", bodies::configuration, CHANGES / 4);
}

#[test]
fn any_condition_is_taken_or_refused() {
    run("conditions", bodies::conditions, CHANGES);
}

#[test]
fn any_block_of_headers_is_read_within_its_bounds() {
    run("header_blocks", bodies::header_blocks, CHANGES);
}

#[test]
fn a_server_of_http2_is_one_whatever_its_client_says() {
    run("http2_server", bodies::http2_server, CHANGES);
}

#[test]
fn a_client_of_http2_is_one_whatever_its_server_says() {
    run("http2_client", bodies::http2_client, CHANGES);
}

#[test]
fn a_damaged_log_delivers_nothing_that_nobody_put_in() {
    run("recovery", bodies::recovery, CHANGES / 8);
}

/// What follows `before` in each line that begins with it, up to `end`.
fn named<'a>(text: &'a str, before: &'a str, end: &'a [char]) -> BTreeSet<&'a str> {
    let lines = text
        .lines()
        .filter_map(move |line| line.strip_prefix(before));
    lines.map(|rest| rest.split(end).next().unwrap()).collect()
}

/// Targets are built with a compiler and a library that no other test needs. What is in them is so little that it can be
/// compared instead: they run the bodies that are compiled here, with packages that they may use.
#[test]
fn each_body_has_a_target_that_would_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let (bodies, manifest) = (read("bodies.rs"), read("Cargo.toml"));
    let all = named(&bodies, "pub(crate) fn ", &['(']);
    assert!(!all.is_empty());
    let bins = manifest.split_once("[[bin]]").unwrap().1;
    assert_eq!(named(bins, "name = \"", &['"']), all, "in Cargo.toml");
    assert_eq!(
        fs::read_dir(folder.join("targets")).unwrap().count(),
        all.len()
    );
    for name in &all {
        assert_eq!(
            read(&format!("targets/{name}.rs")),
            format!(
                "//! See `bodies::{name}`.\n#![no_main]\n#![allow(dead_code)]\n\n#[path = \"../bodies.rs\"]\nmod bodies;\n\n\
                 libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::{name}(data));\n"
            )
        );
        assert!(
            manifest.contains(&format!("path = \"targets/{name}.rs\"")),
            "{name}"
        );
    }
    let dependencies = manifest.split_once("[dependencies]\n").unwrap().1;
    for package in named(&bodies, "use ", &[':', ';', ' ']) {
        let package = package.replace('_', "-");
        let has = dependencies.contains(&format!("\n{package} = ")) || package == "std";
        assert!(
            has || dependencies.starts_with(&format!("{package} = ")),
            "bodies use {package}"
        );
    }
}
