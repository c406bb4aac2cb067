//! Does the real `kubectl` find nothing missing in a sandbox that is served?

use std::{collections::BTreeSet, fs};

use support::{Command, Live};

use super::kubectl::Kubectl;

#[test]
fn kubectl_applies_edits_waits_and_looks_in_a_served_sandbox_as_in_a_cluster() {
    let _ = Live::expected();
    let user = Command::new("served");
    let _ = user.run(&["up", "dev"]).expect(0);
    let served = user.serve();
    let kubectl = Kubectl::on_served(&user, &served);
    let here = |arguments: &[&str]| kubectl.run(&[&["-n", "dev"], arguments].concat());
    let rendered = user.folder().join("dev.yaml");
    fs::write(&rendered, user.run(&["render", "dev"]).expect(0).out).unwrap();
    let file = rendered.to_str().unwrap();
    assert_eq!(kubectl.diff("dev", &rendered), BTreeSet::new());

    // Client-side with its validation against OpenAPI, then server-side over it.
    let said = kubectl.run(&["apply", "-f", file]);
    assert!(said.contains("deployment.apps/otlp configured"), "{said}");
    kubectl.run(&["apply", "--server-side", "--force-conflicts", "-f", file]);
    fs::write(
        user.folder().join("wrong.yaml"),
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {prots: []}\n",
    )
    .unwrap();
    let wrong = kubectl.refused(&["-n", "dev", "apply", "-f", "wrong.yaml"]);
    assert!(wrong.contains("unknown field \"spec.prots\""), "{wrong}");

    let tables = here(&["get", "all,configmaps,persistentvolumeclaims"]);
    assert!(tables.contains("deployment.apps/otlp   1/1"), "{tables}");
    let described = here(&["describe", "deployment/otlp"]);
    assert!(described.contains("NewReplicaSetAvailable"), "{described}");
    let explained = kubectl.run(&["explain", "deployment.spec.replicas"]);
    assert!(explained.contains("replicas <integer>"), "{explained}");

    kubectl.edit(
        &["-n", "dev", "service/grafana"],
        "s/targetPort:.*/targetPort:\\ 9/",
    );
    here(&["scale", "deployment/otlp", "--replicas=2"]);
    here(&["rollout", "status", "deployment/otlp", "--timeout=20s"]);
    here(&[
        "wait",
        "--for=condition=Available",
        "deployment/otlp",
        "--timeout=20s",
    ]);
    here(&["label", "configmaps", "--all", "touched=yes"]);
    here(&["annotate", "deployment/otlp", "touched=yes"]);
    here(&[
        "set",
        "image",
        "statefulset/loki",
        "*=theirs.invalid/loki:9",
    ]);
    here(&["rollout", "status", "statefulset/loki", "--timeout=20s"]);
    here(&["delete", "service/prometheus"]);

    let drift = user.run(&["drift", "dev"]).expect(2).out;
    for words in [
        "Deployment/dev/otlp",
        "changed by kubectl (through scale)",
        "changed by kubectl-edit",
        "changed by kubectl-set",
        "Service/dev/prometheus   (drift, deleted by someone)",
    ] {
        assert!(drift.contains(words), "`{words}` is not said:\n{drift}");
    }
    let _ = user.run(&["up", "dev"]).expect(0);
    assert_eq!(kubectl.diff("dev", &rendered), BTreeSet::new());
    let protobuf = kubectl.refused(&["create", "namespace", "more"]);
    assert!(protobuf.contains("--dry-run=client -o yaml"), "{protobuf}");
    kubectl.run(&["delete", "namespace", "dev"]);
}
