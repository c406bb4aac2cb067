//! Does the real collector accept every configuration that we write for it?

use support::{Container, peers};

use super::containers;

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
    for distribution in [
        "opentelemetry-collector-k8s",
        "opentelemetry-collector-contrib",
    ] {
        for (stack, container) in containers(distribution) {
            let (accepted, said) = validate(&container);
            if !accepted {
                refused.push(format!("{} of {stack}: {said}", container.workload));
            }
        }
    }
    assert_eq!(refused, [] as [String; 0]);
}
