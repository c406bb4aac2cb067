//! Settings of a gateway that has one receiver and one exporter, with the collector's defaults.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use collector_config::ComponentId;
use gateway::settings::{
    Address, Authorities, Backoff, ClientTls, Durability, Encoding, Exporter, ExporterKind,
    FileStorage, Grpc, Http, Http2, HttpPaths, Keepalive, LogEncoding, LogLevel, Logs, Memory,
    MetricsLevel, Otlp, OtlpGrpc, OtlpHttp, Pipeline, Processor, Queue, Settings, Sizer, Telemetry,
    TlsVersion, WireCompression,
};

/// Who may speak HTTP/2 for a gateway.
pub(crate) const BOTH: [Http2; 2] = [Http2::Own, Http2::Hyper];

/// Settings of a gateway for which this one speaks HTTP/2.
pub(crate) fn settings_on(http2: Http2, kind: ExporterKind) -> Settings {
    Settings {
        http2,
        ..settings(kind)
    }
}

pub(crate) fn settings(kind: ExporterKind) -> Settings {
    let (from, to) = ("otlp".parse().unwrap(), "out".parse().unwrap());
    let receiver = Otlp {
        grpc: Some(grpc()),
        http: Some(http()),
    };
    let way = Pipeline {
        receivers: vec![from],
        processors: Vec::new(),
        exporters: vec![to],
    };
    let pipelines = ["traces", "metrics", "logs"].map(|id| (id.parse().unwrap(), way.clone()));
    Settings {
        receivers: BTreeMap::from([(way.receivers[0].clone(), receiver)]),
        processors: BTreeMap::new(),
        exporters: BTreeMap::from([(way.exporters[0].clone(), exporter(kind))]),
        storages: BTreeMap::new(),
        health: BTreeMap::new(),
        pipelines: BTreeMap::from(pipelines),
        telemetry: telemetry(),
        memory: Memory {
            budget: 64 << 20,
            limit: 80 << 20,
        },
        http2: Http2::default(),
    }
}

/// The same with the queues of all exporters in files of this folder.
pub(crate) fn stored_in(folder: &Path, mut settings: Settings) -> Settings {
    let storage: ComponentId = "file_storage".parse().unwrap();
    for exporter in settings.exporters.values_mut() {
        exporter.queue.as_mut().unwrap().storage = Some(storage.clone());
    }
    let files = FileStorage {
        directory: folder.to_owned(),
        create: Some(0o700),
        durability: Durability::Process,
        max_size: None,
    };
    settings.storages.insert(storage, files);
    settings
}

/// The same with traces sampled so.
pub(crate) fn sampled_by(sampling: serde_json::Value, mut settings: Settings) -> Settings {
    let sampler: ComponentId = "tail_sampling".parse().unwrap();
    let sampling = Processor::TailSampling(Box::new(serde_json::from_value(sampling).unwrap()));
    settings.processors.insert(sampler.clone(), sampling);
    let traces = settings.pipelines.get_mut(&"traces".parse().unwrap());
    traces.unwrap().processors.push(sampler);
    settings
}

fn telemetry() -> Telemetry {
    Telemetry {
        logs: Logs {
            level: LogLevel::Info,
            encoding: LogEncoding::Console,
            sampling: None,
            initial_fields: BTreeMap::new(),
        },
        metrics_level: MetricsLevel::Normal,
        metrics_pages: Vec::new(),
        resource: BTreeMap::new(),
    }
}

fn grpc() -> Grpc {
    Grpc {
        address: Address::Tcp("127.0.0.1:0".to_owned()),
        tls: None,
        max_message: 1 << 20,
        max_concurrent_streams: None,
        keepalive: Keepalive::default(),
        include_metadata: false,
    }
}

fn http() -> Http {
    Http {
        address: Address::Tcp("127.0.0.1:0".to_owned()),
        tls: None,
        max_body: 1 << 20,
        cors: None,
        encodings: None,
        response_headers: BTreeMap::new(),
        read_timeout: None,
        read_header_timeout: Some(Duration::from_mins(1)),
        write_timeout: None,
        idle_timeout: None,
        keep_alive: true,
        paths: HttpPaths {
            traces: "/v1/traces".to_owned(),
            metrics: "/v1/metrics".to_owned(),
            logs: "/v1/logs".to_owned(),
        },
        include_metadata: false,
    }
}

pub(crate) fn exporter(kind: ExporterKind) -> Exporter {
    Exporter {
        kind,
        timeout: Some(Duration::from_mins(1)),
        queue: Some(Queue {
            sizer: Sizer::Requests,
            size: 1000,
            consumers: 10,
            block_on_overflow: false,
            wait_for_result: false,
            storage: None,
            batch: None,
        }),
        retry: Some(Backoff {
            initial: Duration::from_millis(20),
            max: Duration::from_millis(100),
            give_up: Some(Duration::from_mins(5)),
            multiplier: 1.5,
            jitter: 0.5,
        }),
    }
}

pub(crate) fn over_grpc(to: SocketAddr, compression: WireCompression) -> ExporterKind {
    ExporterKind::OtlpGrpc(OtlpGrpc {
        compression,
        ..OtlpGrpc::to(to.to_string())
    })
}

pub(crate) fn over_http(to: SocketAddr, compression: WireCompression) -> ExporterKind {
    let url = |signal| Some(format!("http://{to}/v1/{signal}"));
    ExporterKind::OtlpHttp(Box::new(OtlpHttp {
        traces: url("traces"),
        metrics: url("metrics"),
        logs: url("logs"),
        tls: client_tls(Authorities::System),
        compression,
        encoding: Encoding::Proto,
        headers: BTreeMap::new(),
        max_connections: None,
        idle_timeout: None,
        keep_alive: true,
    }))
}

pub(crate) fn client_tls(authorities: Authorities) -> ClientTls {
    ClientTls {
        authorities,
        certificate: None,
        server_name: None,
        reload_interval: None,
        min_version: TlsVersion::Tls12,
        max_version: TlsVersion::Tls13,
    }
}
