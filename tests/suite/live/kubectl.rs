//! Does `kubectl diff` see what our plan sees, object by object and field by field?

use std::{
    collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command,
};

use serde_json::Value;
use support::{Live, Served, Site};

use super::differences::{Difference, between, planned};

/// Somebody with the `kubectl` of the control plane.
pub(super) struct Kubectl<'a> {
    folder: &'a Path,
    kubeconfig: &'a Path,
}

impl<'a> Kubectl<'a> {
    /// On the cluster of a site.
    pub(super) fn on(site: &'a Site) -> Self {
        Self {
            folder: site.user.folder(),
            kubeconfig: &site.kubeconfig,
        }
    }

    /// On a sandbox that is served.
    pub(super) fn on_served(user: &'a support::Command, served: &'a Served) -> Self {
        Self {
            folder: user.folder(),
            kubeconfig: &served.kubeconfig,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Live::expected().kubectl);
        command
            .args(arguments)
            .current_dir(self.folder)
            .env("KUBECONFIG", self.kubeconfig)
            .env("HOME", self.folder);
        command
    }

    /// Runs it and expects that all is well.
    pub(super) fn run(&self, arguments: &[&str]) -> String {
        let ran = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let error = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "kubectl {arguments:?}: {said}{error}");
        said
    }

    /// Runs it and expects that it is refused: with what it says.
    pub(super) fn refused(&self, arguments: &[&str]) -> String {
        let ran = self.command(arguments).output().unwrap();
        assert!(
            !ran.status.success(),
            "kubectl {arguments:?} was not refused"
        );
        String::from_utf8_lossy(&ran.stderr).into_owned()
    }

    /// Edits an object in the editor that `sed` is.
    pub(super) fn edit(&self, arguments: &[&str], expression: &str) {
        let ran = self
            .command(&[&["edit"], arguments].concat())
            .env("KUBE_EDITOR", format!("sed -i {expression}"))
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }

    /// What `kubectl diff` finds between the cluster and the rendered stack.
    pub(super) fn diff(&self, stack: &str, rendered: &Path) -> BTreeSet<Difference> {
        let folder = self.folder;
        let seen = folder.join("seen");
        // It may be left from the diff before.
        let _ = fs::remove_dir_all(&seen);
        fs::create_dir(&seen).unwrap();
        let keep = folder.join("keep");
        let script = format!(
            "#!/bin/sh\ncp -r \"$1\" '{0}/live'\ncp -r \"$2\" '{0}/merged'\n",
            seen.display()
        );
        fs::write(&keep, script).unwrap();
        fs::set_permissions(&keep, fs::Permissions::from_mode(0o755)).unwrap();
        let manager = format!("--field-manager=stacks/{stack}");
        let file = rendered.to_str().unwrap();
        let ran = self
            .command(&[
                "diff",
                "--server-side",
                &manager,
                "--force-conflicts",
                "-f",
                file,
            ])
            .env("KUBECTL_EXTERNAL_DIFF", &keep)
            .output()
            .unwrap();
        assert!(
            ran.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        let mut found = BTreeSet::new();
        for file in fs::read_dir(seen.join("merged")).unwrap() {
            let name = file.unwrap().file_name();
            let read = |side: &str| -> Option<Value> {
                let text = fs::read_to_string(seen.join(side).join(&name)).unwrap_or_default();
                serde_saphyr::from_str(&text).ok()
            };
            found.extend(between(read("live"), &read("merged").unwrap()));
        }
        found
    }
}

/// What was done to `staging`, and how many objects differ then.
fn meddle(kubectl: &Kubectl<'_>) {
    let here = |arguments: &[&str]| kubectl.run(&[&["-n", "staging"], arguments].concat());
    here(&["scale", "deployment/otlp", "--replicas=5"]);
    // A field removed, one of ours changed, some added that nobody asked for.
    let limits = r#"[{"op":"remove","path":"/spec/template/spec/containers/0/resources/limits"}]"#;
    here(&[
        "patch",
        "deployment/jaeger-query",
        "--type=json",
        "-p",
        limits,
    ]);
    let added = r#"{"spec":{"minReadySeconds":7,"template":{"metadata":{"annotations":{"who":"kubectl"}}}}}"#;
    here(&["patch", "deployment/jaeger-collector", "-p", added]);
    here(&["set", "env", "deployment/jaeger-collector", "EXTRA=1"]);
    kubectl.edit(
        &["-n", "staging", "service/grafana"],
        "s/targetPort:.*/targetPort:\\ 9/",
    );
    here(&["label", "configmaps", "--all", "touched=yes"]);
    here(&[
        "label",
        "service/loki",
        "app.kubernetes.io/part-of=theirs",
        "--overwrite",
    ]);
    here(&["annotate", "statefulset/prometheus", "touched=yes"]);
    here(&["delete", "networkpolicy/default-deny"]);
    let stolen = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: loki, namespace: staging}\n\
        spec: {template: {spec: {terminationGracePeriodSeconds: 77, containers: [{name: loki, image: 'thief.invalid/loki:9'}]}}}\n";
    fs::write(kubectl.folder.join("stolen.yaml"), stolen).unwrap();
    let thief = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=thief",
        "-f",
        "stolen.yaml",
    ];
    here(&thief);
}

#[test]
fn kubectl_diff_agrees_with_the_plan_object_by_object_and_field_by_field() {
    if Live::expected().audit.is_none() {
        return; // the catalogue's names are not ours in a given cluster
    }
    let site = Site::new("kubectl", &["staging", "staging-agents"]);
    let kubectl = Kubectl::on(&site);
    let _ = site.run(&["up", "staging", "--yes"]).expect(0);
    let rendered = site.user.folder().join("staging.yaml");
    let yaml = site.user.run(&["render", "staging"]).expect(0);
    fs::write(&rendered, yaml.out).unwrap();
    let compare = || {
        let plan = site.run(&["plan", "staging", "-o", "json"]).expect(0);
        let plan = planned(&serde_json::from_str(&plan.out).unwrap());
        assert_eq!(kubectl.diff("staging", &rendered), plan);
        plan
    };
    assert_eq!(compare(), BTreeSet::new(), "just applied");

    meddle(&kubectl);
    let found = compare();
    let objects: BTreeSet<_> = found.iter().map(|d| d.object.as_str()).collect();
    let expected = [
        "Deployment/jaeger-query",
        "Deployment/otlp",
        "NetworkPolicy/default-deny",
        "Service/grafana",
        "Service/loki",
        "StatefulSet/loki",
    ];
    assert_eq!(objects, expected.into());
    assert!(found.len() > expected.len(), "{found:?}");

    let drift = site.run(&["drift", "staging"]).expect(2).out;
    for words in [
        "changed by kubectl",
        "changed by kubectl-edit",
        "changed by thief",
        "deleted by someone",
    ] {
        assert!(drift.contains(words), "`{words}` is not said:\n{drift}");
    }
    let _ = site.run(&["up", "staging", "--yes"]).expect(0);
    assert_eq!(compare(), BTreeSet::new(), "retaken");
    let theirs = kubectl.run(&[
        "-n",
        "staging",
        "get",
        "deployment/jaeger-collector",
        "-o",
        "yaml",
    ]);
    assert!(
        theirs.contains("EXTRA") && theirs.contains("who: kubectl"),
        "what never was ours stays: {theirs}"
    );
}
