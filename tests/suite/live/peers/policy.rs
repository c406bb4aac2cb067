//! What does a policy checker find in our objects, and why do we leave it so?

use std::{collections::BTreeSet, fs};

use provider::SecretValues;
use serde_json::Value;
use support::{Command, peers};

use super::{graph, stacks};

/// A check that is not followed: which, on what (a kind and the end of a name, or everything), and why.
struct Skip(&'static str, &'static str, &'static str);

const SKIPS: &[Skip] = &[
    Skip(
        "CKV_K8S_11",
        "",
        "a limit on processor time slows down what could use an idle core; memory is limited",
    ),
    Skip(
        "CKV_K8S_15",
        "",
        "tags are versions, and a node that has the image starts it when the registry does not answer",
    ),
    Skip(
        "CKV_K8S_43",
        "",
        "the table of images has a slot for a digest; who mirrors images fills it",
    ),
    Skip(
        "CKV_K8S_40",
        "StatefulSet search",
        "Elasticsearch's image keeps its files as user 1000",
    ),
    Skip(
        "CKV_K8S_40",
        "StatefulSet grafana",
        "Grafana's image keeps its files as user 472",
    ),
    Skip(
        "CKV_K8S_40",
        "DaemonSet node",
        "logs on a node belong to root, and to nobody else",
    ),
    Skip(
        "CKV_K8S_23",
        "DaemonSet node",
        "the same; it runs without any capability",
    ),
    Skip(
        "CKV_K8S_38",
        "DaemonSet node",
        "it asks the API which Pod something comes from",
    ),
    Skip(
        "CKV_K8S_38",
        "Deployment otlp",
        "it asks the API where the samplers are",
    ),
    Skip(
        "CKV_K8S_38",
        "StatefulSet prometheus",
        "it asks the API where to measure",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet loki",
        "it joins a ring: one that is restarted while it waits makes it worse",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet search",
        "a member that is busy is not broken, and a restart moves its shards",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment jaeger-collector",
        "it answers only when its store does",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment jaeger-query",
        "it answers only when its store does",
    ),
];

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
