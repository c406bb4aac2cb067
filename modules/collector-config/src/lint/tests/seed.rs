//! Is everything found that is wrong with the seed document's own configurations?
//!
//! The four manifests are copied as they stand there; the numbers are those of the research's inventory of it.

use std::collections::BTreeSet;

use super::*;
use crate::import;

const SIDECAR: &str = include_str!("../../../tests/seed/sidecar.yaml");
const DAEMONSET: &str = include_str!("../../../tests/seed/daemonset.yaml");
const GATEWAY: &str = include_str!("../../../tests/seed/gateway.yaml");
const OPTIMIZED: &str = include_str!("../../../tests/seed/sidecar-optimized.yaml");

/// Each entry that a configuration shows, where, and the lint that finds it.
const VISIBLE: &[(&str, &str, &str)] = &[
    ("M2", SIDECAR, "probe-unanswered"),
    ("M3", SIDECAR, "variable-unset"),
    ("M4", SIDECAR, "file-not-mounted"),
    ("M4", GATEWAY, "file-not-mounted"),
    ("M5", GATEWAY, "plain-listener"),
    ("M6", SIDECAR, "queue-too-large"),
    ("M7", SIDECAR, "limiter-in-mib"),
    ("M7", SIDECAR, "go-limit-missing"),
    ("M13", SIDECAR, "listens-everywhere"),
    ("M13", DAEMONSET, "address-without-brackets"),
    ("M15", DAEMONSET, "container-measured"),
    ("M16", DAEMONSET, "cluster-read-repeatedly"),
    ("M17", DAEMONSET, "log-format"),
    ("M17", DAEMONSET, "log-positions-lost"),
    ("M17", DAEMONSET, "log-feedback"),
    ("M18", DAEMONSET, "pods-of-all-nodes"),
    ("M18", DAEMONSET, "pods-by-address-only"),
    ("M19", DAEMONSET, "batch-last"),
    ("M20", DAEMONSET, "delivered-twice"),
    ("M20", DAEMONSET, "port-undeclared"),
    ("M21", DAEMONSET, "tls-without-authority"),
    ("M21", DAEMONSET, "queue-too-large"),
    ("M26", GATEWAY, "stateful-autoscaled"),
    ("M28", GATEWAY, "batch-delays"),
    ("M28", GATEWAY, "batch-too-large"),
    ("M30", GATEWAY, "component-unused"),
    ("M31", GATEWAY, "tail-unrouted"),
    ("M31", GATEWAY, "tail-no-headroom"),
    ("M31", GATEWAY, "tail-forgets"),
    ("M32", GATEWAY, "queue-too-large"),
    ("M33", GATEWAY, "several-writers"),
    ("M34", GATEWAY, "component-removed"),
    ("M35", SIDECAR, "component-removed"),
    ("M35", SIDECAR, "debug-in-production"),
    ("M36", SIDECAR, "setting-removed"),
    ("M37", GATEWAY, "telemetry-detailed"),
    ("0.1", DAEMONSET, "probe-unanswered"),
    ("0.2", GATEWAY, "tail-unrouted"),
    ("0.3", DAEMONSET, "component-renamed"),
    ("0.6", SIDECAR, "queue-in-requests"),
    ("0.7", OPTIMIZED, "batch-processor"),
    ("1.6", OPTIMIZED, "unix-as-address"),
    ("1.6", OPTIMIZED, "batch-too-small"),
    ("1.6", OPTIMIZED, "telemetry-unreachable"),
];

/// Each other entry about collectors, and why no configuration shows it.
const INVISIBLE: &[(&str, &str)] = &[
    (
        "0.4",
        "the seed has no reader of its metrics; one that is typed always says which suffixes it has",
    ),
    (
        "0.5",
        "the seed runs the distribution that contains everything; `component-not-contained` has a case of its own",
    ),
    ("M1", "variables of the application"),
    ("M8", "prose"),
    (
        "M9",
        "prose; `tail-before-the-network` has a case of its own",
    ),
    (
        "M10",
        "the account and its rights are no part of a configuration",
    ),
    ("M11", "tolerations"),
    ("M12", "the network of a Pod"),
    ("M14", "mounts and users of a Pod"),
    ("M22", "code of an application"),
    ("M23", "prose"),
    ("M24", "scheduling of Pods"),
    ("M25", "a Service"),
    ("M27", "right as it is"),
    ("M29", "right as it is"),
    ("M38", "prose"),
    ("M39", "what is not there at all"),
];

fn of(text: &str) -> Findings {
    let mut all = import::read(text, import::Wanted::default()).found;
    assert_eq!(all.len(), 1);
    let import::Imported {
        text,
        config,
        setting,
        ..
    } = all.remove(0);
    config.lint(&setting).and(renamed(&text, &setting))
}

#[test]
fn each_entry_of_the_inventory_that_a_configuration_shows_is_found() {
    for (item, text, id) in VISIBLE {
        let findings = of(text);
        let found = findings.iter().find(|found| found.lint.id == *id);
        let found = found.unwrap_or_else(|| panic!("{item}: no `{id}`"));
        assert!(
            found.lint.items.contains(item),
            "`{id}` does not name {item}"
        );
    }
}

#[test]
fn each_entry_is_found_or_there_is_a_reason_why_not() {
    let visible: BTreeSet<&str> = VISIBLE.iter().map(|(item, ..)| *item).collect();
    let invisible: BTreeSet<&str> = INVISIBLE.iter().map(|(item, _)| *item).collect();
    assert!(visible.is_disjoint(&invisible));
    for n in 1..40 {
        let item = format!("M{n}");
        let known = visible.contains(item.as_str()) || invisible.contains(item.as_str());
        assert!(known, "{item}");
    }
    let named = LINTS.iter().copied().flatten().flat_map(|lint| lint.items);
    for item in named {
        assert!(visible.contains(item) || invisible.contains(item), "{item}");
    }
}

#[test]
fn the_findings_of_the_seed_are_these() {
    for (name, text) in [
        ("sidecar", SIDECAR),
        ("daemonset", DAEMONSET),
        ("gateway", GATEWAY),
        ("optimized", OPTIMIZED),
    ] {
        let findings = of(text);
        let lines: Vec<String> = findings
            .iter()
            .map(|found| {
                let Finding { lint, .. } = found;
                format!(
                    "{} {} at {}\n    {}\n    {}",
                    lint.severity,
                    lint.id,
                    found.place(),
                    found.cause(),
                    found.repair()
                )
            })
            .collect();
        insta::assert_snapshot!(name, lines.join("\n"));
    }
}
