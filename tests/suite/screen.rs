//! What a person reads: nothing untrue, nothing twice, nothing secret.

use support::Command;

#[test]
fn a_first_plan_says_once_what_is_predicted() {
    let user = Command::new("screen-predicted");
    let plan = user.run(&["plan", "prod"]).expect(0).out;
    assert_eq!(plan.matches("predicted").count(), 1, "{plan}");
    assert!(plan.contains("(in observability, observability-agents): "));
}

#[test]
fn a_run_that_had_nothing_to_do_claims_no_cost() {
    let user = Command::new("screen-cost");
    let _ = user.run(&["up", "dev"]).expect(0);
    let again = user.run(&["up", "dev"]).expect(0).out;
    assert!(
        again.contains("unchanged") && !again.contains("request") && !again.contains(" in "),
        "{again}"
    );
}

#[test]
fn what_stays_is_not_counted_as_unchanged_too() {
    let user = Command::new("screen-down");
    let _ = user.run(&["up", "prod"]).expect(0);
    let down = user.run(&["down", "prod"]).expect(0).err;
    assert!(
        down.contains("stays with its data") && !down.contains("unchanged"),
        "{down}"
    );
    assert!(!down.contains("not been seen yet"), "{down}");
    assert!(
        down.contains("`stacks down prod --delete-volumes` deletes them and their data"),
        "{down}"
    );
    let again = user.run(&["down", "prod"]).expect(0).err;
    assert!(again.contains("data-search-2   (stays"), "{again}");
    assert!(again.contains("--delete-volumes` deletes them"), "{again}");
    let _ = user.run(&["down", "prod", "--delete-volumes"]).expect(0);
    let last = user.run(&["down", "prod"]).expect(0).err;
    assert!(!last.contains("stays"), "{last}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_what_the_sandbox_keeps() {
    use std::os::unix::fs::PermissionsExt;

    let user = Command::new("screen-private");
    let _ = user.run(&["up", "dev"]).expect(0);
    let folder = user.folder().join(".stacks");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn an_error_says_each_cause_once() {
    let user = Command::new("screen-causes");
    let kubeconfig = sandbox::kubeconfig("127.0.0.1:9".parse().unwrap());
    std::fs::write(user.folder().join("gone"), kubeconfig).unwrap();
    let err = user
        .run(&["plan", "dev", "--kubeconfig", "gone"])
        .expect(1)
        .err;
    assert_eq!(err.matches("client error (Connect)").count(), 1, "{err}");
}

#[test]
fn a_completion_knows_the_stacks() {
    let user = Command::new("screen-completion");
    for (shell, offered) in [
        ("bash", "prod staging dev"),
        ("zsh", "prod staging dev"),
        (
            "fish",
            "\"__fish_stacks_using_subcommand drift; and not __fish_seen_subcommand_from prod staging dev hybrid\" -f -a \"staging\"",
        ),
        ("elvish", "            cand staging "),
        ("powershell", "[CompletionResult]::new('staging', "),
    ] {
        let script = user.run(&["completion", shell]).expect(0).out;
        assert!(script.contains(offered), "{shell}: {script}");
    }
}

#[test]
fn a_drawing_leaves_the_namespace_to_the_box_around() {
    let user = Command::new("screen-drawing");
    let draw = |form| {
        let arguments = ["graph", "dev", "--of", "dependencies", "-o", form];
        user.run(&arguments).expect(0).out
    };
    assert!(!draw("dot").contains("-> \"Namespace/dev\""));
    assert!(draw("json").contains("\"to\":\"Namespace/dev\""));
}

#[test]
fn a_sandbox_that_cannot_be_read_says_how_to_empty_it() {
    let user = Command::new("screen-garbage");
    std::fs::create_dir(user.folder().join(".stacks")).unwrap();
    std::fs::write(user.folder().join(".stacks/sandbox.jsonl"), "garbage\n").unwrap();
    let err = user.run(&["plan", "dev"]).expect(1).err;
    assert!(err.contains("line 1 of .stacks/sandbox.jsonl"), "{err}");
    assert!(err.contains("hint: `stacks sandbox reset`"), "{err}");
    let _ = user.run(&["sandbox", "reset"]).expect(0);
    let _ = user.run(&["plan", "dev"]).expect(0);
}

#[test]
fn a_run_out_of_time_names_what_is_unfinished() {
    let user = Command::new("screen-late");
    let ran = user.run(&["up", "prod", "--timeout", "0s"]).expect(8);
    assert!(ran.err.contains("the run's time is up"), "{}", ran.err);
    assert!(!ran.out.contains("nothing to do"), "{}", ran.out);
}

#[test]
fn a_take_that_takes_nothing_is_said_and_is_no_error() {
    let user = Command::new("screen-take");
    let take = ["plan", "dev", "--take", "nobody:spec.replicas"];
    let err = user.run(&take).expect(0).err;
    assert!(
        err.contains("`--take nobody:spec.replicas` takes nothing"),
        "{err}"
    );
}
