//! Does h2spec find that our HTTP/2 is HTTP/2?

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
};

use gateway::settings::{Http2, WireCompression};

use crate::support::{Backend, Running, over_grpc, settings_on};

/// Cases that do not hold for us, by the port they are held against, and why that is right.
const EXCEPT: [(&str, &str, &str); 2] = [
    (
        "both",
        "Sends PRIORITY frame that depend on itself",
        "priorities were taken back with RFC 9113 (section 5.3), and are passed over whatever they say",
    ),
    (
        "http",
        "Sends invalid connection preface",
        "the port speaks HTTP/1.1, too, and says in it that this is no request",
    ),
];

/// What h2spec says of each case: those that failed or were skipped, with all that is said of them.
fn unmet(said: &str) -> BTreeMap<String, String> {
    let mut unmet = BTreeMap::new();
    let failures = said.split_once("Failures:").map_or("", |(_, rest)| rest);
    let mut case: Option<String> = None;
    for line in failures.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix('×') {
            let title = title.split_once(": ").map_or(title, |(_, title)| title);
            case = Some(title.trim().to_owned());
        }
        if let Some(case) = &case {
            let text: &mut String = unmet.entry(case.clone()).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    unmet
}

/// Runs all cases, the strict ones as well.
async fn h2spec(to: SocketAddr) -> (BTreeMap<String, String>, String) {
    let peers = env::var_os("OTELIER_PEERS").expect("needs real programs: run it with `make live`");
    let program = PathBuf::from(peers).join("h2spec");
    let run = move || {
        let mut command = Command::new(program);
        command.args(["--strict", "--timeout", "10"]);
        command.args([
            "--host",
            &to.ip().to_string(),
            "--port",
            &to.port().to_string(),
        ]);
        command.output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = said.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("146 tests"), "{said}");
    (unmet(&said), last.to_owned())
}

#[tokio::test]
async fn every_case_of_h2spec_holds_but_those_that_are_listed() {
    let (_, backend) = Backend::start().await;
    let gateway = Running::start(&settings_on(
        Http2::Own,
        over_grpc(backend, WireCompression::None),
    ));
    let (grpc, http) = tokio::join!(h2spec(gateway.grpc), h2spec(gateway.http));
    for (name, (unmet, last)) in [("grpc", grpc), ("http", http)] {
        let here = EXCEPT.iter().filter(|(at, ..)| [name, "both"].contains(at));
        let expected: BTreeSet<_> = here.map(|(_, case, _)| (*case).to_owned()).collect();
        let found: BTreeSet<_> = unmet.keys().cloned().collect();
        assert_eq!(found, expected, "{name}: {unmet:#?}");
        assert!(last.contains(" 0 skipped"), "{name}: {last}");
    }
    gateway.stop().await;
}
