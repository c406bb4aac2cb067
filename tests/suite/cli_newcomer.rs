//! What someone new runs into: each message says what to do next, in words that work where it is read.

use support::Command;

#[test]
fn a_stack_that_was_never_applied_says_how_to_make_it() {
    let user = Command::new("cli-never");
    let status = user.run(&["status", "dev"]).expect(7);
    assert!(
        status
            .err
            .contains("nothing of stack `dev` is there: `stacks up dev` makes it"),
        "{}",
        status.err
    );
}

#[test]
fn a_folder_that_cannot_be_written_to_is_one_to_say_another_of() {
    let user = Command::new("cli-unwritable");
    std::fs::write(user.folder().join(".stacks"), "").unwrap();
    let plan = user.run(&["plan", "dev"]).expect(1).err;
    assert!(plan.contains("could not open the sandbox"), "{plan}");
    assert!(plan.contains("hint: `--sandbox-dir DIR`"), "{plan}");
    let _ = user
        .run(&["plan", "dev", "--sandbox-dir", "elsewhere"])
        .expect(0);
}

#[test]
fn a_program_of_ones_own_is_called_by_its_own_name() {
    let user = Command::new("cli-own-name");
    let unmatched = ["plan", "hello", "--only", "nobody"];
    let unmatched = user.run_program("hello", &unmatched).expect(1).err;
    assert!(unmatched.contains("`hello render hello`"), "{unmatched}");
    let status = user.run_program("hello", &["status", "hello"]).expect(7);
    assert!(status.err.contains("`hello up hello`"), "{}", status.err);
}

#[test]
fn a_completion_offers_what_people_type_and_nothing_else() {
    let user = Command::new("cli-completion");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = user.run(&["completion", shell]).expect(0).out;
        assert!(!script.contains("local-gateway"), "{shell}");
        for word in ["drift", "sandbox-dir", "serve"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_bash_completion_is_one_that_bash_runs() {
    let user = Command::new("cli-completion-bash");
    let script = user.run(&["completion", "bash"]).expect(0).out;
    std::fs::write(user.folder().join("completion"), script).unwrap();
    let ask = "source ./completion; COMP_WORDS=(stacks drift s); COMP_CWORD=2; _stacks stacks s drift; echo ${COMPREPLY[@]}";
    let answer = std::process::Command::new("bash")
        .args(["--noprofile", "--norc", "-c", ask])
        .current_dir(user.folder())
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert_eq!(answer.trim(), "staging");
}

#[test]
fn the_program_of_the_readme_is_the_example_to_the_letter() {
    let read = |path: &str| std::fs::read_to_string(crate::outside::root().join(path)).unwrap();
    let (readme, example) = (read("README.md"), read("examples/observability.rs"));
    let program = example
        .split("\n\n")
        .skip(1)
        .collect::<Vec<_>>()
        .join("\n\n");
    assert!(program.starts_with("use modules::"), "{program}");
    assert!(readme.contains(&format!("```rust\n{program}```")));
}
