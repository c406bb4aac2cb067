//! Do Prometheus and Alertmanager accept what we write for them?

use support::peers;

use super::containers;

#[test]
fn prometheus_accepts_its_configuration_and_its_rules() {
    let containers = containers("prom/prometheus");
    assert!(!containers.is_empty(), "no stack runs Prometheus");
    for (stack, container) in containers {
        let config = container
            .argument("--config.file")
            .expect("Prometheus is told its configuration");
        let (accepted, said) =
            peers::run(peers::peer("promtool").args(["check", "config", "--lint=none", config]));
        assert!(accepted, "{} of {stack}: {said}", container.workload);
    }
}
