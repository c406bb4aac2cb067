//! Do `cargo run -p stacks` and `cargo test` share one build of every dependency?
//!
//! Cargo builds a package again for each set of features that it is asked for, and which packages
//! are selected decides who asks. A difference costs everyone half a cold build.

use std::collections::BTreeSet;
use std::process::Command;

/// Foreign packages with their version and features, as a selection of packages builds them.
fn built_by(selection: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let run = |network: &[&str]| {
        Command::new(&cargo)
            .args(["tree", "--prefix", "none", "--format", "{p} {f}"])
            .args([
                "--manifest-path",
                concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
            ])
            .args(selection)
            .args(network)
            .output()
            .expect("cargo runs")
    };
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    // Ours are followed by their folder, and what was printed before by `(*)`.
    lines
        .lines()
        .filter(|line| !line.is_empty() && !line.contains(" (/"))
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect()
}

#[test]
fn the_command_and_the_tests_share_one_build_of_their_dependencies() {
    let command = built_by(&["--package", "stacks", "--edges", "normal,build"]);
    let programs = built_by(&["--workspace", "--edges", "normal,build"]);
    let tests = built_by(&["--workspace", "--edges", "normal,build,dev"]);
    assert!(command.len() > 100, "cargo tree was not read: {command:?}");

    for (whose, everything) in [
        ("cargo build --workspace", programs),
        ("cargo test --workspace", tests),
    ] {
        let twice: Vec<_> = command.difference(&everything).collect();
        assert!(
            twice.is_empty(),
            "`{whose}` builds these again, with other features: {twice:#?}"
        );
    }
}
