//! What a person types, and what they get: the README's commands, wrong ones, and exit codes.

use support::Command;

#[test]
fn the_readme_s_first_command_brings_prod_up_in_the_sandbox_and_says_so_first() {
    let user = Command::new("cli-readme");
    let first = user.run(&["up", "prod"]).expect(0);
    let line = first.err.lines().next().unwrap_or_default();
    assert!(
        line.starts_with("target: the sandbox in `.stacks`") && line.contains("a simulation"),
        "{line}"
    );
    assert!(first.out.contains("created"), "{}", first.out);

    let second = user.run(&["up", "prod"]).expect(0);
    assert!(second.err.contains("plan: nothing to do"), "{}", second.err);
    assert!(
        !second.out.contains("created") && !second.out.contains("updated"),
        "{}",
        second.out
    );

    let drift = user.run(&["drift", "prod"]).expect(0);
    assert!(drift.out.contains("drift: none"), "{}", drift.out);
    let status = user.run(&["status", "prod"]).expect(0);
    assert!(status.out.contains("ready"), "{}", status.out);

    let down = user.run(&["down", "prod"]).expect(0);
    assert!(down.out.contains("deleted"), "{}", down.out);
    let plan = user.run(&["plan", "prod", "--detailed-exitcode"]).expect(2);
    assert!(plan.out.contains("to create"), "{}", plan.out);
}

#[test]
fn an_edit_through_the_served_sandbox_is_drift_with_its_manager_and_up_retakes_it() {
    let user = Command::new("cli-drift");
    let _ = user.run(&["up", "dev"]).expect(0);
    let served = user.serve();
    let path = "/apis/apps/v1/namespaces/dev/deployments/otlp/scale";
    served.patch(
        "kubectl",
        path,
        &serde_json::json!({ "spec": { "replicas": 2 } }),
    );

    let drift = user.run(&["drift", "dev"]).expect(2);
    assert!(
        drift.out.contains("spec.replicas") && drift.out.contains("changed by kubectl"),
        "{}",
        drift.out
    );
    let _ = user.run(&["up", "dev"]).expect(0);
    let _ = user.run(&["drift", "dev"]).expect(0);
}

#[test]
fn mistakes_on_the_command_line_exit_with_1_and_say_what_is_right() {
    let user = Command::new("cli-wrong");
    let unknown = user.run(&["up", "prd"]).expect(1);
    assert!(
        unknown.err.contains("there is no stack `prd`")
            && unknown.err.contains("did you mean `prod`?"),
        "{}",
        unknown.err
    );
    let flag = user.run(&["up", "prod", "--parallelsm", "3"]).expect(1);
    assert!(flag.err.contains("--parallelism"), "{}", flag.err);
    let take = user.run(&["plan", "prod", "--take", "nonsense"]).expect(1);
    assert!(take.err.contains("MANAGER:PATH"), "{}", take.err);
    let pattern = user
        .run(&["plan", "prod", "--only", "Deployment/nobody"])
        .expect(1);
    assert!(
        pattern.err.contains("matches `Deployment/nobody`"),
        "{}",
        pattern.err
    );
}

#[test]
fn a_cluster_that_is_named_and_cannot_be_used_is_never_the_sandbox() {
    let user = Command::new("cli-lost");
    let missing = user
        .run(&["plan", "dev", "--kubeconfig", "nowhere"])
        .expect(1);
    assert!(
        missing
            .err
            .contains("`nowhere` named by --kubeconfig does not exist"),
        "{}",
        missing.err
    );
    let context = user
        .run(&["plan", "dev", "--kube-context", "prod-eu"])
        .expect(1);
    assert!(context.err.contains("`prod-eu`"), "{}", context.err);

    let kubeconfig = sandbox::kubeconfig("127.0.0.1:9".parse().unwrap());
    std::fs::write(user.folder().join("gone"), kubeconfig).unwrap();
    let gone = user.run(&["plan", "dev", "--kubeconfig", "gone"]).expect(1);
    assert!(gone.err.contains("127.0.0.1:9"), "{}", gone.err);
    assert!(
        gone.err.contains("cannot be reached") && gone.err.contains("hint: is the cluster up"),
        "{}",
        gone.err
    );
    assert!(!user.folder().join(".stacks").exists());
}

#[test]
fn a_real_target_needs_a_yes() {
    let user = Command::new("cli-yes");
    let served = user.serve();
    let refused = user.run_on_served(&served, &["up", "dev"]).expect(1);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    let _ = user
        .run_on_served(&served, &["up", "dev", "--yes"])
        .expect(0);
}

#[test]
fn json_is_one_versioned_event_on_each_line_and_nothing_else() {
    let user = Command::new("cli-json");
    let ran = user.run(&["up", "dev", "--json"]).expect(0);
    let events: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        events
            .iter()
            .all(|event| event["version"].is_u64() && event["event"].is_string())
    );
    let names: Vec<_> = events
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(names.first(), Some(&"target"));
    assert_eq!(names.last(), Some(&"report"));
    assert!(
        names.contains(&"plan") && names.contains(&"step_finished"),
        "{names:?}"
    );
}

#[test]
fn colours_are_off_where_nobody_sees_them() {
    let user = Command::new("cli-colours");
    let plan = user.run(&["plan", "dev"]).expect(0);
    assert!(!plan.out.contains('\u{1b}') && !plan.err.contains('\u{1b}'));
}

#[test]
fn the_memory_of_each_collector_is_accounted_for() {
    let user = Command::new("cli-budget");
    let text = user.run(&["budget", "prod"]).expect(0).out;
    for said in [
        "StatefulSet/observability/otlp-sampler × 2: 2048 MiB each",
        "DaemonSet/observability-agents/node on each node: 512 MiB each",
        "waiting traces",
        "enough for 1992 new traces a second on each Pod",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    let json = user.run(&["budget", "prod", "-o", "json"]).expect(0).out;
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    let budgets = document["budgets"].as_array().unwrap();
    assert!(budgets.len() >= 3);
    for budget in budgets {
        let parts = budget["parts"].as_array().unwrap().iter();
        let sum: u64 = parts.map(|part| part["bytes"].as_u64().unwrap()).sum();
        assert_eq!(Some(sum), budget["limit"].as_u64());
        assert!(!budget["workloads"].as_array().unwrap().is_empty());
    }
    let _ = user.run(&["budget", "nothing"]).expect(1);
}

#[test]
fn drawings_and_completions_are_written() {
    let user = Command::new("cli-draw");
    let mermaid = user.run(&["graph", "prod"]).expect(0).out;
    assert!(
        mermaid.starts_with("flowchart LR") && mermaid.contains("-->"),
        "{mermaid}"
    );
    let dot = user
        .run(&["graph", "prod", "-o", "dot", "--of", "dependencies"])
        .expect(0)
        .out;
    assert!(dot.starts_with("digraph \"prod\" {"), "{dot}");
    assert!(
        user.run(&["completion", "bash"])
            .expect(0)
            .out
            .contains("_stacks")
    );
    assert_eq!(
        user.run(&["list"]).expect(0).out,
        "prod\nstaging\ndev\nhybrid\n"
    );
}
