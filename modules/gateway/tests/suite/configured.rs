//! Is everything that can be configured carried out, refused by name, or said to do nothing?
//!
//! A cheap check on the text of the sources: a key that nothing reads is found, one that is read for nothing is not.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Keys of the collector that nothing here reads, and why.
const UNREAD: [(&str, &str, &str); 25] = [
    (
        "connection",
        "request_params",
        "part of `auth`, which is refused",
    ),
    (
        "file_exporter",
        "resource_attribute",
        "part of `group_by`, which is refused",
    ),
    (
        "file_exporter",
        "max_open_files",
        "part of `group_by`, which is refused",
    ),
    (
        "health",
        "exporter_failure_threshold",
        "part of `check_collector_pipeline`, which does nothing",
    ),
    (
        "health",
        "include_permanent_errors",
        "of version 2, which is refused",
    ),
    (
        "health",
        "include_recoverable_errors",
        "of version 2, which is refused",
    ),
    (
        "health",
        "recovery_duration",
        "of version 2, which is refused",
    ),
    (
        "health",
        "include_attributes",
        "of version 2, which is refused",
    ),
    (
        "health",
        "on_start",
        "part of `compaction`, of which a note says that it does nothing",
    ),
    ("health", "on_rebound", "part of `compaction`"),
    (
        "connection",
        "owner_auth",
        "part of `tpm`, which is refused",
    ),
    (
        "health",
        "rebound_needed_threshold_mib",
        "part of `compaction`",
    ),
    (
        "health",
        "rebound_trigger_threshold_mib",
        "part of `compaction`",
    ),
    ("health", "max_transaction_size", "part of `compaction`"),
    ("health", "check_interval", "part of `compaction`"),
    ("health", "cleanup_on_start", "part of `compaction`"),
    (
        "load_balancing",
        "service_name",
        "part of `aws_cloud_map`, which is refused",
    ),
    (
        "load_balancing",
        "health_status",
        "part of `aws_cloud_map`, which is refused",
    ),
    (
        "load_balancing",
        "owner_account",
        "part of `aws_cloud_map`, which is refused",
    ),
    ("load_balancing", "ports", "part of `k8s`, which is refused"),
    (
        "load_balancing",
        "return_hostnames",
        "part of `k8s`, which is refused",
    ),
    (
        "processors",
        "num_workers",
        "of `groupbytrace`, which the gateway does not run",
    ),
    (
        "processors",
        "wait_duration",
        "of `groupbytrace`, which the gateway does not run",
    ),
    (
        "processors",
        "check_interval",
        "bytes are counted, and never measured",
    ),
    (
        "tail_sampling",
        "expected_new_traces_per_sec",
        "a hint for the size of a table, in the collector too",
    ),
];

const COMPONENTS: [&str; 14] = [
    "attributes",
    "connection",
    "debug",
    "file_exporter",
    "filter",
    "health",
    "load_balancing",
    "ottl_groups",
    "otlp",
    "otlp_exporters",
    "processors",
    "queue",
    "remote_write",
    "tail_sampling",
];

/// The text of all sources below a folder, without their tests.
fn sources(folder: &Path, left_out: &[&str]) -> String {
    let mut text = String::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !left_out.contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
                let source = fs::read_to_string(&path).unwrap();
                let end = source.find("#[cfg(test)]\nmod tests {");
                text.push_str(&source[..end.unwrap_or(source.len())]);
            }
        }
    }
    text
}

/// All words of a text.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect()
}

/// The public fields in a text.
fn fields(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    let fields = lines.filter_map(|line| line.strip_prefix("pub ")?.split_once(':'));
    let names = fields.map(|(name, _)| name);
    names.filter(|name| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    })
}

#[test]
fn every_setting_is_read_by_what_runs() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let settings = sources(&src.join("settings"), &[]);
    let running = sources(&src, &["settings", "config", "tests"]);
    let assembled = fs::read_to_string(src.join("config/assemble.rs")).unwrap();
    let (running, assembled) = (words(&running), words(&assembled));
    let idle: Vec<_> = fields(&settings)
        .filter(|name| !running.contains(name) && !assembled.contains(name))
        // What a method of the settings reads: it is `pub(crate)`, so that the compiler says when nobody calls it.
        .filter(|name| !settings.contains(&format!("self.{name}")))
        .collect();
    assert!(idle.is_empty(), "configured and not carried out: {idle:?}");
}

#[test]
fn every_key_of_the_collector_is_read_or_there_is_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = sources(&root.join("src"), &["settings", "tests"]);
    let read = words(&read);
    let mut unread = BTreeSet::new();
    for component in COMPONENTS {
        let path = format!("../collector-config/src/components/{component}.rs");
        let text = fs::read_to_string(root.join(path)).unwrap();
        let fields = fields(&text).filter(|name| !read.contains(name));
        unread.extend(fields.map(|name| format!("{component}: {name}")));
    }
    let known: BTreeSet<_> = UNREAD
        .iter()
        .map(|(component, key, _)| format!("{component}: {key}"))
        .collect();
    let new: Vec<_> = unread.difference(&known).collect();
    assert!(
        new.is_empty(),
        "read by nothing, and for no reason: {new:?}"
    );
    let old: Vec<_> = known.difference(&unread).collect();
    assert!(old.is_empty(), "no longer unread: {old:?}");
}
