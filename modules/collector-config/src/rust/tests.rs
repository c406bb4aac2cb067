//! Is the printed program what a person would have written?

use super::*;

const TEXT: &str = "
receivers:
  otlp: {protocols: {grpc: {endpoint: '${env:POD_IP}:4317'}}}
  otlp/x-y: {protocols: {http: {endpoint: 'localhost:4318'}}}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 80, spike_limit_percentage: 20}
  somebody_elses: {level: 3, names: [a, b]}
connectors:
  forward:
exporters:
  otlp: {endpoint: 'up:4317', headers: {tenant: a}, sending_queue: {sizer: bytes, queue_size: 1000, storage: file_storage/q}}
extensions:
  file_storage/q: {directory: /var/lib/q}
  health_check:
service:
  extensions: [file_storage/q]
  pipelines:
    traces/in: {receivers: [otlp, otlp/x-y], processors: [memory_limiter, somebody_elses], exporters: [forward]}
    traces: {receivers: [forward], exporters: [otlp, otlp/gone]}
";

#[test]
fn a_program_makes_what_it_was_printed_from() {
    let program = Config::from_yaml(TEXT).unwrap().to_rust("config");
    insta::assert_snapshot!(program.text);
    assert_eq!(
        program.untyped,
        [(
            "processors.somebody_elses".to_owned(),
            "there is no processor `somebody_elses`".to_owned()
        )]
    );
}

#[test]
fn what_is_written_in_two_ways_is_equal_in_its_normal_form() {
    let long = Config::from_yaml(
        "exporters: {otlp: {endpoint: 'a:1', tls: {insecure: false}, headers: {}}}",
    );
    let short = Config::from_yaml("exporters: {otlp_grpc: {endpoint: 'a:1'}}");
    let (long, short) = (long.unwrap(), short.unwrap());
    assert_ne!(long, short);
    assert_eq!(long.normal(), short.normal());
}

#[test]
fn nothing_that_was_read_becomes_code_by_a_line_end() {
    let text = "exporters: {otlp: {\"x\\nexit(1);//\": 1}}";
    let program = Config::from_yaml(text).unwrap().to_rust("config");
    assert!(program.text.contains("// Not typed: "), "{}", program.text);
    let mut lines = program.text.lines().map(str::trim_start);
    let loose = lines.find(|line| line.starts_with("exit(1)"));
    assert_eq!(loose, None, "{}", program.text);
}
