//! What a test needs of the machine. A person may not have it, and is told that less was tested; CI has to have it.

use std::process::Command;

/// Whether a command ends well here; where it does not, the test that needs it fails in CI and is left out elsewhere.
pub(crate) fn works(command: &[&str], comes_with: &str) -> bool {
    let output = Command::new(command[0]).args(&command[1..]).output();
    let there = output.is_ok_and(|output| output.status.success());
    there || {
        let command = command.join(" ");
        left_out(&format!(
            "`{command}` does not work here: it comes with {comes_with}, and has to be allowed"
        ));
        false
    }
}

/// Says that something is not tested, and why; in CI nothing may be left out.
pub(crate) fn left_out(why: &str) {
    left_out_in(std::env::var_os("CI").is_some_and(|ci| ci == "true"), why);
}

#[expect(
    clippy::print_stderr,
    reason = "who tests less than it says has to say so"
)]
fn left_out_in(ci: bool, why: &str) {
    assert!(!ci, "this must be tested under `CI=true`, but {why}");
    eprintln!("SKIPPED: {why}");
}

#[test]
fn what_is_there_is_tested_everywhere() {
    assert!(works(&["true"], "every system"));
}

#[test]
fn what_is_missing_is_left_out_by_people() {
    left_out_in(false, "there is no moon");
}

#[test]
#[should_panic(expected = "this must be tested under `CI=true`, but there is no moon")]
fn what_is_missing_fails_in_ci() {
    left_out_in(true, "there is no moon");
}
