//! Is everything said that is wrong, and nothing lost that is right?

use super::*;

const WRONG: &str = "
x-common: {a: 1}
receivers: {otlp: {protocols: {grpc: }}, 9p: {}, nop: }
procesors: {batch: {}}
exporters: {otlp/x: {endpoint: 'a:1'}, otlp_grpc/x: {endpoint: 'b:1'}, debug: }
connectors: [forward]
service:
  extension: [health_check]
  extensions: health_check
  telemetry:
    logs: {level: 5, encoding: json}
    metrics:
      level: detaild
      readers:
      - {periodic: {interval: 10000, exporter: {otlp: {protocol: http/protobuf}}}}
      - {pull: {exporter: {prometheus: {host: a, port: '${env:PORT}'}}}}
    resource:
    traces: {processors: []}
  pipelines:
    traces: {receivers: [otlp, 9p], exportrs: [debug], exporters: [debug]}
    trace/b: {receivers: [otlp], exporters: [debug]}
    profiles: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: otlp, exporters: [debug, 1]}
    metrics/b:
    logs: {receivers: [otlp], processors: , exporters: [debug]}
";

fn said(text: &str) -> (Config, Vec<String>) {
    let Salvaged { config, left_out } = read(text).unwrap();
    let said = left_out
        .iter()
        .map(|found| format!("{}: {}: {}", found.lint.id, found.place(), found.repair()));
    let said = said.collect();
    (config, said)
}

#[test]
fn all_mistakes_are_said_at_once() {
    let (_, said) = said(WRONG);
    assert_eq!(
        said,
        [
            "unreadable: connectors: write `name: settings` for each",
            "unreadable: exporters.otlp_grpc/x: delete one of them",
            "unreadable: procesors: write `processors`",
            "unreadable: receivers.9p: write it as `type` or `type/name`",
            "unreadable: service.extension: write `extensions`",
            "unreadable: service.extensions: write `[health_check]`",
            "unreadable: service.pipelines.metrics.exporters: name components, one by one",
            "unreadable: service.pipelines.metrics.receivers: write `[otlp]`",
            "unreadable: service.pipelines.trace/b: write `traces/b`",
            "unreadable: service.pipelines.traces.exportrs: write `exporters`",
            "unreadable: service.pipelines.traces.receivers: name a component that is defined",
            "unreadable: service.telemetry.logs.level: write it as the collector reads it",
            "unreadable: service.telemetry.metrics.level: write `detailed`",
            "unreadable: x-common: delete it; there are: receivers, processors, exporters, connectors, extensions, service",
            "not-imported: service.pipelines.profiles: add it to the Rust by hand, or keep it out of there",
            "not-imported: service.telemetry.metrics.readers.1: add it to the Rust by hand, or keep it out of there",
        ]
    );
}

#[test]
fn what_is_right_beside_mistakes_is_read() {
    let (config, _) = said(WRONG);
    let right = "
receivers: {otlp: {protocols: {grpc: }}, nop: }
exporters: {otlp_grpc/x: {endpoint: 'a:1'}, debug: }
service:
  telemetry:
    logs: {encoding: json}
    metrics:
      readers:
      - {periodic: {interval: 10000, exporter: {otlp: {protocol: http/protobuf}}}}
    traces: {processors: []}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: [], exporters: [debug]}
    metrics/b: {receivers: [], exporters: []}
    logs: {receivers: [otlp], processors: [], exporters: [debug]}
";
    assert_eq!(config, Config::from_yaml(right).unwrap());
}

#[test]
fn what_can_be_read_whole_is_read_as_ever() {
    let text = "{receivers: {otlp: }, exporters: {debug: }, service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}}";
    let (config, said) = said(text);
    assert_eq!(config, Config::from_yaml(text).unwrap());
    assert_eq!(said, [""; 0]);
}
