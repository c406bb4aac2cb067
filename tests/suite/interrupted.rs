//! Runs that meet each other, are stopped, or die: the next one converges.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command},
};

use serde_json::json;
use support::Site;

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/dev/leases/stacks-dev";

/// An `up` of `dev` that has written something and is far from its end.
struct Halfway {
    up: Child,
    said: BufReader<std::process::ChildStderr>,
}

fn halfway(site: &Site) -> Halfway {
    let mut up = site.start(&["up", "dev", "--yes", "--parallelism", "1"]);
    let mut said = BufReader::new(up.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("NetworkPolicy/dev/default-deny created") {
        line.clear();
        let read = said.read_line(&mut line).unwrap();
        assert!(read > 0, "it ended before it could be stopped");
    }
    Halfway { up, said }
}

impl Halfway {
    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.up.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// How it ended, and what it said since.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        let mut stdout = self.up.stdout.take().unwrap();
        stdout.read_to_string(&mut said).unwrap();
        (self.up.wait().unwrap().code(), said)
    }
}

fn converges(site: &Site) {
    let _ = site.run(&["up", "dev", "--yes"]).expect(0);
    let plan = site.run(&["plan", "dev", "--detailed-exitcode"]).expect(0);
    assert!(plan.out.contains("plan: nothing to do"), "{}", plan.out);
}

#[test]
fn ctrl_c_finishes_what_is_under_way_says_where_it_stands_and_the_next_run_goes_on() {
    let site = Site::new("interrupted", &["dev"]);
    let up = halfway(&site);
    up.signal("-INT");
    let (code, said) = up.ended();
    assert_eq!(code, Some(130), "{said}");
    for words in ["stopping:", "skipped", "interrupted", "run again to go on"] {
        assert!(said.contains(words), "`{words}` is not said:\n{said}");
    }
    assert!(
        site.send("GET", LEASE, None).is_err(),
        "the lock was given back"
    );
    converges(&site);
}

#[test]
fn of_two_runs_at_once_one_works_and_the_other_names_it() {
    let site = Site::new("two-runs", &["dev"]);
    let first = halfway(&site);
    let holder = format!("(pid {}): up", first.up.id());
    let second = site.run(&["up", "dev", "--yes"]).expect(6);
    assert!(
        second.err.contains("is locked by") && second.err.contains(&holder),
        "{}",
        second.err
    );
    let patient = site.start(&["up", "dev", "--yes", "--lock-timeout", "60s"]);
    let (code, said) = first.ended();
    assert_eq!(code, Some(0), "{said}");
    let patient = patient.wait_with_output().unwrap();
    // It planned to create what the first one has created meanwhile: that is said, not done twice.
    let said = String::from_utf8_lossy(&patient.stderr);
    assert!(matches!(patient.status.code(), Some(0 | 5)), "{said}");
    converges(&site);
}

#[test]
fn a_run_that_was_killed_keeps_the_lock_until_it_runs_out_and_the_next_one_converges() {
    let site = Site::new("killed", &["dev"]);
    let up = halfway(&site);
    let holder = format!("(pid {}): up", up.up.id());
    up.signal("-KILL");
    let (code, _) = up.ended();
    assert_eq!(code, None);
    let locked = site.run(&["up", "dev", "--yes"]).expect(6);
    assert!(locked.err.contains(&holder), "{}", locked.err);

    // Instead of waiting for more than a minute.
    let old = json!({ "spec": { "renewTime": "2026-01-01T00:00:00.000000Z" } });
    site.send("PATCH", LEASE, Some(&old)).unwrap();
    converges(&site);
}
