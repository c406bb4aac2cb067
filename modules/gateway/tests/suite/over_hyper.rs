//! Does hyper carry what the gateway's own HTTP/2 carries?

use std::{env, process::Command};

use gateway::settings::Http2;

/// Which tests are about what goes over connections.
const GROUPS: [&str; 6] = [
    "compressed::",
    "over_http::",
    "reference::",
    "retried::",
    "secure::",
    "through::",
];
/// Says in a test's process that it is to be hyper.
const HYPER: &str = "OTELIER_TEST_HYPER";

/// Who speaks HTTP/2 in this process.
pub(crate) fn http2() -> Http2 {
    match env::var_os(HYPER) {
        Some(_) => Http2::Hyper,
        None => Http2::Own,
    }
}

#[test]
fn the_same_tests_pass_with_hyper() {
    let output = Command::new(env::current_exe().unwrap())
        .args(GROUPS)
        .env(HYPER, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    for group in GROUPS {
        assert!(text.contains(&format!("test {group}")), "{group}: {text}");
    }
}
