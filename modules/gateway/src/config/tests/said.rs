//! Is each mistake said once, where it stands, and with its cause?

use super::load_text;

#[test]
fn what_two_would_say_is_said_once_and_at_its_key() {
    let problems = load_text(
        "
receivers: {otlp: {protocols: {grpc: {}}}}
exporters:
  otlp_http: {endpoint: 'backend:4318'}
  prometheusremotewrite: {endpoint: prom}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_http]}
    metrics: {receivers: [otlp], exporters: [prometheusremotewrite]}
",
    )
    .unwrap_err();
    let expected = [
        "4: exporters::otlp_http::endpoint: `backend:4318` is not a URL such as `http://host:4318`",
        "5: exporters::prometheusremotewrite::endpoint: must be a URL with its path, such as `http://host:9090/api/v1/write`",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn what_is_wrong_because_a_variable_is_not_set_says_so() {
    let problems = load_text(
        "
receivers: {otlp: {protocols: {grpc: {}}}}
exporters:
  otlp: {endpoint: '${env:NOBODY_SETS_THIS}', headers: {a: '${env:NOR_THIS}'}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}
",
    )
    .unwrap_err();
    let expected = [
        "4: exporters::otlp: `endpoint` is missing; the variable `NOBODY_SETS_THIS` is not set, and counts as empty",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn a_connector_in_a_pipeline_is_called_one_where_it_is_not_defined() {
    let problems = load_text(
        "
receivers: {otlp: {protocols: {grpc: {}}}}
exporters: {debug: }
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [spanmetrics]}
    metrics: {receivers: [spanmetrics], exporters: [debug]}
",
    )
    .unwrap_err();
    let why =
        "`spanmetrics` is a connector, and the gateway runs none: send to a collector that does";
    for place in [
        "6: service::pipelines::traces::exporters::0",
        "7: service::pipelines::metrics::receivers::0",
    ] {
        let expected = format!("{place}: {why}");
        assert!(problems.contains(&expected), "{problems:#?}");
    }
}

#[test]
fn what_does_not_run_is_said_where_it_is_defined_and_what_runs_once() {
    let problems = load_text(
        "
receivers: {otlp: {protocols: {grpc: {}}}}
processors:
  k8sattributes: {}
  transform: {}
connectors: {spanmetrics: }
exporters:
  otlp: {endpoint: 'a:1', tls: {insecure: true}, sending_queue: {storage: redis_storage}}
  debug: {}
extensions: {redis_storage: }
service:
  extensions: [redis_storage, pprof]
  pipelines:
    traces: {receivers: [otlp], processors: [k8sattributes, transform], exporters: [otlp, spanmetrics]}
    metrics: {receivers: [spanmetrics], processors: [k8sattributes, cumulativetodelta], exporters: [debug]}
",
    )
    .unwrap_err();
    let expected = [
        "4: processors::k8sattributes: the gateway does not run the processor `k8sattributes`; it runs `attributes`, `batch`, `filter`, `memory_limiter`, `probabilistic_sampler`, `resource`, `tail_sampling`",
        "5: processors::transform: the gateway does not run the processor `transform`",
        "6: connectors::spanmetrics: `spanmetrics` is a connector, and the gateway runs none: send to a collector that does",
        "10: extensions::redis_storage: the gateway does not run the extension `redis_storage`; it runs `file_storage`, `health_check`",
        "12: service::extensions::1: the extension `pprof` is not defined",
        "15: service::pipelines::metrics::processors::1: the gateway does not run the processor `cumulativetodelta`",
    ];
    assert_eq!(problems, expected);
}
