//! Does the real collector accept every configuration that we write for it?

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use support::{Container, peers};

use super::containers;

/// What the collector that we build does not have, because it does not compile with the rest at this version: see
/// `tests/live/peers/collector/manifest.yaml`.
pub(in crate::live) const NOT_BUILT: [&str; 3] =
    ["routing", "elasticsearch", "google_cloud_storage"];
/// The configurations that are not judged here, each because of one of them: `live::slow` has an older collector for them.
pub(in crate::live) const LEFT_OUT: [(&str, &str); 4] = [
    ("Deployment/otlp of searching", "elasticsearch"),
    ("Deployment/otlp of searching-tls", "elasticsearch"),
    ("StatefulSet/patient of passing", "google_cloud_storage"),
    ("StatefulSet/patient of passing-tls", "google_cloud_storage"),
];
const BY_ACCOUNT: &str = "auth_type: serviceAccount";

/// Which of those a configuration uses.
fn not_built(config: &str) -> Option<&'static str> {
    let config: Value = serde_saphyr::from_str(&fs::read_to_string(config).unwrap()).unwrap();
    let uses = |kind: &str| {
        ["connectors", "exporters"].iter().any(|section| {
            let ids = config[section].as_object().into_iter().flatten();
            ids.into_iter()
                .any(|(id, _)| id.split('/').next() == Some(kind))
        })
    };
    NOT_BUILT.into_iter().find(|kind| uses(kind))
}

/// What the real collector says to the configuration of a container.
fn validate(container: &Container) -> (bool, String) {
    let config = container
        .argument("--config")
        .expect("a collector is told its configuration");
    let mut otelcol = peers::peer("otelcol");
    peers::run(
        otelcol
            .args(["validate", "--config", config])
            .envs(&container.env),
    )
}

#[test]
fn a_collector_accepts_every_configuration_that_is_rendered_for_one() {
    let mut refused = Vec::new();
    let mut left_out = BTreeMap::new();
    for distribution in [
        "opentelemetry-collector-k8s",
        "opentelemetry-collector-contrib",
    ] {
        for (stack, container) in containers(distribution) {
            if let Some(kind) = not_built(container.argument("--config").unwrap()) {
                left_out.insert(format!("{} of {stack}", container.workload), kind);
                continue;
            }
            // The authority of the cluster lies in a place of every Pod that this program knows by itself.
            let config = container.argument("--config").unwrap();
            container.edit(config, |text| text.replace(BY_ACCOUNT, "auth_type: none"));
            let (accepted, said) = validate(&container);
            if !accepted {
                refused.push(format!("{} of {stack}: {said}", container.workload));
            }
        }
    }
    assert_eq!(refused, [] as [String; 0]);
    assert_eq!(
        left_out,
        BTreeMap::from(LEFT_OUT.map(|(who, kind)| (who.to_owned(), kind)))
    );
}
