//! Do the real programs take what the injector brings?

use std::fs;

use modules::WhenDown;
use support::{Command, peers};

use super::beside::rendered;

/// The facts that a Pod would tell its sidecar.
const FACTS: [&str; 5] = [
    "POD_IP",
    "POD_NAME",
    "POD_NAMESPACE",
    "POD_UID",
    "NODE_NAME",
];

#[test]
fn a_real_collector_takes_the_file_that_is_kept_for_the_sidecar() {
    let user = Command::new("injected");
    let objects = rendered("prod", WhenDown::Refuse);
    let kept: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "ConfigMap" && object["metadata"]["namespace"] != "prod")
        .collect();
    assert_eq!(kept.len(), 2, "one in each namespace that may ask");
    for map in kept {
        let file = user.folder().join("config.yaml");
        fs::write(&file, map["data"]["config.yaml"].as_str().unwrap()).unwrap();
        let mut collector = peers::peer("otelcol");
        collector.envs(FACTS.map(|fact| (fact, "127.0.0.1")));
        let (taken, said) = peers::run(collector.args(["validate", "--config"]).arg(&file));
        assert!(taken, "{said}");
    }
}

#[test]
fn strict_schemas_know_every_field_of_the_webhook() {
    let user = Command::new("webhook-schema");
    let file = user.folder().join("all.yaml");
    let objects = rendered("prod", WhenDown::Admit);
    let documents: Vec<_> = objects.iter().map(ToString::to_string).collect();
    fs::write(&file, documents.join("\n---\n")).unwrap();
    for minor in ["1.35", "1.36", "1.37"] {
        let mut validate = peers::peer("kubernetes-validate");
        let arguments = ["--strict", "--kubernetes-version", minor];
        let (valid, said) = peers::run(validate.args(arguments).arg(&file));
        assert!(valid, "against {minor}: {said}");
        assert!(
            said.contains("mutatingwebhookconfiguration/prod-injector"),
            "{said}"
        );
    }
}
