//! What does a policy checker find in our objects, and why do we leave it so?

use std::{collections::BTreeSet, fs};

use provider::SecretValues;
use serde_json::Value;
use support::{Command, peers};

use self::skips::{SKIPS, Skip};
use super::{graph, stacks};

mod skips;

impl Skip {
    fn covers(&self, check: &str, object: &str) -> bool {
        let Self(skipped, on, _) = self;
        let whole = on.is_empty()
            || on.split_once(' ').is_some_and(|(kind, name)| {
                let mut parts = object.split('.');
                parts.next() == Some(kind) && parts.next_back() == Some(name)
            });
        *skipped == check && whole
    }
}

/// What the checker finds: check and object.
fn found(user: &Command) -> BTreeSet<(String, String)> {
    for stack in stacks() {
        let file = user.folder().join(format!("{}.yaml", stack.name()));
        fs::write(file, graph(&stack).to_yaml(SecretValues::Hidden)).unwrap();
    }
    let mut checkov = peers::peer("checkov");
    checkov.args([
        "--framework",
        "kubernetes",
        "--quiet",
        "--compact",
        "--soft-fail",
    ]);
    checkov
        .args(["--skip-download", "--output", "json", "--directory"])
        .arg(user.folder());
    let output = checkov.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(report["summary"]["parsing_errors"], 0, "{said}");
    assert!(
        report["summary"]["passed"].as_u64() > Some(1000),
        "it looked at nothing: {report}"
    );
    let failed = report["results"]["failed_checks"].as_array().unwrap();
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    failed
        .iter()
        .map(|check| (text(check, "check_id"), text(check, "resource")))
        .collect()
}

#[test]
fn a_policy_checker_finds_nothing_that_has_no_reason() {
    let found = found(&Command::new("policy"));
    let unexplained: Vec<_> = found
        .iter()
        .filter(|(check, object)| !SKIPS.iter().any(|skip| skip.covers(check, object)))
        .collect();
    assert_eq!(unexplained, [] as [&(String, String); 0]);
    let unused: Vec<_> = SKIPS
        .iter()
        .filter(|skip| {
            !found
                .iter()
                .any(|(check, object)| skip.covers(check, object))
        })
        .map(|Skip(check, on, why)| (check, on, why))
        .collect();
    assert_eq!(unused, [], "these skips have nothing left to skip");
}
