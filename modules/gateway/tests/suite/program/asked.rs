//! What the program answers when it is asked something.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    process::Command,
};

use serde_json::{Value, json};

use super::running::{File, PROGRAM, Running, ask, free, receiving};
use crate::support::Folder;

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
        "error: could not listen: in use by another program: {first} \
         (`receivers::otlp::protocols::grpc::endpoint`); {health} (`extensions::health_check::endpoint`); end it, or \
         give other addresses\n"
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
            &["a.yaml"],
            "if it is a configuration, give it with `--config a.yaml`",
        ),
        (
            &["validate", "a.yaml"],
            "if it is a configuration, give it with `--config a.yaml`",
        ),
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
    assert!(!settings.contains("Bearer"), "{settings}");
    let settings: Value = serde_saphyr::from_str(&settings).expect("YAML");
    for (place, understood) in [
        ("/exporters/otlphttp~1logs/retry/give_up", json!("5m")),
        ("/exporters/otlphttp~1logs/queue/size", json!(1000)),
        (
            "/exporters/otlp_grpc/kind/otlp_grpc/headers/authorization",
            json!("[REDACTED]"),
        ),
        (
            "/receivers/otlp/grpc/keepalive/min_ping_interval",
            json!("30s"),
        ),
        (
            "/processors/tail_sampling/tail_sampling/decision_wait",
            json!("10s"),
        ),
    ] {
        assert_eq!(settings.pointer(place), Some(&understood), "{place}");
    }
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

#[test]
fn whoever_reads_no_further_is_no_failure() {
    for asked in [
        &["completion", "bash"][..],
        &["components"],
        &["print-config", "--config", WHOLE],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(PROGRAM)
            .args(asked)
            .stdout(writer)
            .output()
            .unwrap();
        let said = (output.status.code(), text(&output.stderr));
        assert_eq!(said, (Some(0), ""), "{asked:?}");
    }
}

/// A configuration that keeps what waits in this folder.
fn keeping(at: SocketAddr, storage: &serde_json::Value) -> File {
    let config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": at } } } },
        "exporters": { "otlp_http": {
            "endpoint": "http://127.0.0.1:1", "sending_queue": { "storage": "file_storage" },
        } },
        "extensions": { "file_storage": storage },
        "service": {
            "extensions": ["file_storage"],
            "telemetry": { "metrics": { "level": "none" } },
            "pipelines": { "traces": { "receivers": ["otlp"], "exporters": ["otlp_http"] } },
        },
    });
    File::new(&config.to_string())
}

#[test]
fn a_storage_has_a_folder_of_its_own_that_was_there_or_is_to_be_made() {
    let folder = Folder::new();
    let (missing, made) = (folder.file("missing"), folder.file("made/below"));
    let output = ask(&[
        "--config",
        keeping(free(), &json!({ "directory": missing })).path(),
    ]);
    let path = missing.display();
    assert_eq!(
        text(&output.stderr),
        format!(
            "error: could not start: could not open the storage `file_storage`: could not open the folder `{path}`: it is \
             not there, and only made with `create_directory: true`\n"
        )
    );
    assert!(!missing.exists());

    let storage = json!({
        "directory": made, "create_directory": true, "directory_permissions": "0700",
    });
    let at = free();
    let config = keeping(at, &storage);
    let running = Running::start(&config);
    running.listens(at);
    let mode = std::fs::metadata(&made).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let output = ask(&["--config", keeping(free(), &storage).path()]);
    let path = made.join("traces");
    let path = path.display();
    assert_eq!(
        text(&output.stderr),
        format!(
            "error: could not start: could not open the storage `file_storage`: the folder `{path}` is in use by \
             another gateway: end that one, or give this one a folder of its own\n"
        )
    );
}
