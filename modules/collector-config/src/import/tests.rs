//! Is every configuration found, with what stands beside it?

use super::*;
use crate::lint::{Probes, Replicas};

const CONFIG: &str = "receivers: {otlp: {}}\nexporters: {debug: {}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n";

fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    let lines: Vec<String> = text.lines().map(|line| format!("{pad}{line}")).collect();
    lines.join("\n") + "\n"
}

fn found(text: &str) -> Vec<Imported> {
    let read = read(text, Wanted::default());
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    read.found
}

#[test]
fn a_configuration_is_found_wherever_it_stands() {
    let plain = CONFIG.to_owned();
    let config_map = format!(
        "kind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  readme: hello\n  config.yaml: |\n{}",
        indented(CONFIG, 4)
    );
    let list = r#"{"kind": "List", "items": [{"kind": "Namespace"}, {"kind": "ConfigMap", "metadata": {"name": "x"},
        "data": {"relay": "{receivers: {otlp: {}}, exporters: {debug: {}}, service: {pipelines: {}}}"}}]}"#;
    let custom = format!(
        "kind: OpenTelemetryCollector\nmetadata: {{name: x}}\nspec:\n  mode: sidecar\n  config:\n{}",
        indented(CONFIG, 4)
    );
    let values = format!("mode: daemonset\nconfig:\n{}", indented(CONFIG, 2));
    let markdown = format!(
        "# Title\n\n```text\nreceivers:\n```\n\n```yaml\n- [ ] not: [this\n```\n\n```yaml\n{CONFIG}```\n"
    );
    let several = format!("---\nkind: Namespace\n---\n{CONFIG}---\n");
    for (text, name, line, tier) in [
        (plain.as_str(), None, 1, Tier::Gateway),
        (&config_map, Some("x"), 1, Tier::Gateway),
        (list, Some("x"), 1, Tier::Gateway),
        (&custom, Some("x"), 1, Tier::Sidecar),
        (&values, None, 1, Tier::Agent),
        (&markdown, None, 12, Tier::Gateway),
        (&several, None, 4, Tier::Gateway),
    ] {
        let all = found(text);
        assert_eq!(all.len(), 1, "{text}");
        assert_eq!(all[0].name.as_deref(), name, "{text}");
        assert_eq!((all[0].line, all[0].setting.tier), (line, tier), "{text}");
    }
}

#[test]
fn what_stands_beside_a_configuration_says_how_it_runs() {
    let text = format!(
        "
kind: Deployment
metadata: {{name: gw}}
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: collector
        env: [{{name: POD_IP}}]
        ports: [{{containerPort: 4317}}]
        resources: {{limits: {{memory: 2Gi}}}}
        readinessProbe: {{httpGet: {{path: /, port: 13133}}}}
        volumeMounts: [{{name: c, mountPath: /etc/otelcol}}]
      volumes: [{{name: c, configMap: {{name: gw-config}}}}]
---
kind: ConfigMap
metadata: {{name: gw-config}}
data:
  config.yaml: |
{}",
        indented(CONFIG, 4)
    );
    let setting = found(&text).remove(0).setting;
    assert_eq!(setting.tier, Tier::Gateway);
    assert_eq!(setting.replicas, Replicas::Fixed(3));
    assert_eq!(setting.memory, Some(2 << 30));
    assert_eq!(setting.variables, Some(["POD_IP".to_owned()].into()));
    assert_eq!(setting.mounts, Some(["/etc/otelcol".to_owned()].into()));
    assert_eq!(setting.ports, Some([4317].into()));
    assert_eq!(setting.probes, Probes::Port(13133));

    let scaled = format!(
        "{text}---\nkind: HorizontalPodAutoscaler\nspec: {{scaleTargetRef: {{kind: Deployment, name: gw}}}}\n"
    );
    assert_eq!(found(&scaled)[0].setting.replicas, Replicas::Autoscaled);
}

#[test]
fn an_image_says_which_program_reads_a_configuration() {
    let wanted = Wanted::default();
    for (image, release) in [
        (None, Release::CONTRIB),
        (Some("somebody/else:1"), Release::CONTRIB),
        (
            Some("ghcr.io/x/opentelemetry-collector-k8s:0.91.0"),
            Release::KUBERNETES,
        ),
        (
            Some("otel/opentelemetry-collector-contrib@sha256:00"),
            Release::CONTRIB,
        ),
        (Some("jaegertracing/jaeger:2.20.0"), Release::JAEGER),
    ] {
        assert_eq!(wanted.release(image), release, "{image:?}");
    }
    let said = Wanted {
        version: Some(Version::minor(91)),
        distribution: Some(Distribution::Core),
    };
    let release = said.release(Some("jaeger"));
    assert_eq!(release.to_string(), "otelcol 0.91.0");
}

#[test]
fn what_holds_no_configuration_says_so() {
    let nothing = "there is no collector configuration in it";
    for (text, messages) in [
        ("", vec![nothing]),
        ("a: 1", vec![nothing]),
        ("# Title\n```yaml\na: [\n```", vec![nothing]),
        (
            "a: 1\n---\nb: [\n---\nc: ]\n",
            vec![
                "could not read line 3 and what follows: line 3, column 4: unclosed bracket '['",
                "could not read line 5 and what follows: line 5, column 4: misplaced bracket",
            ],
        ),
        // What looks like one is not passed over.
        (
            "# Title\n```yaml\nreceivers: [\nservice: }\n```",
            vec!["could not read line 3 and what follows: line 3, column 12: mismatched bracket"],
        ),
        (
            "kind: ConfigMap\nmetadata: {name: x}\ndata:\n  a.yaml: |\n    receivers: {}\n    exporters: {}\n    receivers: {}\n    service: {}\n  b.txt: 'a: ['\n",
            vec![
                "could not read the configuration `x` from line 1 on: line 3, column 1: duplicate mapping key `receivers` is not allowed here",
            ],
        ),
    ] {
        let Read { found, problems } = read(text, Wanted::default());
        assert!(found.is_empty(), "{text}");
        let said: Vec<String> = problems
            .iter()
            .map(|problem| match std::error::Error::source(problem) {
                Some(source) => format!("{problem}: {source}"),
                None => problem.to_string(),
            })
            .collect();
        assert_eq!(said.len(), messages.len(), "{said:?}");
        for (said, message) in said.iter().zip(messages) {
            assert!(said.starts_with(message), "{said}");
        }
    }
}

#[test]
fn what_cannot_be_read_does_not_keep_the_rest_from_being_read() {
    let text = format!(
        "a: [\n---\n{CONFIG}---\n{}",
        CONFIG.replace("traces", "spans")
    );
    let Read { found, problems } = read(&text, Wanted::default());
    assert_eq!(problems.len(), 1);
    let left_out: Vec<usize> = found.iter().map(|one| one.left_out.iter().len()).collect();
    assert_eq!(left_out, [0, 1]);
    assert_eq!(found[1].line, 7);
}

#[test]
fn sizes_are_understood_as_kubernetes_writes_them() {
    for (text, size) in [
        ("512Mi", Some(512 << 20)),
        ("2G", Some(2_000_000_000)),
        ("100", Some(100)),
        ("1e3", None),
        ("99999999999999Ti", None),
    ] {
        assert_eq!(workload::bytes(text), size, "{text}");
    }
}
