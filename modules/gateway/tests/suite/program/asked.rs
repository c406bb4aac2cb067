//! What the program answers when it is asked something.

use std::net::TcpListener;

use serde_json::json;

use super::running::{File, Running, ask, free, receiving};

const WHOLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/whole.yaml");

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_right_configuration_is_valid() {
    let output = ask(&["validate", "--config", WHOLE]);
    assert_eq!(
        text(&output.stderr),
        "the configuration is valid: 4 pipelines\n"
    );
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
}

#[test]
fn the_example_is_valid() {
    const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/gateway.yaml");
    let config = File::new(
        &std::fs::read_to_string(EXAMPLE)
            .unwrap()
            .replace("${env:BACKEND}", "backend:4317")
            .replace("${env:STORAGE}", "/var/lib/gateway"),
    );
    let output = ask(&["validate", "--config", config.path()]);
    assert_eq!(
        text(&output.stderr),
        "the configuration is valid: 1 pipeline\n"
    );
}

#[test]
fn what_stops_it_is_one_line_with_its_causes() {
    let config = File::new(
        "receivers: {otlp: {protocols: {grpc: {endpoint: '127.0.0.1:0'}}}}
exporters: {file: {path: /nowhere/at/all.json}}
service: {telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [file]}}}",
    );
    let output = ask(&["--config", config.path()]);
    let said = text(&output.stderr);
    let expected = "error: could not start: could not make the exporter `file`: could not open";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn addresses_that_are_in_use_are_named_all_at_once() {
    // As a gateway listens, who lets others listen beside it, and as anybody does.
    let (first, health) = (free(), TcpListener::bind("127.0.0.1:0").unwrap());
    let running = receiving(&json!({ "grpc": { "endpoint": first } }));
    let running = Running::start(&running);
    running.listens(first);
    let health = health.local_addr().unwrap();
    let config = File::new(
        &json!({
            "receivers": { "otlp": { "protocols": { "grpc": { "endpoint": first } } } },
            "exporters": { "nop": {} },
            "extensions": { "health_check": { "endpoint": health } },
            "service": {
                "extensions": ["health_check"],
                "telemetry": { "metrics": { "level": "none" } },
                "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["nop"] } },
            },
        })
        .to_string(),
    );
    let output = ask(&["--config", config.path()]);
    let expected = format!(
        "error: could not listen: in use by another program: {first}, which the receiver `otlp` needs; {health}, which \
         the extension `health_check` needs; end it, or give another `endpoint`\n"
    );
    assert_eq!(text(&output.stderr), expected);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn everything_wrong_is_said_and_a_later_source_counts() {
    let config = File::new("exporters:\n  otlp: {endpoint: a}\n  kafka:\nservice: {}\n");
    let set = [
        "--set",
        "exporters.otlp.compression=brotli",
        "--set",
        "exporters.otlp.retries=1",
    ];
    let output = ask(&[&["validate", "--config", config.path()][..], &set].concat());
    let file = config.path();
    assert_eq!(
        text(&output.stderr),
        format!(
            "error: --set: exporters::otlp::compression: `brotli` is not sent; `none`, `gzip`, `zstd` and `snappy` are\n\
             error: --set: exporters::otlp::retries: there is no such key\n\
             error: {file}:3: exporters::kafka: the gateway does not run the exporter `kafka`; it runs `debug`, `file`, `load_balancing`, `nop`, `otlp_grpc`, `otlp_http`, `prometheus_remote_write`\n\
             error: {file}:4: service::pipelines: there is no pipeline\n\
             the configuration cannot be run: 4 problems\n"
        )
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        ask(&["validate"]).status.code(),
        Some(2),
        "there is nothing to validate"
    );
}

#[test]
fn what_cannot_be_asked_says_what_to_do() {
    for (arguments, said) in [
        (
            &["--feature-gates=a", "--config", "b"][..],
            "the gateway has no feature gates: leave the flag out",
        ),
        (&["--shards", "0", "--config", "b"], "0 is not in 1..=256"),
        (
            &["--config", "s3://a/b"],
            "`s3:` is not read from; `file:`, `env:` and `yaml:` are",
        ),
    ] {
        let output = ask(arguments);
        let error = text(&output.stderr);
        assert!(error.contains(said), "{error}");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let empty = File::new("");
    let output = ask(&["--config", empty.path()]);
    let expected = format!(
        "error: {}: service::pipelines: there is no pipeline\n",
        empty.path()
    );
    let error = text(&output.stderr);
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn the_configuration_is_printed_with_everything_in_its_place_and_without_secrets() {
    let print = |mode: &str| {
        let set = "exporters.otlp_grpc.headers={authorization: Bearer 123}";
        let output = ask(&[
            "print-config",
            "--config",
            WHOLE,
            "--set",
            set,
            "--mode",
            mode,
        ]);
        assert_eq!(output.status.code(), Some(0));
        text(&output.stdout).to_owned()
    };
    let redacted = print("redacted");
    assert!(
        redacted.contains("endpoint: 127.0.0.1:4318") && !redacted.contains("123"),
        "{redacted}"
    );
    assert!(print("unredacted").contains("Bearer 123"));
    let settings = print("settings");
    assert!(
        settings.contains("give_up") && !settings.contains("Bearer"),
        "{settings}"
    );
}

#[test]
fn every_component_stands_in_the_readme() {
    let readme = include_str!("../../../README.md");
    for component in gateway::config::COMPONENTS {
        let name = format!("`{}`", component.name);
        assert!(readme.contains(&name), "{name}");
    }
}

#[test]
fn components_are_listed_as_the_collector_lists_them() {
    let output = ask(&["components"]);
    let listed = text(&output.stdout);
    // Sections and keys in the order of their letters.
    let receivers = "\nreceivers:\n- deprecated_name: null\n  name: otlp\n  stability:\n";
    assert!(listed.contains(receivers), "{listed}");
    let json = ask(&["components", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["buildinfo"]["command"], "gateway");
    assert_eq!(json["receivers"][0]["name"], "otlp");
    assert!(text(&ask(&["completion", "bash"]).stdout).contains("print-config"));
}
