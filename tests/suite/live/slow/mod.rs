//! What only `make live-all` runs: programs whose build takes long.

use serde_json::Value;
use support::{Container, peers};

use super::peers::containers;

mod older;
mod store;
mod victoria;

/// Runs a program with the arguments and variables of a container, and `more`.
fn judged(program: &str, container: &Container, more: &[&str]) -> (bool, String) {
    let mut command = peers::peer(program);
    peers::run(
        command
            .args(&container.args)
            .args(more)
            .envs(&container.env),
    )
}

#[test]
fn loki_accepts_every_configuration_that_is_rendered_for_it() {
    let containers = containers("grafana/loki");
    assert!(!containers.is_empty(), "no stack runs Loki");
    for (stack, container) in containers {
        let (accepted, said) = judged("loki", &container, &["-verify-config"]);
        assert!(accepted, "{} of {stack}: {said}", container.workload);
    }
}

/// Takes away what Jaeger 2.20 knows and 2.13, the newest that can be built here, does not: how indices rotate.
fn without_rotation(text: &str) -> String {
    let mut config: Value = serde_saphyr::from_str(text).unwrap();
    for section in ["backends", "metric_backends"] {
        let backends = config["extensions"]["jaeger_storage"][section]
            .as_object_mut()
            .into_iter()
            .flatten();
        for (_, backend) in backends {
            let Some(indices) = backend.pointer_mut("/elasticsearch/indices") else {
                continue;
            };
            for (_, settings) in indices.as_object_mut().into_iter().flatten() {
                if let Some(settings) = settings.as_object_mut() {
                    settings.remove("rotation");
                }
            }
        }
    }
    config.to_string()
}

#[test]
fn jaeger_accepts_every_configuration_that_is_rendered_for_it() {
    let containers = containers("jaegertracing/jaeger");
    assert!(!containers.is_empty(), "no stack runs Jaeger");
    for (stack, container) in containers {
        let config = container.argument("--config").unwrap().to_owned();
        container.edit(&config, |text| without_rotation(&text));
        let mut jaeger = peers::peer("jaeger");
        let (accepted, said) = peers::run(
            jaeger
                .args(["validate", "--config", &config])
                .envs(&container.env),
        );
        assert!(accepted, "{} of {stack}: {said}", container.workload);
    }
}
