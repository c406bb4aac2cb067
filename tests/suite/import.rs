//! A configuration that people have becomes Rust, and what is wrong with it is said.

use std::{fs, process::Stdio};

use support::Command;

use crate::outside::root;

/// The seed document's own manifests.
pub(crate) const SEED: [&str; 4] = ["sidecar", "daemonset", "gateway", "sidecar-optimized"];

pub(crate) fn seed(name: &str) -> String {
    let file = format!("modules/collector-config/tests/seed/{name}.yaml");
    root().join(file).to_str().unwrap().to_owned()
}

#[test]
fn findings_are_said_beside_the_program_and_decide_the_exit_status_where_asked() {
    let user = Command::new("import-findings");
    let sidecar = seed("sidecar");
    let ran = user.run(&["import", &sidecar]).expect(0);
    assert!(
        ran.out.contains("pub fn otel_collector_sidecar_config()"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("[probe-unanswered]"), "{}", ran.out);
    assert!(ran.err.contains("[probe-unanswered]"), "{}", ran.err);
    assert!(
        ran.err.contains("as a sidecar for otelcol-contrib 0.159.0"),
        "{}",
        ran.err
    );
    let _ = user
        .run(&["import", &sidecar, "--detailed-exitcode"])
        .expect(2);

    let old = [
        "import",
        &sidecar,
        "--release",
        "0.91.0",
        "--tier",
        "gateway",
    ];
    let old = user.run(&old).expect(0);
    assert!(
        old.err.contains("as a gateway for otelcol-contrib 0.91.0"),
        "{}",
        old.err
    );
    assert!(!old.err.contains("[component-removed]"), "{}", old.err);
}

#[test]
fn an_import_is_one_json_document_or_an_event_for_each_configuration() {
    let user = Command::new("import-json");
    let ran = user
        .run(&["import", &seed("gateway"), "-o", "json"])
        .expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let one = &document["configurations"][0];
    assert_eq!(one["name"], "otel-gateway-config");
    assert_eq!(one["tier"], "gateway");
    let findings = one["findings"].as_array().unwrap();
    let scaled = findings
        .iter()
        .any(|finding| finding["lint"] == "stateful-autoscaled");
    assert!(scaled, "{findings:?}");

    let ran = user
        .run(&["import", &seed("gateway"), &seed("sidecar"), "--json"])
        .expect(0);
    let events = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let names: Vec<_> = events.map(|event| event["name"].clone()).collect();
    assert_eq!(
        names,
        ["otel-gateway-config", "otel-collector-sidecar-config"]
    );
}

#[test]
fn a_document_is_read_from_standard_input_block_by_block() {
    let user = Command::new("import-stdin");
    let blocks = SEED.map(|name| fs::read_to_string(seed(name)).unwrap());
    let blocks = blocks.map(|block| format!("```yaml\n{block}```\n"));
    let document = format!(
        "# 标题\n\n```text\nx\n```\n\n{}\n```rust\nfn main() {{}}\n```\n",
        blocks.join("\n")
    );
    let file = user.folder().join("document.md");
    fs::write(&file, document).unwrap();
    let mut command = user.prepared("stacks", &["import", "-"]);
    let ran = command
        .stdin(Stdio::from(fs::File::open(&file).unwrap()))
        .output()
        .unwrap();
    assert!(ran.status.success());
    let out = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(out.matches("pub mod ").count(), 4, "{out}");
}

#[test]
fn what_is_rendered_here_is_imported_without_a_finding_that_matters() {
    let user = Command::new("import-own");
    for stack in ["prod", "staging", "dev"] {
        let rendered = user.run(&["render", stack]).expect(0).out;
        fs::write(user.folder().join("rendered.yaml"), rendered).unwrap();
        let ran = user
            .run(&["import", "rendered.yaml", "--detailed-exitcode"])
            .expect(0);
        assert!(ran.out.contains("-> Result<Config"), "{stack}: {}", ran.out);
        assert!(!ran.out.contains("// Not typed"), "{stack}: {}", ran.out);
    }
}

#[test]
fn a_completion_knows_what_can_be_said_of_the_surroundings() {
    let user = Command::new("import-completion");
    let script = user.run(&["completion", "bash"]).expect(0).out;
    for word in [
        "--detailed-exitcode",
        "--distribution",
        "otelcol-k8s",
        "sidecar agent singleton gateway sampler",
    ] {
        assert!(script.contains(word), "{word}");
    }
}

#[test]
fn a_version_of_which_nothing_is_known_is_said() {
    let user = Command::new("import-version");
    let sidecar = seed("sidecar");
    let ran = user
        .run(&["import", &sidecar, "--release", "0.999.0"])
        .expect(0);
    assert!(
        ran.err.contains("warning: nothing is known of 0.999.0"),
        "{}",
        ran.err
    );
    let ran = user
        .run(&["import", &sidecar, "--release", "0.159.0"])
        .expect(0);
    assert!(!ran.err.contains("nothing is known"), "{}", ran.err);
}

#[test]
fn what_cannot_be_imported_exits_with_1_and_says_why() {
    let user = Command::new("import-wrong");
    let entries: Vec<String> = (0..130_000).map(|n| format!("  x/{n}: {{}}\n")).collect();
    let large = format!(
        "receivers: {{otlp: }}\nservice: {{}}\nexporters:\n{}",
        entries.concat()
    );
    for (name, text) in [
        ("stack.yaml", b"kind: Namespace\n".as_slice()),
        ("broken.yaml", b"receivers: ["),
        ("binary.yaml", &[0x7f, b'E', b'L', b'F', 0xff, 0, 0]),
        ("zeros.yaml", b"receivers: {}\0\0"),
        ("tabs.yaml", b"receivers:\n\totlp: {}\n"),
        ("twice.yaml", b"receivers: {otlp: , otlp: }\n"),
        ("large.yaml", large.as_bytes()),
        ("deep.yaml", &b"[".repeat(100_000)),
        ("nothing.yaml", b""),
    ] {
        fs::write(user.folder().join(name), text).unwrap();
    }
    for (arguments, said) in [
        (
            vec!["import", "nowhere.yaml"],
            "could not read `nowhere.yaml`",
        ),
        (vec!["import", "."], "could not read `.`"),
        (
            vec!["import", "stack.yaml"],
            "there is no collector configuration in it",
        ),
        (
            vec!["import", "nothing.yaml"],
            "there is no collector configuration in it",
        ),
        (
            vec!["import", "broken.yaml"],
            "could not read line 1 and what follows",
        ),
        (vec!["import", "binary.yaml"], "it is no text in UTF-8"),
        (vec!["import", "zeros.yaml"], "line 1, column 14"),
        (vec!["import", "tabs.yaml"], "line 2, column 2: tabs"),
        (
            vec!["import", "twice.yaml"],
            "duplicate mapping key `otlp` is not allowed here\n",
        ),
        (
            vec!["import", "large.yaml"],
            "too large or too deeply nested",
        ),
        (vec!["import", "deep.yaml"], "line 1, column "),
        (
            vec!["import", "stack.yaml", "--memory", "lots"],
            "expected a size",
        ),
        (vec!["import", "stack.yaml", "--tier", "cellar"], "sidecar"),
        (
            vec!["import", "stack.yaml", "--replicas", "0"],
            "a number from 1 on",
        ),
        (
            vec!["import", "stack.yaml", "--release", "newest"],
            "is not a version such as",
        ),
        (vec!["import"], "<FILE>..."),
    ] {
        let ran = user.run(&arguments).expect(1);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
    // What can be read of several is written all the same.
    let ran = user
        .run(&["import", "nowhere.yaml", &seed("sidecar")])
        .expect(1);
    assert!(ran.out.contains("pub fn "), "{}", ran.out);
}
