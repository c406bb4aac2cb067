//! Does the real API server warn about anything in our objects, Pod security before all?

use std::{fs, path::Path, process::Command as Process};

use provider::{Graph, SecretValues};
use support::{Command, Live};

use super::{FOREIGN, graph, stacks};

/// What `kubectl apply` says about a file, and whether it did it.
fn apply(live: &Live, file: &Path, more: &[&str]) -> (bool, String) {
    let mut kubectl = Process::new(&live.kubectl);
    kubectl
        .args(["apply", "--server-side", "--force-conflicts", "--filename"])
        .arg(file)
        .args(more);
    support::peers::run(kubectl.env("KUBECONFIG", &live.kubeconfig))
}

/// The rendered documents of the kinds that are asked for, or of all the others.
fn documents(graph: &Graph, wanted: impl Fn(&str) -> bool) -> String {
    let text = graph.to_yaml(SecretValues::Hidden);
    let of_kind = |document: &&str| {
        let kind = document
            .lines()
            .find_map(|line| line.strip_prefix("kind: "));
        kind.is_some_and(&wanted)
    };
    text.split("\n---\n")
        .filter(of_kind)
        .collect::<Vec<_>>()
        .join("\n---\n")
}

#[test]
fn a_real_api_server_takes_every_object_without_a_warning() {
    let live = Live::expected();
    let user = Command::new("admission");
    let known = |kind: &str| kind != "Namespace" && !FOREIGN.contains(&kind);
    for stack in stacks() {
        let name = live.name(&format!("adm-{}", stack.name()));
        let graph = graph(&stack.clone().namespace(name.clone()));
        let [first, rest] =
            ["namespaces", "rest"].map(|part| user.folder().join(format!("{name}-{part}.yaml")));
        fs::write(&first, documents(&graph, |kind| kind == "Namespace")).unwrap();
        fs::write(&rest, documents(&graph, known)).unwrap();
        let (made, said) = apply(&live, &first, &[]);
        assert!(made, "{said}");
        let (taken, said) = apply(&live, &rest, &["--dry-run=server"]);
        let _ = Process::new(&live.kubectl)
            .args(["delete", "--wait=false", "--filename"])
            .arg(&first)
            .env("KUBECONFIG", &live.kubeconfig)
            .output();
        assert!(taken, "{}: {said}", stack.name());
        assert!(
            said.contains("serverside-applied (server dry run)"),
            "{}: {said}",
            stack.name()
        );
        let warnings: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with("Warning:"))
            .collect();
        assert_eq!(warnings, [] as [&str; 0], "{}", stack.name());
    }
}
