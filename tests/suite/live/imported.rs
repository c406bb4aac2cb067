//! Does the Rust that a configuration becomes compile, and make the same configuration?
//!
//! The cluster has no part in it: it is here because it waits for the compiler.

use std::fs;

use collector_config::{Config, import};
use support::Command;

use crate::{
    import::{SEED, seed},
    import_odd::ODD,
    outside::Outside,
};

/// What the seed has nothing of.
const MORE: &str = "
receivers:
  otlp:
    protocols:
      grpc:
      http: {endpoint: 'localhost:4318', cors: {allowed_origins: ['https://*.example.com']}}
  filelog/apps: {include: [/var/log/*.log], storage: file_storage/q, operators: [{type: json_parser, on_error: send}]}
  hostmetrics: {root_path: /hostfs, scrapers: {cpu: , filesystem: {exclude_fs_types: {fs_types: [tmpfs]}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 80, spike_limit_percentage: 20}
  attributes_of_nobody: {x: [1, {y: null}], z: 1.5}
  filter: {error_mode: ignore, traces: {span: ['name == \"\\u00fc\\\\d\"']}}
  tail_sampling:
    decision_wait: 1500ms
    policies: [{name: all, type: and, and: {and_sub_policy: [{name: e, type: status_code, status_code: {status_codes: [ERROR]}}]}}]
connectors:
  spanmetrics: {histogram: {explicit: {buckets: [1ms, 5ms]}}, dimensions: [{name: http.route}]}
  forward:
exporters:
  otlp/type: {endpoint: '${env:UP}:4317', headers: {x-tenant: a}, sending_queue: {sizer: bytes, queue_size: 1000, storage: file_storage/q, batch: {min_size: 10, flush_timeout: 200ms}}}
  debug:
extensions:
  file_storage/q: {directory: /var/lib/q}
  health_check: {endpoint: '0.0.0.0:13133'}
  pprof:
service:
  extensions: [health_check, file_storage/q]
  telemetry: {metrics: {level: none}, logs: {level: warn}, resource: {a: b}}
  pipelines:
    traces/in: {receivers: [otlp], processors: [memory_limiter, filter], exporters: [forward, spanmetrics]}
    traces: {receivers: [forward], processors: [tail_sampling, attributes_of_nobody], exporters: [otlp/type, otlp/gone]}
    metrics: {receivers: [spanmetrics, hostmetrics], exporters: [debug]}
    logs: {receivers: [filelog/apps], exporters: [debug]}
";

#[test]
fn printed_rust_compiles_and_makes_the_configuration_that_it_was_printed_from() {
    let user = Command::new("import-compiles");
    let mut files: Vec<String> = SEED.iter().map(|name| seed(name)).collect();
    for (name, text) in ODD.into_iter().chain([("more", MORE)]) {
        let file = user.folder().join(format!("{name}.yaml"));
        fs::write(&file, text).unwrap();
        files.push(file.to_str().unwrap().to_owned());
    }
    let arguments: Vec<&str> = ["import"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();
    let printed = user.run(&arguments).expect(0).out;
    let modules: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(" {"))
        .collect();
    assert_eq!(modules.len(), files.len());
    let calls: Vec<String> = modules
        .iter()
        .map(|module| {
            format!(
                "    println!(\"{{}}---\", {module}::config().unwrap().to_yaml(collector_config::Release::CONTRIB));\n"
            )
        })
        .collect();
    let main = format!("fn main() {{\n{}", calls.concat());
    let outside = Outside::new("import");
    outside.program(
        "imported",
        &format!("#![deny(warnings)]\n\n{printed}\n{main}}}\n"),
    );
    let ran = outside.cargo("run", "imported");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{printed}");
    let made = String::from_utf8(ran.stdout).unwrap();
    let made: Vec<&str> = made
        .split("---\n")
        .filter(|text| !text.is_empty())
        .collect();
    assert_eq!(made.len(), files.len());
    for (file, made) in files.iter().zip(made) {
        let original = fs::read_to_string(file).unwrap();
        let original = import::read(&original, import::Wanted::default()).found;
        let made = Config::from_yaml(made).unwrap();
        assert_eq!(made.normal(), original[0].config.normal(), "{file}");
    }
}
