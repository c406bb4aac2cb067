//! Files that nobody would write, and people do: what is imported of them, and what is said.

use std::fs;

use support::Command;

/// What people write and nobody would.
pub(crate) const ODD: [(&str, &str); 8] = [
    (
        "anchors",
        "
receivers: &r {otlp: {protocols: &both {grpc: , http: }}, otlp/b: {protocols: *both}}
exporters:
  otlp/a: &a {endpoint: 'a:4317', tls: {insecure: true}}
  otlp/b: {<<: *a, endpoint: 'b:4317'}
service: {pipelines: {traces: &p {receivers: [otlp], exporters: [otlp/a, otlp/b]}, metrics: *p, logs/x.y: *p}}
",
    ),
    (
        "nothing",
        "
receivers: {otlp: , nop: }
processors:
exporters: {debug: }
extensions:
connectors:
service:
  extensions:
  telemetry:
  pipelines: {traces: {receivers: [otlp], processors: , exporters: [debug]}, metrics: , logs: {receivers: [], exporters: []}}
",
    ),
    (
        "rounds",
        "
receivers: {otlp: }
connectors: {forward: , forward/fn: , count: {spans: {a.b: {description: 'a \"b\"'}}}}
exporters: {debug: }
service:
  pipelines:
    traces: {receivers: [otlp, forward/fn], exporters: [forward, count, debug]}
    traces/b: {receivers: [forward], exporters: [forward/fn]}
    metrics: {receivers: [count], exporters: [debug]}
",
    ),
    (
        "unknown",
        "
receivers: {mine/x: {a: 1, 2: [1, null, -2.5e3, 1e400x, yes, 0o17, 'ü\\n{}', {}, []]}, otlp: {protocols: {grpc: {endpiont: x}}}}
processors: {type: {wide: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139], big: 18446744073709551615, memory: 3000000000, control: \"\\u0001\\u202e\", deep: {a: {b: {c: [{d: '\"#'}]}}}}, match: , static: }
exporters: {debug: , debug/-1: {verbosity: loud}, debug/_: , debug/A.b: , debug/a-b: , debug/a_b: }
service:
  pipelines:
    traces: {receivers: [mine/x, otlp], processors: [type, match, static], exporters: [debug, debug/-1, debug/_, debug/A.b, debug/a-b, debug/a_b]}
",
    ),
    (
        "variables",
        "
receivers: {otlp: {protocols: {grpc: {endpoint: '${env:POD_IP:-0.0.0.0}:4317'}, http: {endpoint: '${POD:-[::1]}:${env:PORT:-4318}'}}}}
processors:
  memory_limiter: {check_interval: '${env:EVERY:-1s}', limit_mib: '${env:LIMIT:-512}'}
  attributes: {actions: [{key: price, value: '$$5 and $${env:X}', action: insert}, {key: y, value: $HOME, action: upsert}]}
exporters: {otlp: {endpoint: '${env:X:-default}', headers: {a: 'b$$c', '${env:K}': '{}{{}}'}}, debug: {verbosity: '${env:V:-basic}'}}
service:
  telemetry: {logs: {level: '${env:LEVEL:-info}'}}
  pipelines: {traces: {receivers: [otlp], processors: [memory_limiter, attributes], exporters: [otlp, debug]}}
",
    ),
    (
        "told",
        "
receivers: {otlp: }
exporters: {debug: }
service:
  telemetry:
    logs: {level: DEBUG, sampling: {enabled: false}, initial_fields: {a: '\"'}}
    metrics:
      level: basic
      views: [{selector: {meter_name: a}, stream: {aggregation: {drop: }}}]
      readers:
      - {periodic: {interval: 10000, exporter: {otlp: {protocol: http/protobuf, endpoint: 'http://a:4318'}}}}
      - {pull: {exporter: {prometheus: {host: '::1', port: 8888}}}}
    traces: {processors: [{batch: {}}]}
    resource: {service.name: , k: [1, {a: null}]}
  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}
",
    ),
    (
        "mistakes",
        "
x-common: {a: 1}
receivers: {otlp: {protocols: {grpc: }}, 9p: {}}
procesors: {batch: {}}
exporters: {otlp/x: {endpoint: 'a:1'}, otlp_grpc/x: {endpoint: 'b:1'}, debug: }
service:
  telemetry: {metrics: {level: \"detaild\\n} panic!()\", readers: [{push: }]}}
  pipelines:
    traces: {receivers: [otlp, 9p], exportrs: [debug], exporters: [debug]}
    \"trace\\nfn main() {}\": {receivers: [otlp], exporters: [debug]}
    profiles: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: otlp, exporters: [debug, 1]}
",
    ),
    (
        "marked",
        "\u{feff}receivers: {otlp: }\r\nexporters:\r\n  debug:\t{}\t# a tab\r\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\r\n",
    ),
];

#[test]
fn all_mistakes_of_a_file_are_said_and_the_rest_is_imported() {
    let user = Command::new("import-mistakes");
    let (_, text) = ODD
        .into_iter()
        .find(|(name, _)| *name == "mistakes")
        .unwrap();
    fs::write(user.folder().join("mistakes.yaml"), text).unwrap();
    let ran = user.run(&["import", "mistakes.yaml"]).expect(0);
    for said in [
        "[unreadable]\n  --> x-common",
        "[unreadable]\n  --> procesors",
        "hint: write `processors`",
        "hint: write a signal",
        "error: `trace fn main() {}` is not a signal",
        "hint: write `exporters`",
        "[not-imported]\n  --> service.pipelines.profiles",
        "hint: write `[otlp]`",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    let left_out = ran
        .out
        .lines()
        .filter(|line| line.starts_with("// Left out: "));
    assert_eq!(
        left_out.count(),
        ran.err.matches("[unreadable]").count() + ran.err.matches("[not-imported]").count()
    );
    assert!(ran.out.contains("Signal::Traces"), "{}", ran.out);
    let json = user
        .run(&["import", "mistakes.yaml", "-o", "json"])
        .expect(0)
        .out;
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    let findings = document["configurations"][0]["findings"]
        .as_array()
        .unwrap();
    let unreadable = findings
        .iter()
        .filter(|found| found["lint"] == "unreadable");
    assert_eq!(unreadable.count(), ran.err.matches("[unreadable]").count());
    let _ = user
        .run(&["import", "mistakes.yaml", "--detailed-exitcode"])
        .expect(2);
}
