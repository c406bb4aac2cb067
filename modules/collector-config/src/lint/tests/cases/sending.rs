//! Cases of what is sent, and how it is listened for.

use super::{Case, usual};
use crate::lint::Tier;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "delivered-twice",
        tier: Tier::Agent,
        setting: usual,
        wrong: "
receivers: {otlp: {}}
exporters: {otlp_grpc: {endpoint: 'gw:4317'}, prometheus: {endpoint: '0.0.0.0:8889'}}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [otlp_grpc, prometheus]}}}",
        place: "service.pipelines.metrics.exporters",
        right: "
receivers: {otlp: {}, otlp/node: {}}
exporters: {otlp_grpc: {endpoint: 'gw:4317'}, prometheus: {endpoint: '0.0.0.0:8889'}}
service:
  pipelines:
    metrics: {receivers: [otlp], exporters: [otlp_grpc]}
    metrics/node: {receivers: [otlp/node], exporters: [prometheus]}",
    },
    Case {
        id: "delivered-twice",
        tier: Tier::Gateway,
        setting: usual,
        wrong: "
receivers: {otlp: {}}
exporters: {otlp_http: {endpoint: 'http://prom:9090/api/v1/otlp'}, prometheusremotewrite: {endpoint: 'http://prom:9090/api/v1/write'}}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [otlp_http, prometheusremotewrite]}}}",
        place: "service.pipelines.metrics.exporters",
        right: "
receivers: {otlp: {}}
exporters: {otlp_http/a: {endpoint: 'http://prom-0:9090/api/v1/otlp'}, otlp_http/b: {endpoint: 'http://prom-1:9090/api/v1/otlp'}}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [otlp_http/a, otlp_http/b]}}}",
    },
    Case {
        id: "debug-in-production",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(exporter "traces", "debug", "{verbosity: detailed}"),
        place: "service.pipelines.traces.exporters",
        right: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1'}"),
    },
    Case {
        id: "batch-delays",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(processor "batch", "{timeout: 10s}"),
        place: "processors.batch.timeout",
        right: only!(processor "batch", "{timeout: 1s}"),
    },
    Case {
        id: "batch-too-large",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(processor "batch", "{send_batch_size: 10000, send_batch_max_size: 11000}"),
        place: "processors.batch.send_batch_max_size",
        right: only!(processor "batch", "{send_batch_size: 4096, send_batch_max_size: 8192}"),
    },
    Case {
        id: "batch-too-small",
        tier: Tier::Sidecar,
        setting: usual,
        wrong: only!(processor "batch", "{send_batch_size: 100}"),
        place: "processors.batch.send_batch_size",
        right: only!(processor "batch", "{send_batch_size: 1024}"),
    },
    Case {
        id: "batch-processor",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(processor "batch", "{}"),
        place: "processors.batch",
        right: only!(exporter "traces", "otlp_grpc", "{endpoint: 'a:1', sending_queue: {batch: {}}}"),
    },
    Case {
        id: "tls-without-authority",
        tier: Tier::Agent,
        setting: usual,
        wrong: only!(exporter "traces", "otlp", "{endpoint: 'gw.observability.svc.cluster.local:4317', tls: {insecure: false}}"),
        place: "exporters.otlp_grpc.tls",
        right: only!(exporter "traces", "otlp", "{endpoint: 'gw.observability.svc.cluster.local:4317', tls: {ca_file: /ca.crt}}"),
    },
    Case {
        id: "tls-without-authority",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(exporter "traces", "otlp_http", "{endpoint: 'https://tempo:4318'}"),
        place: "exporters.otlp_http.tls",
        right: only!(exporter "traces", "otlp_http", "{endpoint: 'https://api.example.com:4318'}"),
    },
    Case {
        id: "endpoint-of-signal",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(exporter "traces", "otlphttp", "{endpoint: 'https://api.example.com/otlp/v1/traces/'}"),
        place: "exporters.otlp_http.endpoint",
        right: only!(exporter "traces", "otlphttp", "{endpoint: 'https://api.example.com/otlp', traces_endpoint: 'https://api.example.com/v1/traces'}"),
    },
    Case {
        id: "plain-listener",
        tier: Tier::Gateway,
        setting: usual,
        wrong: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: '${env:POD_IP}:4317'}}}"),
        place: "receivers.otlp.protocols.grpc",
        right: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: '${env:POD_IP}:4317', tls: {cert_file: /c, key_file: /k}}}}"),
    },
    Case {
        id: "unix-as-address",
        tier: Tier::Sidecar,
        setting: usual,
        wrong: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: 'unix:///run/otel.sock'}}}"),
        place: "receivers.otlp.protocols.grpc.endpoint",
        right: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: /run/otel.sock, transport: unix}}}"),
    },
    Case {
        id: "listens-everywhere",
        tier: Tier::Sidecar,
        setting: usual,
        wrong: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: '0.0.0.0:4317'}}}"),
        place: "receivers.otlp.protocols.grpc.endpoint",
        right: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: '127.0.0.1:4317'}}}"),
    },
    Case {
        id: "address-without-brackets",
        tier: Tier::Agent,
        setting: usual,
        wrong: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: '${env:POD_IP}:4317'}}}"),
        place: "receivers.otlp.protocols.grpc.endpoint",
        right: only!(receiver "traces", "otlp", "{protocols: {grpc: {endpoint: '[${env:POD_IP}]:4317'}}}"),
    },
];
