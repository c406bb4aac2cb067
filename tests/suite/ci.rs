//! The workflow that we ship does what it says: its steps are run here as a runner would run them.

use std::{collections::BTreeMap, fs, path::Path, process::Command as Process};

use serde_json::{Value, json};
use support::{Command, binary};

/// A runner's memory between steps, in a folder.
struct Runner<'a> {
    user: &'a Command,
    workflow: Value,
    variables: BTreeMap<String, String>,
}

impl<'a> Runner<'a> {
    fn new(user: &'a Command, secrets: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut text = fs::read_to_string(root.join("examples/ci/drift.yaml")).unwrap();
        for (name, value) in secrets {
            text = text.replace(&format!("${{{{ secrets.{name} }}}}"), value);
        }
        assert!(!text.contains("${{"), "an expression was not filled in");
        let workflow: Value = serde_saphyr::from_str(&text).unwrap();
        let mut variables = environment(&workflow);
        let folder = user.folder();
        for (name, file) in [
            ("GITHUB_ENV", "env"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("RUNNER_TEMP", ""),
        ] {
            variables.insert(name.into(), folder.join(file).display().to_string());
        }
        Self {
            user,
            workflow,
            variables,
        }
    }

    /// Runs all steps of the job that are scripts; gives the exit status of the last.
    fn run(&mut self) -> i32 {
        let steps = self.workflow["jobs"]["drift"]["steps"]
            .as_array()
            .unwrap()
            .clone();
        let mut code = 0;
        for step in steps {
            let Some(script) = step["run"].as_str() else {
                continue;
            };
            code = self.script(script, &environment(&step));
            let more = fs::read_to_string(self.user.folder().join("env")).unwrap_or_default();
            self.variables.extend(
                more.lines()
                    .filter_map(|line| line.split_once('='))
                    .map(owned),
            );
        }
        code
    }

    fn script(&self, script: &str, own: &BTreeMap<String, String>) -> i32 {
        // The program is built already; a build of its own in here would only wait for the lock of this one.
        let script = script.replace(
            "cargo run --locked --quiet -p stacks --",
            binary("stacks").to_str().unwrap(),
        );
        let mut bash = Process::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script])
            .current_dir(self.user.folder());
        bash.env_remove("KUBECONFIG")
            .env("HOME", self.user.folder())
            .envs(&self.variables)
            .envs(own);
        bash.status().unwrap().code().unwrap()
    }
}

fn environment(of: &Value) -> BTreeMap<String, String> {
    let variables = of["env"].as_object().cloned().unwrap_or_default();
    variables
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn base64_of(path: &Path) -> String {
    let output = Process::new("base64")
        .args(["--wrap=0"])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_workflow_is_green_without_drift_red_with_it_and_shows_the_report() {
    let user = Command::new("ci-drift");
    let served = user.serve();
    let _ = user
        .run_on_served(&served, &["up", "dev", "--yes"])
        .expect(0);
    let kubeconfig = base64_of(&served.kubeconfig);
    let mut runner = Runner::new(&user, &[("KUBECONFIG_BASE64", &kubeconfig)]);
    runner.variables.insert("STACK".into(), "dev".into());
    runner
        .variables
        .insert("KUBE_CONTEXT".into(), sandbox::CONTEXT.into());
    assert_eq!(runner.run(), 0);
    let summary = fs::read_to_string(user.folder().join("summary")).unwrap();
    assert!(summary.contains("drift: none"), "{summary}");

    served.patch(
        "kubectl-edit",
        "/apis/apps/v1/namespaces/dev/deployments/otlp",
        &json!({ "spec": { "replicas": 2 } }),
    );
    assert_eq!(runner.run(), 2);
    let summary = fs::read_to_string(user.folder().join("summary")).unwrap();
    assert!(summary.contains("kubectl-edit"), "{summary}");
}

#[test]
fn a_run_that_lost_its_credentials_is_never_green() {
    let user = Command::new("ci-lost");
    let mut runner = Runner::new(&user, &[("KUBECONFIG_BASE64", "")]);
    assert_eq!(runner.run(), 1);
}
